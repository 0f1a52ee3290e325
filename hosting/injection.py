"""Gives a function what its signature asks for: the connection to Azure, the settings, the message."""

from collections.abc import Callable
from functools import cache
from typing import Any, get_type_hints

from azure_clients.connection import AzureClients
from azure_clients.durable_engine import EngineClient
from configuration.settings import Settings, settings


@cache
def azure_clients() -> AzureClients:
    """Return the connection to Azure of this process; it belongs to the event loop that first uses it."""
    values = settings()
    return AzureClients(
        arm_endpoint=str(values.arm_endpoint),
        app_blob_endpoint=str(values.app_blob_endpoint),
        ca_bundle=str(values.ca_bundle) if values.ca_bundle else None,
        custom_roles=dict(values.custom_roles.items()),
    )


SERVICES: dict[type, Callable[[], Any]] = {AzureClients: azure_clients, Settings: settings}


def arguments_for(function: Callable[..., Any], **given: Any) -> dict[str, Any]:
    """Return the arguments that a function asks for: those given, by name; of the others shared services, by type."""
    hints = get_type_hints(function)
    wanted = {name: value for name, value in given.items() if name in hints}
    return {name: SERVICES[hint]() for name, hint in hints.items() if hint in SERVICES and name not in wanted} | wanted


def asks_for_engine(function: Callable[..., Any]) -> bool:
    """Say whether a function asks for the client of the durable engine, under the name `engine`."""
    return get_type_hints(function).get("engine") is EngineClient


def message_parameter(function: Callable[..., Any]) -> tuple[str, type[Any]]:
    """Return name and type of the message that a function takes: its last parameter."""
    hints = get_type_hints(function)
    del hints["return"]
    return list(hints.items())[-1]

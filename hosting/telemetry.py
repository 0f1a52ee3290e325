"""Begins to tell what happens, once for each process."""

from azure_clients.tracing import trace_calls
from configuration.settings import TelemetrySettings
from telemetry.sending import start_telling


def start_telemetry() -> None:
    """Tell what happens to whom the environment names, calls to Azure included; to nobody where it names none."""
    if start_telling(TelemetrySettings()):
        trace_calls()

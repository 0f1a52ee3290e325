"""Lets the SDK tell of its calls."""

from azure.core.settings import settings


def trace_calls() -> None:
    """Let every call to Azure be a span; the queries of addresses are left out of it by the SDK."""
    settings.tracing_enabled = True

"""Names what is registered with the host."""

from collections.abc import Callable
from typing import Any


def named_after(function: Callable[..., Any], handle: Callable[..., Any]) -> Callable[..., Any]:
    """Let a handle appear to the host, which registers it by its name, as the function that it serves."""
    handle.__name__ = handle.__qualname__ = function.__name__
    handle.__doc__ = function.__doc__
    return handle

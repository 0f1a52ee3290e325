"""What `function_app.py` registers."""

import re

from configuration.settings import APP_FOLDER


def registered_routes():
    """Return method, path and handler of each HTTP route, as the map names them."""
    lines = re.findall(
        r'^register_http\(app, "(\w+)", "([^"]+)", (\w+)\)$', (APP_FOLDER / "function_app.py").read_text(), re.MULTILINE
    )
    assert lines
    return lines

"""`python -m tests.histories`: records histories of this version, as far as there are none that hold."""

import logging
import tempfile
import tomllib
from pathlib import Path

from local.stack import APP_FOLDER
from tests.histories.recorded import FOLDER
from tests.histories.recording import record


def main() -> None:
    """Record into the folder of the version that `pyproject.toml` tells."""
    # Orchestrators that are replayed say again what they said.
    logging.disable()
    version = tomllib.loads((APP_FOLDER / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    with tempfile.TemporaryDirectory() as scratch:
        replaced = record(FOLDER / version, Path(scratch))
    print(f"{(FOLDER / version).relative_to(APP_FOLDER)}: {', '.join(replaced) or 'nothing'} was recorded anew.")


if __name__ == "__main__":
    main()

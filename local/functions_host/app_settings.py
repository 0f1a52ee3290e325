"""The app settings: what the environment says, and below it `local.settings.json`, else the sample."""

import json
import os
import re
from pathlib import Path

REFERENCE = re.compile(r"%([^%]+)%")


def load_app_settings(app_folder: Path) -> None:
    """Put the app's settings into this process's environment, as a Functions host does."""
    names = ("local.settings.json", "local.settings.sample.json")
    file = next((app_folder / name for name in names if (app_folder / name).exists()), None)
    values: dict[str, str] = json.loads(file.read_text(encoding="utf-8"))["Values"] if file else {}
    for name, value in values.items():
        os.environ.setdefault(name, value)


def resolved(text: str) -> str:
    """Return the text with each `%SETTING%` replaced by the setting's value; an unknown one stays as it is."""
    return REFERENCE.sub(lambda reference: os.environ.get(reference[1], reference[0]), text)

"""The sample files that come with the app, and the schemas."""

from pathlib import Path

import pytest

from configuration.reading import read_configuration
from configuration.schemas import SCHEMAS_FOLDER, schema_texts

APP = Path(__file__).parents[2]


def test_the_sample_is_valid() -> None:
    reading = read_configuration(APP / "parameters", APP / "customization")
    assert (reading.faults, reading.remarks) == ((), ())
    assert reading.pipeline
    for environment in reading.pipeline.environments:
        for image in reading.pipeline.images:
            assert reading.stage_plan(environment.name, image.name)


@pytest.mark.parametrize(("name", "text"), schema_texts().items())
def test_the_schemas_are_current(name: str, text: str) -> None:
    assert (SCHEMAS_FOLDER / name).read_text() == text, "Run: python -m configuration.schemas"


def test_every_schema_file_has_its_shape() -> None:
    assert {file.name for file in SCHEMAS_FOLDER.iterdir()} == set(schema_texts())

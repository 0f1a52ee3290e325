"""Lines in the host's log."""

import logging

from local.functions_host.log_format import LineFormatter


def line(**carried):
    record = logging.makeLogRecord(
        {"name": "app", "levelname": "INFO", "msg": "It is %s.", "args": ("done",), **carried}
    )
    return LineFormatter().format(record).partition(" INFO ")[2].strip()


def test_a_line_ends_with_what_it_carries_as_json():
    assert line(**{"image_bakery.run": "r", "image_bakery.step": "build"}) == (
        'app: It is done. {"image_bakery.run": "r", "image_bakery.step": "build"}'
    )


def test_a_line_that_carries_nothing_has_nothing_added():
    assert line() == "app: It is done."

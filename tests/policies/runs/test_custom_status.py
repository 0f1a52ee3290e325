import json

from policies.runs.custom_status import LONGEST_STATUS, fitting_status

TEMPLATE_ID = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.VirtualMachineImages/imageTemplates/lin"


def test_a_status_that_may_be_shown_is_shown_as_it_is():
    status = {"build": {"templateId": TEMPLATE_ID, "message": "m" * 6000}, "steps": [{"detail": None, "seconds": 1.5}]}
    assert fitting_status(status) == status


def test_long_texts_are_cut_wherever_they_stand_until_the_status_may_be_shown():
    for text in ("x", "é", "😀"):
        message = text * 50_000
        status = {
            "build": {"templateId": TEMPLATE_ID, "message": message},
            "steps": [{"name": "build", "detail": message}],
            "failure": {"message": message},
        }
        shown = fitting_status(status)
        assert len(json.dumps(shown)) <= LONGEST_STATUS
        assert shown["build"]["templateId"] == TEMPLATE_ID
        assert shown["steps"][0]["name"] == "build"
        assert shown["failure"]["message"].startswith(text * 50)
        assert status["failure"]["message"] == message

from datetime import timedelta

import pytest

from models.failure import Failure
from policies.access.propagation import LONGEST_PROPAGATION, is_of_rights, propagation_pause

SYMPTOMS = [
    ("AuthorizationFailed", "The client does not have authorization to perform action 'x'."),
    ("ServerError", "Not authorized to access the resource: https://a/b. Please check the identity."),
    ("BadSharedImageDistribute", "The identity has no permission to write to the gallery."),
]


@pytest.mark.parametrize(("code", "message"), SYMPTOMS)
def test_a_refusal_that_speaks_of_rights_may_come_from_a_role_that_propagates(code, message):
    assert is_of_rights(Failure(code=code, message=message))


@pytest.mark.parametrize("code", ["BadPIRSource", "QuotaExceeded", "ValidationFailed"])
def test_other_refusals_do_not(code):
    assert not is_of_rights(Failure(code=code, message="The version was not found."))


def test_the_pauses_of_a_whole_propagation_are_bounded_in_number():
    waited, pauses = timedelta(0), 0
    while waited < LONGEST_PROPAGATION:
        waited += propagation_pause(waited)
        pauses += 1
    assert pauses < 25

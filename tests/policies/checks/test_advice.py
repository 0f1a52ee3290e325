import pytest

from policies.checks.advice import ADVICE, GIVE_THE_RIGHT, advice


@pytest.mark.parametrize("code", list(ADVICE))
def test_what_to_do_is_a_sentence(code):
    assert (advice(code, "") or "").endswith(".")


def test_where_azures_message_says_it_all_there_is_no_advice():
    assert advice("ValidationFailed", "") is None


def test_only_who_could_not_give_a_role_is_told_of_contributor():
    giving, other = (
        f"The client does not have authorization to perform action 'Microsoft.Authorization/roleAssignments/{verb}'."
        for verb in ("write", "read")
    )
    assert "ownStagingGroups" in (advice("AuthorizationFailed", giving) or "")
    assert advice("AuthorizationFailed", other) == GIVE_THE_RIGHT

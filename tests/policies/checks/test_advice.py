import pytest

from policies.checks.advice import ADVICE, advice


@pytest.mark.parametrize("code", list(ADVICE))
def test_what_to_do_is_a_sentence(code):
    assert (advice(code) or "").endswith(".")


def test_where_azures_message_says_it_all_there_is_no_advice():
    assert advice("ValidationFailed") is None

import pytest

from models.subscription import SubscriptionProviders
from policies.checks.provider_registration import NEEDED_PROVIDERS, registration_remarks, unregistered_providers


@pytest.mark.parametrize(
    ("lacking", "needed"),
    [
        (set(), ()),
        ({"microsoft.batch"}, ()),
        ({"microsoft.storage", "microsoft.batch"}, ("Microsoft.Storage",)),
        ({name.lower() for name in NEEDED_PROVIDERS}, NEEDED_PROVIDERS),
    ],
)
def test_only_providers_that_a_stage_needs_are_missed(lacking, needed):
    assert unregistered_providers(SubscriptionProviders(unregistered=frozenset(lacking))) == needed
    assert len(registration_remarks(needed)) == len(needed)
    assert all(name in remark.problem for name, remark in zip(needed, registration_remarks(needed), strict=True))

"""An id that is put into an address as it stands leads to what it names."""

import pytest

from policies.resources.resource_ids import leads_elsewhere, part_before

GROUP = "/subscriptions/11111111-1111-1111-1111-111111111111/resourceGroups"


@pytest.mark.parametrize(
    "name", ["..", ".", "../x", "./x", "x/..", "a?x=", "?x=#", "a#", "%2e%2e", "a\\b", "a\n", "a b"]
)
def test_a_name_that_an_address_reads_otherwise_leads_elsewhere(name: str) -> None:
    assert leads_elsewhere(f"{GROUP}/{name}")
    assert leads_elsewhere(f"{GROUP}/{name}/providers/Microsoft.Compute/galleries/gal")


@pytest.mark.parametrize(
    "name", ["rg-images", "...", "..a", "a..b", "(größe)", "a/providers/Microsoft.Compute/images/1.0"]
)
def test_the_names_that_azure_allows_lead_where_they_say(name: str) -> None:
    assert not leads_elsewhere(f"{GROUP}/{name}")


@pytest.mark.parametrize("group", ["rg", "providers"])
@pytest.mark.parametrize("providers", ["providers", "Providers"])
def test_an_id_begins_with_its_group_however_that_is_named_and_the_rest_spelt(group: str, providers: str) -> None:
    assert part_before(f"{GROUP}/{group}/{providers}/Microsoft.Compute/images/i", "providers") == f"{GROUP}/{group}"

"""Names and ids that become parts of addresses lead nowhere else than to what they name."""

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from configuration.checking import texts
from configuration.checking.shape import Form
from tests.configuration.conftest import SUBSCRIPTION, Folder

ROOT = f"/subscriptions/{SUBSCRIPTION}/resourceGroups"
COMPUTE = "providers/Microsoft.Compute"
IDENTITY = "providers/Microsoft.ManagedIdentity/userAssignedIdentities"
NETWORK = "providers/Microsoft.Network/virtualNetworks"
# Each id with its names in braces.
IDS: list[tuple[Any, str]] = [
    (texts.ResourceGroupId, f"{ROOT}/{{rg}}"),
    (texts.GalleryImageId, f"{ROOT}/{{rg}}/{COMPUTE}/galleries/{{gal}}/images/{{linux}}"),
    (texts.ImageVersionId, f"{ROOT}/{{rg}}/{COMPUTE}/galleries/{{gal}}/images/{{linux}}/versions/{{1.0.0}}"),
    (texts.ManagedImageId, f"{ROOT}/{{rg}}/{COMPUTE}/images/{{golden}}"),
    (texts.IdentityId, f"{ROOT}/{{rg}}/{IDENTITY}/{{id-images}}"),
    (texts.SubnetId, f"{ROOT}/{{rg}}/{NETWORK}/{{net}}/subnets/{{inner}}"),
]
# A name of an image template is not here: a time stamp follows what an operator writes.
NAMES: list[Any] = [
    texts.ResourceGroupName,
    texts.StorageAccountName,
    texts.ContainerName,
    texts.IdentityName,
    texts.GalleryName,
    texts.ImageDefinitionName,
    texts.ImageName,
    texts.RunOutputName,
    texts.ChosenName,
    texts.Identifier,
    texts.SourceVersion,
    texts.Guid,
]
# Texts are made by the forms, which takes too long for one that looks ahead; it knows neither periods nor signs.
FORMS = [kind for kind in (*NAMES, *(kind for kind, _ in IDS)) if kind is not texts.ContainerName]
STRANGE = ["..", ".", "...", "a/..", "a?x=", "?x=#", "a#", "a%2e", "%2e%2e", "a%2Fb", "a\\b", "a\x7f", "a\n", "a."]


def accepts(kind: Any, text: str) -> bool:
    try:
        TypeAdapter(kind).validate_python(text)
    except ValidationError:
        return False
    return True


@pytest.mark.parametrize(("kind", "written"), IDS)
def test_an_id_is_refused_where_a_name_in_it_leads_elsewhere(kind: Any, written: str) -> None:
    names = re.findall(r"\{.*?\}", written)
    assert accepts(kind, re.sub("[{}]", "", written))
    spoiled = [re.sub("[{}]", "", written.replace(name, strange)) for name in names for strange in STRANGE]
    assert [each for each in spoiled if accepts(kind, each)] == []


@pytest.mark.parametrize("kind", NAMES)
def test_a_name_that_leads_elsewhere_is_refused(kind: Any) -> None:
    assert [strange for strange in STRANGE if accepts(kind, strange)] == []


@pytest.mark.parametrize("kind", FORMS)
@settings(max_examples=50, deadline=None)
@given(data=st.data())
def test_whatever_has_the_form_of_a_name_or_an_id_is_an_address_as_it_stands(kind: Any, data: st.DataObject) -> None:
    (form,) = [each for each in kind.__metadata__ if isinstance(each, Form)]
    text = data.draw(st.from_regex(form.pattern, fullmatch=True))
    assert re.search(r"[?#%\\\x00-\x20\x7f]", text) is None
    assert [part for part in text.split("/") if part and not part.strip(".")] == []


@pytest.mark.parametrize("name", ["rg-größe", "Проект_1", "(a).b", "_", "a" * 90])
def test_a_group_that_azure_allows_is_taken_in_an_id_as_in_a_name(name: str) -> None:
    assert accepts(texts.ResourceGroupName, name)
    assert accepts(texts.ResourceGroupId, f"{ROOT}/{name}")


def test_a_staging_group_above_all_groups_is_told_with_what_to_write_instead(folder: Folder) -> None:
    folder.template["stagingResourceGroup"] = f"{ROOT}/.."
    (fault,) = folder.read().faults
    assert fault.path == "parameters.itParam.value.stagingResourceGroup"
    assert "/subscriptions/…/resourceGroups/…" in fault.instead
    assert "no period at the end" in fault.instead

import pytest

from models.image_build import ImageRunState
from models.resources import ImageTemplateReference, ProvisioningState
from models.template_removal import FoundImageTemplate
from policies.removal.template_removal import is_of_image, kept_because


def found(name, run_state=ImageRunState.SUCCEEDED, state=ProvisioningState.SUCCEEDED, **tags):
    template = ImageTemplateReference(subscription_id="s", resource_group="rg", name=name)
    return FoundImageTemplate(template=template, state=state, run_state=run_state, tags=tags)


@pytest.mark.parametrize(
    "template",
    [
        found("lin-2026-01-31-03-00-00"),
        found("LIN-2026-01-31-03-00-00"),
        found("renamed-by-hand", imageBakeryImage="linux"),
        found("lin-2026-01-31-03-00-00", imageBakeryImage="linux"),
    ],
)
def test_a_template_is_the_images_by_its_exact_name_and_time_or_by_our_tag(template):
    assert is_of_image(template, "linux", "lin")


@pytest.mark.parametrize(
    "template",
    [
        found("lin2-2026-01-31-03-00-00"),
        found("lin-2-2026-01-31-03-00-00"),
        found("my-lin-2026-01-31-03-00-00"),
        found("lin"),
        found("lin-2026-01-31"),
        found("lin-2026-01-31-03-00-00-x"),
        found("linx2026-01-31-03-00-00"),
        found("lin-2026-01-31-03-00-00", imageBakeryImage="linux2"),
    ],
)
def test_a_neighbours_template_is_not(template):
    assert not is_of_image(template, "linux", "lin")


def test_a_name_is_no_pattern():
    assert not is_of_image(found("linx-2026-01-31-03-00-00"), "linux", "lin.")


@pytest.mark.parametrize("run_state", list(ImageRunState))
def test_only_a_template_whose_build_is_over_or_never_began_may_be_removed(run_state):
    busy = kept_because(found("t", run_state)) is not None
    assert busy == (not run_state.finished and run_state is not ImageRunState.NOT_STARTED)


@pytest.mark.parametrize(("state", "kept"), [(ProvisioningState.IN_PROGRESS, True), (ProvisioningState.FAILED, False)])
def test_a_template_that_azure_is_at_is_left_alone(state, kept):
    assert (kept_because(found("t", state=state)) is not None) == kept

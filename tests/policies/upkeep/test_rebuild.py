from datetime import UTC, datetime

import pytest

from models.configuration import Approval, Infrastructure, PatchSchedule, StagePlan
from models.pipeline_record import BuiltScript, Publication, StageRecord
from models.state import State
from policies.upkeep.rebuild import BuildFacts, configuration_digest, what_changed
from tests.stage_plan import INFRASTRUCTURE, LINUX, SCRIPT_ADDRESS, SOURCE, stage_plan

SCRIPTS = (BuiltScript(path="linux/a.sh", sha256="a"), BuiltScript(path="linux/b.sh", sha256="b"))
NOW = BuildFacts("sbx", source_version="24.04.1", scripts=SCRIPTS, configuration_digest="d")


def built(version="24.04.1", scripts=SCRIPTS, digest="d", state=State.SUCCEEDED):
    return StageRecord(
        environment="sbx",
        started_at=datetime(2026, 3, 11, tzinfo=UTC),
        state=state,
        configuration_digest=digest,
        result=Publication(
            image_version_id="/v",
            replication_state="Completed",
            template_name="t",
            exact_source_version=version,
            scripts=scripts,
            log_url=None,
            outputs=(),
        ),
    )


def facts(**members):
    return BuildFacts(**{
        "environment": "sbx", "source_version": NOW.source_version, "scripts": SCRIPTS, "configuration_digest": "d",
        **members,
    })  # fmt: skip


def test_what_was_built_of_the_same_need_not_be_built_again():
    assert what_changed(built(), NOW) == ()


@pytest.mark.parametrize(
    "last", [None, built(state=State.PARTIALLY_SUCCEEDED), built().model_copy(update={"result": None})]
)
def test_without_a_successful_build_there_is_nothing_to_compare_with(last):
    assert what_changed(last, NOW) == ("There is no successful build in sbx yet.",)


GALLERY_VERSION = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/galleries/g/images/i/versions/1.0.2"


@pytest.mark.parametrize(
    ("last", "now", "sentence"),
    [
        ("24.04.1", "24.04.2", "The source is 24.04.2 now, and the last image has 24.04.1."),
        # a version that was withdrawn: the source is an older one again
        ("24.04.2", "24.04.1", "The source is 24.04.1 now, and the last image has 24.04.2."),
        (GALLERY_VERSION, "1.0.3", "The source is 1.0.3 now, and the last image has 1.0.2."),
        ("1.0.2", "1.0.20", "The source is 1.0.20 now, and the last image has 1.0.2."),
        ("1.0.2", None, "The version of the source could not be found out."),
        (None, "base", "The source is base; which one the last image has could not be found out."),
        (None, None, "The version of the source could not be found out."),
    ],
)
def test_another_source_is_told_with_both_versions(last, now, sentence):
    assert what_changed(built(version=last), facts(source_version=now)) == (sentence,)


@pytest.mark.parametrize(
    ("last", "now"),
    [(GALLERY_VERSION, "1.0.2"), ("1.0.2", GALLERY_VERSION.upper()), ("24.04.0", "24.4.00"), ("base", "Base")],
)
def test_a_version_is_the_same_however_it_is_written(last, now):
    assert what_changed(built(version=last), facts(source_version=now)) == ()


@pytest.mark.parametrize(
    ("now", "sentences"),
    [
        ({"linux/a.sh": "a", "linux/b.sh": "B"}, ("Scripts were changed: linux/b.sh.",)),
        ({"linux/a.sh": "A", "linux/b.sh": "B"}, ("Scripts were changed: linux/a.sh, linux/b.sh.",)),
        ({"linux/a.sh": "a"}, ("Scripts were removed: linux/b.sh.",)),
        (
            {"linux/a.sh": "A", "linux/c.sh": "b"},
            (
                "Scripts were changed: linux/a.sh.",
                "Scripts were added: linux/c.sh.",
                "Scripts were removed: linux/b.sh.",
            ),
        ),
        (None, ("The contents of the scripts could not be found out.",)),
    ],
)
def test_other_scripts_are_told_by_their_names(now, sentences):
    scripts = now and tuple(BuiltScript(path=path, sha256=sha256) for path, sha256 in now.items())
    assert what_changed(built(), facts(scripts=scripts)) == sentences


@pytest.mark.parametrize(
    ("last", "now", "sentence"),
    [
        ("d", "e", "The configuration is another than that of the last image."),
        ("d", None, "The configuration could not be found out."),
        (None, "d", "The configuration of the last image could not be found out."),
    ],
)
def test_another_configuration_is_told(last, now, sentence):
    assert what_changed(built(digest=last), facts(configuration_digest=now)) == (sentence,)


def test_everything_that_changed_is_told_at_once():
    changes = what_changed(built(), BuildFacts("sbx", "24.04.2", (), "e"))
    assert [change.split()[0] for change in changes] == ["The", "Scripts", "The"]


def with_environment(plan, **members):
    return plan.model_copy(update={"environment": plan.environment.model_copy(update=members)})


def with_definitions(*definitions):
    return stage_plan(INFRASTRUCTURE.model_copy(update={"image_definitions": definitions}))


PLAN = stage_plan()
WINDOWS = LINUX.model_copy(update={"name": "windows", "os_type": "Windows"})


@pytest.mark.parametrize(
    "same",
    [
        stage_plan(),
        with_environment(PLAN, approval=Approval(timeout_minutes=60)),
        PLAN.model_copy(
            update={"image": PLAN.image.model_copy(update={"schedule": PatchSchedule(environments=("sbx",))})}
        ),
        StagePlan.from_payload(PLAN.to_payload()),
        stage_plan(source=dict(reversed(SOURCE.items()))),
        stage_plan(customize=[{"type": "Shell", "name": "PowerShell", "scriptUri": f"{SCRIPT_ADDRESS}?sig=secret"}]),
        with_definitions(WINDOWS, LINUX),
    ],
)
def test_what_makes_no_other_image_leaves_the_digest_as_it_is(same):
    assert configuration_digest(same) == configuration_digest(PLAN)
    assert len(configuration_digest(PLAN)) == 64


class NewerInfrastructure(Infrastructure):
    """What a later version of the app may know."""

    soft_delete: bool = False


@pytest.mark.parametrize(("soft_delete", "same"), [(False, True), (True, False)])
def test_what_a_newer_version_of_the_app_knows_counts_where_the_operator_asks_for_it(soft_delete, same):
    newer = stage_plan(NewerInfrastructure(**INFRASTRUCTURE.model_dump(), soft_delete=soft_delete))
    assert (configuration_digest(newer) == configuration_digest(PLAN)) == same


@pytest.mark.parametrize(
    "other",
    [
        with_environment(PLAN, subscription_id="00000000-0000-0000-0000-000000000002"),
        stage_plan(INFRASTRUCTURE.model_copy(update={"gallery": "other"})),
        stage_plan(build_timeout_minutes=61),
        stage_plan(source={**SOURCE, "sku": "minimal"}),
        stage_plan(vmProfile={"vmSize": "Standard_D2s_v5"}),
        with_definitions(LINUX.model_copy(update={"security_type": "TrustedLaunch"})),
    ],
)
def test_what_may_make_another_image_changes_the_digest(other):
    assert configuration_digest(other) != configuration_digest(PLAN)


def test_the_order_of_the_steps_is_part_of_the_configuration():
    script, *others = [
        {"type": "Shell", "scriptUri": SCRIPT_ADDRESS},
        *({"type": "Shell", "inline": [c]} for c in "ab"),
    ]
    plans = [stage_plan(customize=[script, *steps]) for steps in (others, others[::-1])]
    assert configuration_digest(plans[0]) != configuration_digest(plans[1])

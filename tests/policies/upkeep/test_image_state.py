from datetime import timedelta

import pytest

from models.pipeline_record import Publication, StageRecord
from models.pipeline_run import Scope
from models.state import State
from policies.upkeep.image_state import brings_scripts, last_successful_builds
from tests.policies.upkeep.patching import at, run


def stage(environment, state=State.SUCCEEDED, version="1.0.0"):
    publication = Publication(
        image_version_id=f"/versions/{version}",
        replication_state="Completed",
        template_name="t",
        exact_source_version="24.04.1",
        scripts=(),
        log_url=None,
        outputs=(),
    )
    started = at("2026-03-11 03:00")
    return StageRecord(
        environment=environment,
        started_at=started,
        ended_at=started + timedelta(hours=1),
        state=state,
        result=publication,
    )


def with_stages(started, *stages):
    return run(started).model_copy(update={"stages": stages})


def test_each_environment_has_the_last_build_that_succeeded_in_it():
    records = [
        with_stages("2026-05-13 03:00", stage("sbx", State.FAILED)),
        with_stages("2026-04-15 03:00", stage("sbx", version="1.0.2"), stage("prd", State.PARTIALLY_SUCCEEDED)),
        with_stages("2026-03-11 03:00", stage("sbx", version="1.0.1"), stage("prd", version="1.0.1")),
    ]
    builds = last_successful_builds(records)
    assert {name: (one.run, one.publication.image_version_id) for name, one in builds.items()} == {
        "sbx": (records[1], "/versions/1.0.2"),
        "prd": (records[2], "/versions/1.0.1"),
    }


def test_a_stage_that_built_nothing_is_no_build():
    nothing_built = stage("sbx").model_copy(update={"result": None})
    assert last_successful_builds([with_stages("2026-03-11 03:00", nothing_built)]) == {}
    assert last_successful_builds([]) == {}


def test_the_age_of_an_image_counts_from_the_end_of_its_stage():
    build = last_successful_builds([with_stages("2026-03-11 03:00", stage("sbx"))])["sbx"]
    assert build.age(at("2026-03-21 04:00")) == timedelta(days=10)


@pytest.mark.parametrize(
    ("scope", "counts"),
    [
        (Scope.ALL, True),
        (Scope.ONLY_ASSETS_AND_IMAGE, True),
        (Scope.ONLY_IMAGE, False),
        (Scope.ONLY_INFRASTRUCTURE, False),
        (Scope.ONLY_REMOVAL, False),
    ],
)
def test_a_run_is_given_scripts_if_it_uploads_them_and_builds(scope, counts):
    assert brings_scripts(scope) is counts

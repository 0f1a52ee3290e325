import itertools

from orchestrators import (
    deploy_infrastructure,
    remove_image_templates,
    run_stage,
    tend_image_build,
    watch_image_build,
)

PARTS = (run_stage, deploy_infrastructure, remove_image_templates, tend_image_build, watch_image_build)


def test_no_two_orchestrations_of_a_run_share_an_id_whatever_its_environments_are_called():
    environments = ["sbx", "sbx-build", "sbx-removal", "sbx-infrastructure", "sbx-tending"]
    ids = [part.instance_id("r", environment) for part, environment in itertools.product(PARTS, environments)]
    assert len(set(ids)) == len(ids)
    assert not any(set(one) & set("/\\#?") for one in ids)

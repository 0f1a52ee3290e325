import itertools

from orchestrators import (
    deploy_infrastructure,
    remove_image_templates,
    run_stage,
    tend_image_build,
    watch_image_build,
)

PARTS = (run_stage, deploy_infrastructure, remove_image_templates, tend_image_build)
TEMPLATES = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.VirtualMachineImages/imageTemplates"


def test_no_two_orchestrations_of_a_run_share_an_id_whatever_its_environments_are_called():
    environments = ["sbx", "sbx-build", "sbx-removal", "sbx-infrastructure", "sbx-tending"]
    ids = [part.instance_id("r", environment) for part, environment in itertools.product(PARTS, environments)]
    assert len(set(ids)) == len(ids)
    assert not any(set(one) & set("/\\#?") for one in ids)


def test_the_watch_over_a_build_is_found_by_the_templates_id_alone_however_it_is_spelt():
    one = watch_image_build.instance_id(f"{TEMPLATES}/It_Linux-2026-03-11-03-00-02")
    assert one == watch_image_build.instance_id(f"{TEMPLATES}/It_Linux-2026-03-11-03-00-02".upper())
    assert one.startswith("it_linux-2026-03-11-03-00-02-")


def test_templates_of_one_name_in_two_groups_have_two_watches():
    ids = {watch_image_build.instance_id(f"{TEMPLATES.replace('rg', group)}/it") for group in ("rg", "rg2")}
    assert len(ids) == 2
    assert all(len(one) <= 100 for one in ids)

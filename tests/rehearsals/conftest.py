"""A stage plan and the answers of an Azure in which everything goes well."""

from typing import Any

import pytest

from models.artifacts import HalfMadeArtifacts
from models.configuration import StagePlan
from models.image_build import ImageRun, ImageRunState
from models.pipeline_record import BuiltScript, Publication, RunOutput
from models.resources import (
    IdentityState,
    ImageTemplateState,
    ProvisioningState,
    ResourceState,
    StorageAccountState,
)
from models.stage_messages import CheckedStage, Done, Published, UploadedScripts
from models.template_removal import CopiedLog, FoundImageTemplates
from tests.stage_plan import VERSION_ID, stage_plan


@pytest.fixture
def plan() -> StagePlan:
    return stage_plan()


@pytest.fixture
def obliging_azure(plan: StagePlan) -> dict[str, Any]:
    there = ResourceState(id="/there", state=ProvisioningState.SUCCEEDED)
    making = ResourceState(id="/there", state=ProvisioningState.IN_PROGRESS)
    submitted = ImageTemplateState(id="/template", state=ProvisioningState.IN_PROGRESS)
    accepted = ImageTemplateState(id="/template", state=ProvisioningState.SUCCEEDED, exact_source_version="24.04.1")
    scripts = (BuiltScript(path="linux/a.sh", sha256="ab" * 32),)
    return {
        "publish_record": Done(),
        "check_stage": CheckedStage(plan=plan),
        "list_image_templates": FoundImageTemplates(templates=()),
        "publish_build_log": CopiedLog(blob="build-logs/2026-03/r/t/customization.log"),
        "create_or_update_resource_group": there,
        "create_or_update_storage_account": StorageAccountState(id="/account", state=ProvisioningState.IN_PROGRESS),
        "get_storage_account": [
            StorageAccountState(id="/account", state=ProvisioningState.ABSENT),
            StorageAccountState(id="/account", state=ProvisioningState.SUCCEEDED, blob_endpoint="https://s/"),
        ],
        "create_or_update_blob_container": there,
        "create_or_update_identity": IdentityState(id="/msi", state=ProvisioningState.SUCCEEDED, principal_id="p-1"),
        "create_or_update_role_assignment": there,
        "create_or_update_gallery": making,
        "get_gallery": there,
        "create_or_update_image_definition": making,
        "get_image_definition": there,
        "upload_scripts": UploadedScripts(blob_endpoint="https://s/", scripts=scripts),
        "find_scripts": UploadedScripts(blob_endpoint="https://s/", scripts=scripts),
        "create_image_template": submitted,
        "get_image_template": accepted,
        "delete_image_template": Done(),
        "start_image_run": ImageRun(state=ImageRunState.RUNNING, sub_state="Queued"),
        "get_image_run": [
            ImageRun(state=ImageRunState.RUNNING, sub_state="Building"),
            ImageRun(state=ImageRunState.RUNNING, sub_state="Distributing"),
            ImageRun(state=ImageRunState.SUCCEEDED),
        ],
        "cancel_image_run": ImageRun(state=ImageRunState.CANCELING),
        "publish_lineage": Done(),
        "find_half_made": HalfMadeArtifacts(),
        "delete_half_made": Done(),
        "get_publication": Published(
            publication=Publication(
                image_version_id=VERSION_ID,
                replication_state="Completed",
                template_name="lin_it-2026-03-11-03-00-02",
                exact_source_version="24.04.1",
                scripts=scripts,
                log_url="https://staging/packerlogs/1/customization.log",
                outputs=(RunOutput(name="linux", artifact=VERSION_ID),),
            )
        ),
    }

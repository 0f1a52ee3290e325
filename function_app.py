"""The map: every function of the app, one line each."""

import azure.durable_functions as df
import azure.functions as func

from activities.check_stage import check_stage
from activities.due_runs import find_due_run
from activities.half_made import delete_half_made, find_half_made
from activities.image_templates import (
    cancel_image_run,
    create_image_template,
    delete_image_template,
    get_image_run,
    get_image_template,
    list_image_templates,
    publish_build_log,
    start_image_run,
)
from activities.infrastructure import (
    create_or_update_blob_container,
    create_or_update_gallery,
    create_or_update_identity,
    create_or_update_image_definition,
    create_or_update_resource_group,
    create_or_update_role_assignment,
    create_or_update_storage_account,
    get_gallery,
    get_image_definition,
    get_storage_account,
)
from activities.leftovers import (
    delete_old_notes,
    delete_unused_contents,
    list_instances,
    list_recorded_runs,
    list_staging_groups,
    publish_leftovers,
)
from activities.pipeline_starts import find_last_run, start_pipeline_run
from activities.provider_registration import get_provider_registration, start_provider_registration
from activities.publication import get_publication, publish_lineage
from activities.records import publish_build_end, publish_record
from activities.scripts import find_scripts, upload_scripts
from hosting.blob_functions import register_blob
from hosting.durable_functions import register_activity, register_orchestrator
from hosting.event_grid_functions import register_event_grid
from hosting.http_functions import register_http
from hosting.telemetry import start_telemetry
from hosting.timer_functions import register_timer
from orchestrators.deploy_infrastructure import deploy_infrastructure
from orchestrators.keep_image_current import keep_image_current
from orchestrators.remove_image_templates import remove_image_templates
from orchestrators.run_pipeline import run_pipeline
from orchestrators.run_stage import run_stage
from orchestrators.sweep_leftovers import sweep_leftovers
from orchestrators.tend_image_build import tend_image_build
from orchestrators.watch_image_build import watch_image_build
from triggers.build_events import note_build_event
from triggers.http_decisions import cancel_run, decide_approval
from triggers.http_document import get_document
from triggers.http_images import list_images
from triggers.http_leftovers import list_leftovers
from triggers.http_plan import plan_run
from triggers.http_runs import get_run, list_runs, start_run
from triggers.http_uploads import list_uploads
from triggers.patch_schedule import look_at_images
from triggers.script_uploads import note_script_removal, note_script_upload

start_telemetry()
app = df.DFApp(http_auth_level=func.AuthLevel.FUNCTION)

# Something happened.
register_http(app, "GET", "openapi.json", get_document)
register_http(app, "POST", "plan", plan_run)
register_http(app, "POST", "runs", start_run)
register_http(app, "GET", "images", list_images)
register_http(app, "GET", "runs", list_runs)
register_http(app, "GET", "runs/{id}", get_run)
register_http(app, "POST", "runs/{id}/approvals/{environment}", decide_approval)
register_http(app, "POST", "runs/{id}/cancel", cancel_run)
register_http(app, "GET", "uploads", list_uploads)
register_http(app, "GET", "leftovers", list_leftovers)
register_timer(app, "%PATCH_TIMER%", look_at_images)
register_blob(app, "uploads/{name}", note_script_upload)
register_event_grid(app, note_script_removal)
register_event_grid(app, note_build_event)

# What happens, in which order.
register_orchestrator(app, keep_image_current)
register_orchestrator(app, run_pipeline)
register_orchestrator(app, run_stage)
register_orchestrator(app, remove_image_templates)
register_orchestrator(app, deploy_infrastructure)
register_orchestrator(app, watch_image_build)
register_orchestrator(app, tend_image_build)
register_orchestrator(app, sweep_leftovers)

# One thing to Azure: the start of a run,
register_activity(app, find_due_run)
register_activity(app, find_last_run)
register_activity(app, start_pipeline_run)

# the check,
register_activity(app, check_stage)
register_activity(app, start_provider_registration)
register_activity(app, get_provider_registration)

# removal,
register_activity(app, list_image_templates)
register_activity(app, publish_build_log)
register_activity(app, delete_image_template)

# infrastructure,
register_activity(app, create_or_update_resource_group)
register_activity(app, create_or_update_storage_account)
register_activity(app, get_storage_account)
register_activity(app, create_or_update_blob_container)
register_activity(app, create_or_update_identity)
register_activity(app, create_or_update_role_assignment)
register_activity(app, create_or_update_gallery)
register_activity(app, get_gallery)
register_activity(app, create_or_update_image_definition)
register_activity(app, get_image_definition)

# scripts,
register_activity(app, upload_scripts)
register_activity(app, find_scripts)

# image template and build,
register_activity(app, create_image_template)
register_activity(app, get_image_template)
register_activity(app, start_image_run)
register_activity(app, get_image_run)
register_activity(app, cancel_image_run)

# publication and record,
register_activity(app, find_half_made)
register_activity(app, delete_half_made)
register_activity(app, get_publication)
register_activity(app, publish_lineage)
register_activity(app, publish_record)
register_activity(app, publish_build_end)

# what earlier crashes left.
register_activity(app, list_recorded_runs)
register_activity(app, list_instances)
register_activity(app, list_staging_groups)
register_activity(app, delete_unused_contents)
register_activity(app, delete_old_notes)
register_activity(app, publish_leftovers)

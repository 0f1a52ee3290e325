"""Looks up what a build left behind, also where it did not succeed."""

from activities.publication import get_publication
from models.errors import StepFailed
from models.pipeline_record import Publication
from models.stage_messages import PublicationRequest
from orchestrators.durable import Context, Steps, call_activity, log


def find_publication(context: Context, request: PublicationRequest) -> Steps[Publication | None]:
    """Return what there is to know, at least the address of the log, or None where it cannot be found out."""
    try:
        return (yield from call_activity(context, get_publication, request)).publication
    except StepFailed as unknown:
        log(context, f"what {request.template.name} left behind could not be found out: {unknown}")
        return None

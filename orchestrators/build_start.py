"""Starts an image build, once, however long Azure does not say whether it did."""

from datetime import timedelta

from activities.image_templates import cancel_image_run, start_image_run
from models.errors import StepUnanswered
from models.image_build import ImageRun
from models.resources import ImageTemplateReference
from orchestrators.durable import (
    AZURE_RETRIES,
    FEW_RETRIES,
    Steps,
    call_activity,
    log,
    now,
    outcomes,
    schedule_activity,
)
from orchestrators.ongoing_stage import OngoingStage
from policies.access.propagation import is_of_rights
from policies.builds.progress import is_gone
from policies.poll_interval import outage_pause

# A build that was started and is not watched would publish what no record tells of.
LONGEST_DOUBT = timedelta(hours=1)


def start_build(stage: OngoingStage, template: ImageTemplateReference) -> Steps[ImageRun]:
    """Start the run of the template; while Azure does not say whether it did, it is asked again, for up to an hour.

    Where that is given up, or the pipeline run is canceled meanwhile, a run that may have begun is canceled.
    """
    context = stage.context
    began, retries = now(context), AZURE_RETRIES
    while True:
        try:
            return (yield from call_activity(context, start_image_run, template, retries))
        except StepUnanswered as unanswered:
            elapsed = now(context) - began
            is_hopeless = is_of_rights(unanswered.failure) or is_gone(unanswered.failure)
            if elapsed > LONGEST_DOUBT or stage.cancellation.request is not None or is_hopeless:
                # Whatever comes of it: the sweep looks for builds that nobody watches.
                yield from outcomes([schedule_activity(context, cancel_image_run, template)])
                stage.cancellation.check()
                if elapsed > LONGEST_DOUBT:
                    raise unanswered.tried_for(elapsed) from unanswered
                raise
            log(context, f"whether the run of {template.name} was started is not known: {unanswered}")
            yield from stage.cancellation.sleep(outage_pause(elapsed))
            # Histories are to stay short.
            retries = FEW_RETRIES

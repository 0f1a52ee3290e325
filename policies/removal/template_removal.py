"""Decides which image templates a removal may touch."""

import re

from models.image_build import ImageRunState
from models.resources import ProvisioningState
from models.template_removal import FoundImageTemplate
from policies.builds.image_template_body import IMAGE_TAG

STILL_TENDED = "Its run did not wait for its build, and what came of it is still to be recorded."
TIME_STAMP = r"\d{4}-\d{2}-\d{2}-\d{2}-\d{2}-\d{2}"


def is_of_image(found: FoundImageTemplate, image: str, base_name: str) -> bool:
    """Say whether a template is one of this image's: by our tag, else by the exact name with a time stamp.

    A tag of another image speaks against it, whatever its name: a prefix or a likeness is nothing.
    """
    tag = found.tags.get(IMAGE_TAG)
    if tag is not None:
        return tag == image
    return re.fullmatch(rf"{re.escape(base_name)}-{TIME_STAMP}", found.template.name, re.IGNORECASE) is not None


def kept_because(found: FoundImageTemplate) -> str | None:
    """Return why a template must be left alone now, or None if it may be removed."""
    if found.state is ProvisioningState.IN_PROGRESS:
        return "Azure is still at it: it is being created, updated or deleted."
    if not found.run_state.finished and found.run_state is not ImageRunState.NOT_STARTED:
        return f"Its build is {found.run_state}."
    return None

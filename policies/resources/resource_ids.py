"""Takes Azure resource ids apart, and tells those that an address can hold from others."""

import re

_MEANS_MORE_IN_AN_ADDRESS = re.compile(r"[?#%\\\x00-\x20\x7f]|(?:^|/)\.{1,2}(?:/|$)")


def parse_resource_id(resource_id: str) -> dict[str, str]:
    """Return the segments of an id by the type that stands before each, in lower case.

    `/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/galleries/x` gives `subscriptions`,
    `resourcegroups`, `providers` and `galleries`. Azure spells the types in whatever case it likes.
    """
    segments = resource_id.strip("/").split("/")
    return {kind.lower(): name for kind, name in zip(segments[::2], segments[1::2], strict=False)}


def part_before(resource_id: str, kind: str) -> str:
    """Return what stands before the segment of this type, given in lower case: `images` of a version gives its gallery.

    Names count for nothing here: a resource group may be called `images`.
    """
    segments = resource_id.strip("/").split("/")
    kinds = [segment.lower() for segment in segments[::2]]
    return "/" + "/".join(segments[: 2 * kinds.index(kind)])


def leads_elsewhere(resource_id: str) -> bool:
    """Say whether an address with this id is that of something else: `..` is the place above, `?` ends a path."""
    return _MEANS_MORE_IN_AN_ADDRESS.search(resource_id) is not None

"""Takes Azure resource ids apart."""


def parse_resource_id(resource_id: str) -> dict[str, str]:
    """Return the segments of an id by the type that stands before each, in lower case.

    `/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/galleries/x` gives `subscriptions`,
    `resourcegroups`, `providers` and `galleries`. Azure spells the types in whatever case it likes.
    """
    segments = resource_id.strip("/").split("/")
    return {kind.lower(): name for kind, name in zip(segments[::2], segments[1::2], strict=False)}

"""Generates deliveries to the webhooks of Event Grid, well and badly meant, and says how each must be answered."""

import json
from dataclasses import dataclass

from hypothesis import strategies as st

from tests.chaos.generation import MALFORMED_BODIES

WEBHOOKS = {"note_script_upload": "blobs", "note_script_removal": "eventgrid", "note_build_event": "eventgrid"}
TEMPLATE = (
    "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg-image-bakery-sbx"
    "/providers/Microsoft.VirtualMachineImages/imageTemplates/it-linux-2026-01-01-00-00-00"
)
UPLOADS = "/blobServices/default/containers/uploads/blobs/"
KNOWN_TYPES = [
    "Microsoft.Storage.BlobCreated",
    "Microsoft.Storage.BlobDeleted",
    "Microsoft.Resources.ResourceActionSuccess",
    "Microsoft.EventGrid.SubscriptionValidationEvent",
]
KNOWN_SUBJECTS = [TEMPLATE, UPLOADS + "linux/a.sh", UPLOADS + "../../x", UPLOADS + "%2e%2e/%00", TEMPLATE + "/../other"]
ANYTHING = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=40)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=10), inner, max_size=3)),
    max_leaves=6,
)
RUN = "Microsoft.VirtualMachineImages/imageTemplates/run/action"
EVENTS = st.fixed_dictionaries(
    {
        "eventType": st.one_of(st.sampled_from(KNOWN_TYPES), ANYTHING),
        "subject": st.one_of(st.sampled_from(KNOWN_SUBJECTS), ANYTHING),
    },
    optional={
        "id": ANYTHING,
        "topic": ANYTHING,
        "eventTime": st.one_of(st.just("2026-01-01T00:00:00.1234567Z"), st.just("9999-99-99T00:00:00Z"), ANYTHING),
        "dataVersion": ANYTHING,
        "metadataVersion": ANYTHING,
        "data": st.one_of(
            ANYTHING,
            st.fixed_dictionaries(
                {"operationName": st.one_of(st.just(RUN), ANYTHING), "resourceUri": st.sampled_from(KNOWN_SUBJECTS)}
            ),
        ),
    },
)
BODIES = st.one_of(
    EVENTS.map(lambda event: json.dumps([event]).encode()),
    st.lists(EVENTS, max_size=3).map(lambda events: json.dumps(events).encode()),
    ANYTHING.map(lambda value: json.dumps(value).encode()),
    MALFORMED_BODIES,
)


@dataclass(frozen=True)
class Delivery:
    """What is sent to a webhook; `is_keyed` says whether it carries a key that opens it."""

    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes
    is_keyed: bool


def deliveries(function_key: str, system_key: str) -> st.SearchStrategy[Delivery]:
    """Return deliveries to each webhook, half of them under the right key."""
    keys = [
        ("", "", False),
        ("x-functions-key", "wrong", False),
        ("x-functions-key", function_key, False),
        ("code", function_key, False),
        ("code", "", False),
    ]
    right = [("x-functions-key", system_key, True), ("code", system_key, True)]
    functions = st.one_of(st.sampled_from(list(WEBHOOKS)), st.sampled_from(["run_pipeline", "start_run", "", "../x"]))
    return st.builds(
        _delivery,
        functions,
        st.one_of(st.sampled_from(keys), st.sampled_from(right)),
        st.sampled_from(["Notification", "SubscriptionValidation", "Unsubscribe", ""]),
        BODIES,
    )


def _delivery(function: str, key: tuple[str, str, bool], kind: str, body: bytes) -> Delivery:
    place, value, is_keyed = key
    webhook = WEBHOOKS.get(function, "eventgrid")
    query = {"functionName": f"Host.Functions.{function}" if webhook == "blobs" else function}
    headers = {"aeg-event-type": kind, "content-type": "application/json"}
    if place == "code":
        query["code"] = value
    elif place:
        headers[place] = value
    return Delivery(f"/runtime/webhooks/{webhook}", query, headers, body, is_keyed)


def broken_by(delivery: Delivery, status: int, answer: str, secrets: list[str]) -> list[str]:
    """Return a sentence for each rule that is broken."""
    broken = [f"'{secret}' is told" for secret in (*secrets, "Traceback", '.py", line') if secret in answer]
    if not delivery.is_keyed:
        return broken if status == 401 else [*broken, "it was let in without the key of webhooks"]
    if status not in {200, 202, 400, 404}:
        broken.append(f"a {status}")
    is_known = delivery.query["functionName"].removeprefix("Host.Functions.") in WEBHOOKS
    if not is_known and status < 300:
        broken.append("a function was reached that is no receiver of events")
    return broken

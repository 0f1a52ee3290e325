"""The HTTP API of decisions: approve or reject an environment, cancel a run."""

import asyncio
import secrets
import time
from http import HTTPStatus

import azure.durable_functions as df
import azure.functions as func

from azure_clients import own_clock
from azure_clients.connection import AzureClients
from configuration.checking.shape import Shape
from configuration.decisions import CancellationShape, DecisionShape, read_request
from configuration.settings import Settings
from models.approval import ApprovalDecision, ApprovalRecord, ApprovalState, CancelRequest, Decision, Person
from models.errors import RequestRefused
from models.pipeline_record import PipelineRecord
from models.pipeline_run import PipelineRun
from models.run_plan import RunningRun
from orchestrators.approval import approval_event
from policies.runs.ids import is_run_id
from triggers.answers import body_of, json_answer, status_url, to_mend
from triggers.people import NOBODY, who_asks
from triggers.pipeline_instances import find_request, find_run, send_cancellation, send_event

# An orchestration takes up an event within milliseconds; a busy host may need longer.
SECONDS_TO_TAKE_EFFECT = 10.0
SECONDS_BETWEEN_LOOKS = 0.1
NO_DECISION = "The decision has no effect"


async def decide_approval(
    azure: AzureClients, settings: Settings, request: func.HttpRequest, client: df.DurableFunctionsClient
) -> func.HttpResponse:
    """POST /api/runs/{id}/approvals/{environment}: approve or reject the environment that the run waits for.

    200 with the decision that counts now, 202 where it is not seen within seconds; 400 with the faults of the request;
    403 for someone who may not decide; 404 without such a run, or where it does not go to the environment; 409 where it
    has no effect: too early, too late, decided already, not asked for.
    """
    asked = _read(request, DecisionShape)
    environment = request.route_params["environment"]
    record = await _find(client, azure, request.route_params["id"])
    if record.ended_at is None:
        _refuse_strange_environment(await _request_of(client, record), environment)
    waiting = _waiting(record, environment)
    run = await _request_of(client, record)
    who = who_asks(settings, request, asked.who)
    _refuse_who_may_not_decide(who, run, environment)
    decision = ApprovalDecision(
        id=secrets.token_hex(16),
        run_id=run.id,
        decision=Decision(asked.decision),
        reason=asked.reason,
        who=who,
        decided_at=await own_clock.now(azure),
    )
    if decision.decided_at > waiting.deadline:
        raise _without_effect(f"The time to decide ended at {waiting.deadline:%Y-%m-%d %H:%M:%S} UTC.")
    if not await send_event(client, run, approval_event(environment), decision):
        raise RequestRefused(HTTPStatus.CONFLICT, "The run is over", "It ended while it was to be told.")
    decided = await _once_decided(client, azure, run.id, environment)
    if decided.state is ApprovalState.WAITING:
        return json_answer(decided.to_payload(), HTTPStatus.ACCEPTED)
    if decided.decision is None or decided.decision.id != decision.id:
        raise _without_effect(_how_it_was_decided(decided))
    return json_answer(decided.to_payload())


async def cancel_run(
    azure: AzureClients, settings: Settings, request: func.HttpRequest, client: df.DurableFunctionsClient
) -> func.HttpResponse:
    """POST /api/runs/{id}/cancel: end a run in good order; its builds are canceled, and nothing is left half made.

    202 where the run is going to end, or builds that it did not wait for; 400 with the faults of the request; 404
    without such a run; 409 where nothing of it goes on.
    """
    asked = _read(request, CancellationShape)
    record = await _find(client, azure, request.route_params["id"])
    who = who_asks(settings, request, asked.who)
    wish = CancelRequest(run_id=record.id, who=who, reason=asked.reason, requested_at=await own_clock.now(azure))
    if not await send_cancellation(client, record, wish):
        how = "It ended while it was to be told." if record.ended_at is None else f"The run ended as {record.state}."
        raise RequestRefused(HTTPStatus.CONFLICT, "The run is over", f"{how} Nothing of it goes on.")
    url = status_url(request, record.id)
    ending = RunningRun(id=record.id, status_url=url)
    return json_answer(ending.to_payload(), HTTPStatus.ACCEPTED, {"Location": url})


def _read[Contents: Shape](request: func.HttpRequest, shape: type[Contents]) -> Contents:
    body = body_of(request)
    contents, faults = read_request(body, shape)
    if contents is None:
        detail = f"{to_mend(faults)}; nothing was changed."
        raise RequestRefused(HTTPStatus.BAD_REQUEST, "The request is not understood", detail, faults=tuple(faults))
    return contents


async def _find(client: df.DurableFunctionsClient, azure: AzureClients, run_id: str) -> PipelineRecord:
    record = await find_run(client, azure, run_id) if is_run_id(run_id) else None
    if record is None:
        raise RequestRefused(HTTPStatus.NOT_FOUND, "No such run", f"There is no pipeline run '{run_id[:100]}'.")
    return record


async def _request_of(client: df.DurableFunctionsClient, record: PipelineRecord) -> PipelineRun:
    run = await find_request(client, record.id)
    if run is None:
        raise RequestRefused(HTTPStatus.CONFLICT, "The run is over", "The durable engine does not have it any more.")
    return run


def _waiting(record: PipelineRecord, environment: str) -> ApprovalRecord:
    """Return the approval that the run waits for; refused where it is not that of this environment."""
    found = next((one for one in record.approvals if one.environment == environment), None)
    if found is not None and found.state is not ApprovalState.WAITING:
        raise _without_effect(_how_it_was_decided(found))
    if record.ended_at is not None:
        raise _without_effect(f"The run is over: it ended as {record.state}.")
    if found is None:
        raise _without_effect(
            f"The run does not wait for a decision on '{environment}' now. A decision counts only while it does, "
            "when what came before can be seen."
        )
    return found


def _refuse_strange_environment(run: PipelineRun, environment: str) -> None:
    if environment not in run.environments:
        detail = f"The run does not go to '{environment[:100]}', but to {', '.join(run.environments)}."
        raise RequestRefused(HTTPStatus.NOT_FOUND, "No such environment", detail)


def _refuse_who_may_not_decide(who: Person, run: PipelineRun, environment: str) -> None:
    approval = run.approvals[environment]
    if approval.approvers and who.name.lower() not in {name.lower() for name in approval.approvers}:
        detail = f"{who.name} is not among the approvers of '{environment}'."
        if who.name == NOBODY:
            detail = f"'{environment}' asks for one of its approvers: sign in, or say in `who` who decides."
        raise RequestRefused(HTTPStatus.FORBIDDEN, NO_DECISION, detail)
    starter = run.started_by.who
    if approval.not_by_starter and starter is not None and starter.is_same(who):
        detail = f"{who.name} started the run, and '{environment}' asks for someone else's decision."
        raise RequestRefused(HTTPStatus.FORBIDDEN, NO_DECISION, detail)


async def _once_decided(
    client: df.DurableFunctionsClient, azure: AzureClients, run_id: str, environment: str
) -> ApprovalRecord:
    """Return the approval once it is decided, or as it is when it takes too long to find out."""
    give_up = time.monotonic() + SECONDS_TO_TAKE_EFFECT
    while True:
        record = await _find(client, azure, run_id)
        found = next(one for one in record.approvals if one.environment == environment)
        if found.state is not ApprovalState.WAITING or time.monotonic() > give_up:
            return found
        await asyncio.sleep(SECONDS_BETWEEN_LOOKS)


def _how_it_was_decided(approval: ApprovalRecord) -> str:
    if approval.decision is None:
        return f"It is over: {approval.state} (deadline {approval.deadline:%Y-%m-%d %H:%M:%S} UTC)."
    decision = approval.decision
    return f"{decision.who.name} {decision.decision} it at {decision.decided_at:%Y-%m-%d %H:%M:%S} UTC."


def _without_effect(detail: str) -> RequestRefused:
    return RequestRefused(HTTPStatus.CONFLICT, NO_DECISION, detail)

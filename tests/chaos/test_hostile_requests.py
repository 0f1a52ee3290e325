"""Thousands of generated requests, well and badly meant: each is answered as it must be, and nothing more is done."""

import os
from collections import Counter
from datetime import datetime
from itertools import pairwise

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from local.stack import StackOptions, local_stack
from tests.chaos.deliveries import broken_by, deliveries
from tests.chaos.generation import described, malformed
from tests.chaos.rules import Rules, Sent, callers
from tests.whole_app.driving import Bakery, write_three_environments

SEED = int(os.environ.get("CHAOS_SEED", "1"))
# How many requests of one kind go to one route before others follow; there are 22 such waves in a round.
WAVE = 12
# To the webhooks of Event Grid, in each round.
DELIVERIES = 3 * WAVE
KINDS = ("as described", "not as described")
GENERATED = settings(phases=[Phase.generate], database=None, deadline=None, suppress_health_check=list(HealthCheck))
CONFORMANCE = [
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


@pytest.fixture
def bakery(tmp_path):
    """The app where people sign in; the second environment waits for an approval."""
    parameters = tmp_path / "parameters"
    parameters.mkdir()
    write_three_environments(parameters, {"dev": {"timeoutMinutes": 60}})
    options = StackOptions(build_seconds=0, parameters=parameters, settings={"WEBSITE_AUTH_ENABLED": "true"})
    with (
        local_stack(tmp_path / "stack", options) as stack,
        Bakery(stack.model_dump(mode="json", by_alias=True)) as driver,
    ):
        yield driver


class Attack:
    """Sends generated requests, and holds each answer to the rules."""

    def __init__(self, bakery: Bakery) -> None:
        functions = bakery.stack["functions"]
        self.webhooks = httpx.Client(base_url=functions["url"], timeout=90)
        self.deliveries = deliveries(functions["functionKey"], functions["systemKey"])
        self.document = bakery.api.get("/api/openapi.json").json()
        self.url = functions["url"]
        self.callers = callers(functions["functionKey"], functions["systemKey"])
        keys = [functions[key] for key in ("functionKey", "masterKey", "systemKey")]
        self.rules = Rules(self.document, [*keys, bakery.stack["identity"]["header"]])
        self.told: Counter[tuple[str, int]] = Counter()
        self.kinds: Counter[str] = Counter()

    def send(self, case, runs_back, caller):
        if runs_back and "id" in case.path_parameters and self.rules.runs:
            case.path_parameters["id"] = self.rules.runs[-min(runs_back, len(self.rules.runs))]
        answer = case.call(base_url=self.url, headers=caller.headers, params=caller.query, timeout=90)
        body = answer.request.body
        sent = Sent(
            route=case.operation.label,
            caller=caller,
            parameters=dict(case.path_parameters),
            query=dict(case.query) if isinstance(case.query, dict) else {},
            body=body.encode() if isinstance(body, str) else body,
            status=answer.status_code,
            content_type=(answer.headers.get("content-type") or [""])[0],
            answer=answer.content.decode("utf-8"),
        )
        self.told[sent.route, sent.status] += 1
        if sent.route == "POST /api/runs" and sent.status == 202:
            self.rules.runs.append(answer.json()["id"])
        broken = self.rules.broken_by(sent)
        assert not broken, f"{broken}: {sent}"
        if sent.reaches_the_route:
            case.validate_response(answer, checks=CONFORMANCE)

    def deliver(self, requests, chance):
        """Send so many deliveries to the webhooks of Event Grid."""

        @seed(chance)
        @settings(GENERATED, max_examples=requests)
        @given(self.deliveries)
        def send(delivery):
            self.kinds["to a webhook"] += 1
            answer = self.webhooks.post(
                delivery.path, params=delivery.query, headers=delivery.headers, content=delivery.body
            )
            self.told[f"POST {delivery.path}", answer.status_code] += 1
            broken = broken_by(delivery, answer.status_code, answer.text, self.rules.secrets)
            assert not broken, f"{broken}: {delivery}"

        send()

    def attack(self, kind, strategy, requests, chance):
        """Send so many requests of one kind to one route; every other is of a caller who may do everything."""
        callers = st.one_of(st.sampled_from(self.callers[:2]), st.sampled_from(self.callers))

        @seed(chance)
        @settings(GENERATED, max_examples=requests)
        @given(strategy, callers)
        def send(case_and_run, caller):
            self.kinds[kind] += 1
            self.send(*case_and_run, caller)

        send()


@pytest.mark.parametrize("rounds", [1, pytest.param(38, marks=[pytest.mark.chaos, pytest.mark.timeout(2 * 60 * 60)])])
def test_no_request_breaks_the_app_or_is_done_that_must_not_be(bakery, rounds, capsys, tmp_path, request):
    attack = Attack(bakery)
    request.addfinalizer(attack.webhooks.close)
    operations = [found.ok() for found in schemathesis.openapi.from_dict(attack.document).get_all_operations()]
    with_body = [operation for operation in operations if operation.method == "post"]
    waves = [("malformed", malformed(operation)) for operation in with_body] + [
        (kind, described(operation, mode))
        for mode, kind in zip(GenerationMode, KINDS, strict=True)
        for operation in operations
    ]
    # In rounds, for what one route does the others come upon: runs start, are decided on, canceled and over.
    for number in range(rounds):
        for kind, wave in waves:
            attack.attack(kind, wave, WAVE, SEED + number)
        attack.deliver(DELIVERIES, SEED + number)
    with capsys.disabled():
        print(figures(attack))  # noqa: T201 - what was asked for by whoever runs it

    started = attack.rules.runs
    assert started
    assert attack.kinds.total() == rounds * (len(waves) * WAVE + DELIVERIES)
    # A run may be waiting for an approval.
    bakery.api.post(f"/api/runs/{started[-1]}/cancel", json={})
    runs = [bakery.ended(run_id) for run_id in started]
    for earlier, later in pairwise(runs):
        assert moment(earlier["endedAt"]) <= moment(later["startedAt"])
    log = (tmp_path / "stack" / "logs" / "functions-host.log").read_text()
    assert not [secret for secret in attack.rules.secrets if secret in log]
    listed = bakery.api.get("/api/runs", params={"limit": 200}).json()["runs"]
    assert [run["id"] for run in listed] == started[::-1][:200]


def moment(text):
    return datetime.fromisoformat(text)


def figures(attack):
    """Say how many requests of which kind there were, and how each route answered."""
    lines = [f"\n{attack.kinds.total()} requests with the seed {SEED}: "]
    lines[0] += ", ".join(f"{count} {kind}" for kind, count in sorted(attack.kinds.items()))
    for route in sorted({route for route, _ in attack.told}):
        by_status = sorted((status, count) for (of, status), count in attack.told.items() if of == route)
        lines.append(f"  {route:45} " + ", ".join(f"{count} x {status}" for status, count in by_status))
    lines.append(f"  {len(attack.rules.runs)} runs started, each after the end of the one before.")
    return "\n".join(lines)

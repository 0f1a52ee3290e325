"""The host over HTTP: routes, keys, management of orchestrations, Event Grid, running functions by hand."""

import pytest

from tests.functions_host.sample_stack import INSTANCES, eventually

VALIDATION = "Microsoft.EventGrid.SubscriptionValidationEvent"


def webhook(stack, kind, name, events, key=None):
    key = key or stack.stack.functions.system_key
    path = f"/runtime/webhooks/{kind}?functionName={name}&code={key}"
    return stack.http.post(path, json=events, headers={"aeg-event-type": "Notification"})


def test_a_function_needs_its_key_in_header_or_query(shared_stack):
    key = shared_stack.stack.functions.function_key
    assert shared_stack.http.get("/api/journals/none").status_code == 401
    assert shared_stack.call("GET", "/api/journals/none", "wrong").status_code == 401
    assert shared_stack.http.get("/api/journals/none", params={"code": key}).status_code == 200
    assert shared_stack.call("GET", "/api/journals/none").status_code == 200


def test_anonymous_functions_need_no_key_and_admin_functions_the_master_key(shared_stack):
    functions = shared_stack.stack.functions
    assert shared_stack.http.get("/api/open", params={"word": "hello"}).text == "GET hello"
    assert shared_stack.call("GET", "/api/closed").status_code == 401
    assert shared_stack.call("GET", "/api/closed", functions.system_key).status_code == 401
    assert shared_stack.call("GET", "/api/closed", functions.master_key).text == "in"


def test_what_is_not_there_is_404_and_a_wrong_method_405(shared_stack):
    assert shared_stack.call("GET", "/api/nothing").status_code == 404
    assert shared_stack.call("DELETE", "/api/journals/none").status_code == 405


def test_a_function_that_raises_answers_500_and_tells_why_in_the_log_only(shared_stack):
    answer = shared_stack.call("GET", "/api/broken")
    assert (answer.status_code, answer.text) == (500, "")
    log = eventually(shared_stack.log, lambda log: "a secret reason" in log)
    assert "Traceback" in log


def test_an_orchestration_runs_through_activity_sub_orchestration_timer_event_and_entity(shared_stack):
    links = shared_stack.start("calculate", "calculation", 20).json()
    eventually(lambda: shared_stack.status("calculation"), lambda status: status["customStatus"] == {"so far": 41})
    assert shared_stack.http.get(links["statusQueryGetUri"]).status_code == 202
    sent = shared_stack.http.post(links["sendEventPostUri"].replace("{eventName}", "add"), json=1)
    assert sent.status_code == 202
    status = shared_stack.ended("calculation")
    assert (status["runtimeStatus"], status["input"], status["output"]) == ("Completed", 20, 42)
    assert shared_stack.journal("calculation") == [42]


def test_the_history_tells_each_activity_with_its_times_and_result(shared_stack):
    shared_stack.start("calculate", "told", 1)
    shared_stack.manage("POST", "/told/raiseEvent/add", json=1)
    shared_stack.ended("told")
    events = shared_stack.status("told", showHistory="true", showHistoryOutput="true")["historyEvents"]
    completed = next(event for event in events if event["EventType"] == "TaskCompleted")
    assert (completed["FunctionName"], completed["Result"]) == ("double", 2)
    assert completed["ScheduledTime"] < completed["Timestamp"]
    assert events[0]["EventType"] == "ExecutionStarted"
    assert events[-1]["EventType"] == "ExecutionCompleted"
    assert "historyEvents" not in shared_stack.status("told")
    assert shared_stack.status("told", showInput="false")["input"] is None


def test_a_failure_is_told_with_type_and_message(shared_stack):
    shared_stack.start("fail_in_activity", "failing", "no room left")
    status = shared_stack.ended("failing")
    assert status["runtimeStatus"] == "Failed"
    assert "no room left" in status["output"]


def test_an_orchestration_is_suspended_resumed_terminated_restarted_and_purged(shared_stack):
    shared_stack.start("wait_for_hours", "managed", 5)
    for action, state in (("suspend", "Suspended"), ("resume", "Running"), ("terminate", "Terminated")):
        answer = shared_stack.manage("POST", f"/managed/{action}", params={"reason": "a test"})
        assert answer.status_code == 202
        eventually(lambda: shared_stack.status("managed")["runtimeStatus"], lambda found, state=state: found == state)
    assert shared_stack.manage("POST", "/managed/terminate").status_code == 410
    assert shared_stack.manage("POST", "/managed/raiseEvent/late", json=1).status_code == 410
    restarted = shared_stack.manage("POST", "/managed/restart", params={"restartWithNewInstanceId": "false"})
    assert restarted.json()["id"] == "managed"
    assert shared_stack.manage("POST", "/managed/terminate").status_code == 202
    eventually(lambda: shared_stack.status("managed")["runtimeStatus"], lambda found: found == "Terminated")
    assert shared_stack.manage("DELETE", "/managed").json() == {"instancesDeleted": 1}
    assert shared_stack.manage("GET", "/managed").status_code == 404
    assert shared_stack.manage("POST", "/managed/suspend").status_code == 404


def test_instances_are_listed_page_by_page(shared_stack):
    for number in range(3):
        shared_stack.start("wait_for_hours", f"listed-{number}", 5)
    query = {"instanceIdPrefix": "listed-", "runtimeStatus": "Running,Pending", "top": "2"}
    first = shared_stack.manage("GET", "", params=query)
    token = {"x-ms-continuation-token": first.headers["x-ms-continuation-token"]}
    second = shared_stack.manage("GET", "", params=query, headers=token)
    ids = [one["instanceId"] for one in [*first.json(), *second.json()]]
    assert ids == ["listed-0", "listed-1", "listed-2"]
    assert "x-ms-continuation-token" not in second.headers


@pytest.mark.parametrize("key", ["function_key", "none"])
def test_the_management_of_orchestrations_needs_the_system_key(shared_stack, key):
    given = getattr(shared_stack.stack.functions, key, "none")
    assert shared_stack.call("GET", INSTANCES, given).status_code == 401


def test_event_grid_is_shown_that_the_webhook_is_meant(shared_stack):
    event = {"eventType": VALIDATION, "data": {"validationCode": "abc"}}
    answer = webhook(shared_stack, "eventgrid", "take_event", [event])
    assert answer.json() == {"validationResponse": "abc"}
    assert webhook(shared_stack, "eventgrid", "nothing", [event]).status_code == 404
    assert webhook(shared_stack, "eventgrid", "take_event", [event], key="wrong").status_code == 401


def test_an_event_of_event_grid_reaches_its_function(shared_stack):
    event = {"id": "1", "eventType": "Some.Thing", "subject": "/x", "data": {"a": 1}, "dataVersion": "1"}
    event["eventTime"] = "2026-01-01T00:00:00Z"
    assert webhook(shared_stack, "eventgrid", "take_event", [event]).status_code == 202
    assert eventually(lambda: shared_stack.journal("events"), bool) == [["Some.Thing", '{"a": 1}']]


def test_a_timer_can_be_run_by_hand_with_the_master_key_only(shared_stack):
    functions = shared_stack.stack.functions
    assert shared_stack.call("POST", "/admin/functions/tick", json={}).status_code == 401
    assert shared_stack.call("POST", "/admin/functions/tick", functions.system_key, json={}).status_code == 401
    assert shared_stack.call("POST", "/admin/functions/nothing", functions.master_key, json={}).status_code == 404
    assert shared_stack.call("POST", "/admin/functions/tick", functions.master_key, json=[]).status_code == 400
    assert shared_stack.call("POST", "/admin/functions/tick", functions.master_key, json={}).status_code == 202
    assert eventually(lambda: shared_stack.journal("ticks"), bool) == [{"pastDue": False}]
    status = shared_stack.call("GET", "/admin/host/status", functions.master_key)
    assert status.json()["state"] == "Running"

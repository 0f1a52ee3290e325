"""Orchestrations of the sample app, and the management webhooks that drive them."""

import httpx
import pytest

from tests.local_stack.sample import INSTANCES, eventually


def status_of(shared, instance_id, **query):
    return shared.call("GET", f"{INSTANCES}/{instance_id}", "system", params=query)


def test_activities_a_timer_and_a_sub_orchestration_give_a_result(shared):
    links = shared.start("whole_story", [1, 2, 3])
    status = shared.ended(links)
    assert (status["name"], status["runtimeStatus"]) == ("whole_story", "Completed")
    assert (status["input"], status["output"]) == ([1, 2, 3], [4, 6, 8])
    assert status["customStatus"] == {"step": "last"}
    assert status["createdTime"].endswith("Z")


def test_the_history_is_told_when_it_is_asked_for(shared):
    links = shared.start("whole_story", [1])
    assert "historyEvents" not in shared.ended(links)
    told = status_of(shared, links["id"], showHistory="true").json()["historyEvents"]
    assert not any("Result" in event for event in told)
    kinds = [event["EventType"] for event in told]
    assert kinds[0] == "ExecutionStarted"
    assert kinds[-1] == "ExecutionCompleted"
    assert {"TaskCompleted", "TimerFired", "SubOrchestrationInstanceCompleted"} <= set(kinds)
    task = next(event for event in told if event["EventType"] == "TaskCompleted")
    assert task["FunctionName"] == "add_one"
    assert task["ScheduledTime"] <= task["Timestamp"]


def test_results_in_the_history_and_the_input_are_told_as_it_is_asked(shared):
    links = shared.start("whole_story", [1])
    shared.ended(links)
    asked = {"showHistory": "true", "showHistoryOutput": "true", "showInput": "false"}
    status = status_of(shared, links["id"], **asked).json()
    assert status["input"] is None
    results = [(event["EventType"], event["Result"]) for event in status["historyEvents"] if "Result" in event]
    assert results == [
        ("TaskCompleted", 2),
        ("SubOrchestrationInstanceCompleted", [4]),
        ("ExecutionCompleted", [4]),
    ]


def test_the_start_is_answered_with_links_and_where_to_look(shared):
    answer = shared.call("POST", "/api/start/waits_for_word", json=None)
    links = answer.json()
    assert answer.headers["location"] == links["statusQueryGetUri"]
    assert int(answer.headers["retry-after"]) > 0
    assert httpx.get(links["statusQueryGetUri"]).status_code == 202
    assert httpx.post(links["restartPostUri"]).status_code == 410
    assert httpx.post(links["suspendPostUri"].replace("{text}", "wait")).status_code == 202
    eventually(lambda: httpx.get(links["statusQueryGetUri"]).json()["runtimeStatus"], lambda it: it == "Suspended")
    assert httpx.post(links["resumePostUri"].replace("{text}", "go")).status_code == 202
    eventually(lambda: httpx.get(links["statusQueryGetUri"]).json()["runtimeStatus"], lambda it: it == "Running")
    assert httpx.post(links["sendEventPostUri"].replace("{eventName}", "word"), json="bread").status_code == 202
    assert shared.ended(links)["output"] == "bread"
    assert httpx.delete(links["purgeHistoryDeleteUri"]).json() == {"instancesDeleted": 1}
    assert httpx.get(links["statusQueryGetUri"]).status_code == 404


def test_a_terminated_orchestration_takes_nothing_any_more(shared):
    links = shared.start("waits_for_word")
    httpx.post(links["terminatePostUri"].replace("{text}", "enough"))
    assert shared.ended(links)["runtimeStatus"] == "Terminated"
    for link in ("terminatePostUri", "suspendPostUri", "resumePostUri", "sendEventPostUri"):
        assert httpx.post(links[link]).status_code == 410, link


def test_a_finished_orchestration_is_restarted_under_its_id_or_another(shared):
    links = shared.start("whole_story", [1])
    shared.ended(links)
    another = httpx.post(links["restartPostUri"]).json()["id"]
    assert another != links["id"]
    same = httpx.post(f"{links['restartPostUri']}&restartWithNewInstanceId=false").json()["id"]
    assert same == links["id"]
    for instance_id in (links["id"], another):
        status = eventually(lambda one=instance_id: status_of(shared, one), lambda it: it.status_code == 200).json()
        assert (status["input"], status["output"]) == ([1], [4])


@pytest.mark.parametrize("action", ["terminate", "suspend", "resume", "restart", "raiseEvent/word"])
def test_an_unknown_orchestration_is_404(shared, action):
    assert shared.call("POST", f"{INSTANCES}/unknown/{action}", "system").status_code == 404
    assert status_of(shared, "unknown").status_code == 404
    assert shared.call("DELETE", f"{INSTANCES}/unknown", "system").status_code == 404


def test_an_event_that_is_no_json_is_refused(shared):
    links = shared.start("waits_for_word")
    answer = httpx.post(links["sendEventPostUri"].replace("{eventName}", "word"), content=b"{")
    assert answer.status_code == 400
    assert httpx.get(links["statusQueryGetUri"]).json()["runtimeStatus"] == "Running"


def test_an_activity_that_raises_fails_its_orchestration_with_its_words(shared):
    status = shared.ended(shared.start("breaks", "The oven is cold."))
    assert status["runtimeStatus"] == "Failed"
    assert "The oven is cold." in status["output"]
    asked = {"returnInternalServerErrorOnFailure": "true"}
    assert status_of(shared, status["instanceId"], **asked).status_code == 500
    assert "The oven is cold." in shared.log()


def test_an_orchestration_that_the_app_does_not_have_fails_and_says_so(shared):
    status = shared.ended(shared.start("no_such_thing"))
    assert status["runtimeStatus"] == "Failed"
    assert "no_such_thing" in status["output"]


def test_an_entity_is_called_signalled_and_read(shared):
    assert shared.call("POST", "/api/counters/loaves", json=2).status_code == 202
    eventually(lambda: shared.call("GET", "/api/counters/loaves").json(), lambda it: it == 2)
    assert shared.ended(shared.start("counts", {"key": "loaves", "number": 3}))["output"] == 5


def test_orchestrations_are_listed_by_prefix_state_and_time_page_by_page(shared):
    for number in range(3):
        shared.start("waits_for_word", number, f"listed-{number}")
    query = {"instanceIdPrefix": "listed-", "runtimeStatus": "Running,Pending", "top": "2", "showInput": "false"}
    first = shared.call("GET", INSTANCES, "system", params=query)
    token = {"x-ms-continuation-token": first.headers["x-ms-continuation-token"]}
    second = shared.call("GET", INSTANCES, "system", params=query, headers=token)
    assert [one["instanceId"] for one in first.json() + second.json()] == ["listed-0", "listed-1", "listed-2"]
    assert "x-ms-continuation-token" not in second.headers
    assert {one["input"] for one in first.json()} == {None}
    for other in ({"runtimeStatus": "Completed"}, {"createdTimeTo": "2020-01-01T00:00:00Z"}):
        assert shared.call("GET", INSTANCES, "system", params=query | other).json() == []
    assert shared.call("GET", INSTANCES, "system", params={"top": "many"}).status_code == 400


def test_finished_orchestrations_are_purged_by_their_state(own):
    failed, completed = own.start("breaks", "The oven is cold."), own.start("whole_story", [1])
    own.ended(failed)
    own.ended(completed)
    purged = own.call("DELETE", INSTANCES, "system", params={"runtimeStatus": "Failed"})
    assert purged.json() == {"instancesDeleted": 1}
    left = own.call("GET", INSTANCES, "system").json()
    assert completed["id"] in {one["instanceId"] for one in left}
    assert failed["id"] not in {one["instanceId"] for one in left}
    assert own.call("DELETE", INSTANCES, "system", params={"runtimeStatus": "Failed"}).status_code == 404

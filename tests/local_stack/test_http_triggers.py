"""What reaches an HTTP trigger and what comes back."""

import base64
from urllib.parse import quote

import pytest


@pytest.mark.parametrize(
    ("path", "opens"),
    [
        ("/api/open", {"none", "wrong", "function", "system", "master"}),
        ("/api/guarded", {"function", "master"}),
        ("/api/for-admins", {"master"}),
        ("/admin/host/status", {"master"}),
        ("/runtime/webhooks/durabletask/instances", {"system", "master"}),
    ],
)
def test_each_door_opens_with_its_key_and_the_master_key_alone(shared, path, opens):
    for key in ("none", "wrong", "function", "system", "master"):
        assert shared.call("GET", path, key).status_code == (200 if key in opens else 401), key


def test_a_key_may_come_in_the_query(shared):
    assert shared.call("GET", "/api/guarded", "none").status_code == 401
    code = shared.stack.functions.function_key
    assert shared.call("GET", "/api/guarded", "none", params={"code": code}).status_code == 200


def test_a_401_has_nothing_to_read(shared):
    assert shared.call("GET", "/api/guarded", "none").content == b""


def test_what_does_not_exist_is_404_and_another_method_405(shared):
    assert shared.call("GET", "/api/nothing").status_code == 404
    assert shared.call("GET", "/").status_code == 404
    assert shared.call("DELETE", "/api/guarded").status_code == 405


def test_case_does_not_matter_in_a_route_and_does_in_a_parameter(shared):
    assert shared.call("GET", "/API/Echo/One/2").json()["route"]["first"] == "One"


def test_functions_of_one_route_are_told_apart_by_their_method(shared):
    assert shared.call("PUT", "/api/guarded").text == "put"


def test_a_function_that_raises_is_a_bare_500_and_a_stack_in_the_log(shared):
    answer = shared.call("GET", "/api/raises")
    assert (answer.status_code, answer.content) == (500, b"")
    assert "ValueError: a reason for the log alone" in shared.log()
    assert "Traceback" in shared.log()


def test_a_request_arrives_unchanged(shared):
    body = bytes(range(256)) * 500
    headers = {"X-Forwarded-For": "192.0.2.1", "X-Forwarded-Proto": "https", "X-Odd": "ä".encode("latin-1")}
    answer = shared.call("POST", "/api/echo/one/2", content=body, headers=headers).json()
    assert answer["method"] == "POST"
    assert base64.b64decode(answer["body"]) == body
    assert answer["route"] == {"first": "one", "second": "2"}
    assert answer["headers"]["x-forwarded-for"] == "192.0.2.1"
    assert answer["headers"]["x-forwarded-proto"] == "https"
    assert answer["url"] == f"{shared.stack.functions.url}/api/echo/one/2"
    assert answer["headers"]["x-odd"] == "ä"
    assert answer["headers"]["content-length"] == str(len(body))


def test_names_that_come_again_are_joined_by_commas(shared):
    headers = [("x-many", "a"), ("x-many", "b")]
    answer = shared.http.get("/api/echo/one/2?a=1&a=2&b=", headers=headers).json()
    assert answer["query"] == {"a": "1,2", "b": ""}
    assert answer["headers"]["x-many"] == "a,b"


def test_a_path_arrives_decoded_and_the_address_as_it_was_asked_for(shared):
    answer = shared.call("GET", f"/api/echo/{quote('grün & 100 %')}/2?q=%C3%BC").json()
    assert answer["route"]["first"] == "grün & 100 %"
    assert answer["query"] == {"q": "ü"}
    assert answer["url"] == f"{shared.stack.functions.url}/api/echo/gr%C3%BCn%20%26%20100%20%25/2?q=%C3%BC"


def test_a_parameter_may_take_the_rest_of_the_path_and_be_long(shared):
    rest = "/".join(["part" * 50] * 50)
    assert shared.call("GET", f"/api/files/{rest}").text == rest


def test_an_answer_leaves_unchanged(shared):
    body = bytes(range(256))
    answer = shared.call("POST", "/api/mirror", content=body, headers={"content-type": "application/x-odd"})
    assert answer.content == body
    assert answer.headers["content-type"] == "application/x-odd"
    assert answer.headers["x-mirrored"] == "yes"


def test_an_answer_may_be_headers_alone(shared):
    answer = shared.call("GET", "/api/elsewhere")
    assert (answer.status_code, answer.content) == (303, b"")
    assert answer.headers["location"] == "/api/open"
    assert answer.headers["retry-after"] == "7"


def test_head_and_options_reach_a_function_that_takes_every_method(shared):
    head = shared.call("HEAD", "/api/echo/one/2")
    assert (head.status_code, head.content) == (200, b"")
    assert shared.call("OPTIONS", "/api/echo/one/2").json()["method"] == "OPTIONS"


def test_the_log_names_each_call_and_its_length_and_no_requests(shared):
    shared.call("GET", "/api/open")
    assert " INFO    functions_host.worker: open_to_all took " in shared.log()
    assert "GET /api/open" not in shared.log()

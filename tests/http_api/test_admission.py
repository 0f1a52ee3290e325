"""Where people sign in, a request is admitted by the roles of its sender; elsewhere the key alone counts."""

import base64
import json

import azure.functions as func
import pytest

from configuration.settings import Settings
from models.approval import Person
from models.errors import RequestRefused
from models.role import Role
from triggers.people import PRINCIPAL, admission, who_asks

OBJECT_ID = "11111111-2222-3333-4444-555555555555"


def principal(*claims, **others):
    """Return a principal as App Service authentication encodes it; `claims` are pairs of kind and value."""
    told = {"auth_typ": "aad", "claims": [{"typ": kind, "val": value} for kind, value in claims], **others}
    return base64.b64encode(json.dumps(told).encode()).decode()


def request(header):
    headers = {} if header is None else {PRINCIPAL: header}
    return func.HttpRequest("POST", "http://127.0.0.1/api/runs", headers=headers, body=b"")


def settings(monkeypatch, *, authentication_is_on):
    monkeypatch.setenv("AzureWebJobsStorage__blobServiceUri", "https://example.org")
    monkeypatch.setenv("WEBSITE_AUTH_ENABLED", str(authentication_is_on))
    return Settings()


def allowed(settings, header):
    """Return the roles that the sender of a request may act in."""

    def admits(role):
        try:
            admission(role)(settings, request(header))
        except RequestRefused as refused:
            return refused.status != 403
        return True

    return [role for role in Role if admits(role)]


ANN = ("preferred_username", "ann@example.org")


@pytest.mark.parametrize(
    ("header", "roles"),
    [
        (principal(ANN, ("roles", "Reader")), [Role.READER]),
        (principal(ANN, ("roles", "Operator"), ("roles", "Approver")), list(Role)),
        (principal(ANN, ("kind", "Approver"), role_typ="kind"), [Role.READER, Role.APPROVER]),
        (principal(ANN), []),
        (principal(ANN, ("roles", "reader"), ("roles", "Owner"), ("groups", "Operator")), []),
        (principal(("roles", "Operator")), []),
        (principal(ANN, ("roles", ["Operator"])), []),
        ("no base64", []),
        ("", []),
        (base64.b64encode(b"[" * 5000).decode(), []),
        (None, [Role.READER, Role.OPERATOR]),
    ],
)
def test_roles_decide_and_a_stranger_who_signed_in_may_do_nothing(monkeypatch, header, roles):
    assert allowed(settings(monkeypatch, authentication_is_on=True), header) == roles


@pytest.mark.parametrize("header", [None, principal(ANN), "no base64"])
def test_without_authentication_the_key_alone_counts(monkeypatch, header):
    assert allowed(settings(monkeypatch, authentication_is_on=False), header) == list(Role)


@pytest.mark.parametrize(
    ("header", "person"),
    [
        (principal(("oid", OBJECT_ID), ANN), Person(name="ann@example.org", verified=True, id=OBJECT_ID)),
        (principal(("sub", "s"), ("scp", "user_impersonation"), ANN), Person(name=ANN[1], verified=True, id="s")),
        (principal(("oid", OBJECT_ID), ("name", "Ann")), Person(name=OBJECT_ID, verified=True, id=OBJECT_ID)),
        (principal(("oid", OBJECT_ID), ("azp", "robot")), Person(name="robot", verified=True, id=OBJECT_ID)),
        (None, Person(name="eve", verified=False)),
    ],
)
def test_a_person_is_called_by_the_sign_in_and_a_program_by_its_id(monkeypatch, header, person):
    on = settings(monkeypatch, authentication_is_on=True)
    assert who_asks(on, request(header), "eve") == person


@pytest.mark.parametrize("scope", ["scp", "http://schemas.microsoft.com/identity/claims/scope"])
def test_a_person_whose_token_tells_no_name_is_not_called_by_the_program_that_asked_for_it(monkeypatch, scope):
    on = settings(monkeypatch, authentication_is_on=True)
    nameless = principal(("oid", OBJECT_ID), ("azp", "robot"), (scope, "user_impersonation"), ("roles", "Operator"))
    assert allowed(on, nameless) == []


@pytest.mark.parametrize(
    ("name", "known_as", "is_same"),
    [("ANN@example.org", "2", True), ("robot", "1", True), ("robot", "2", False), ("robot", None, False)],
)
def test_the_same_person_is_known_by_the_name_or_by_the_id(name, known_as, is_same):
    ann = Person(name="ann@example.org", verified=True, id="1")
    assert ann.is_same(Person(name=name, verified=True, id=known_as)) == is_same


def test_without_authentication_nobody_is_believed_to_have_signed_in(monkeypatch):
    off = settings(monkeypatch, authentication_is_on=False)
    assert who_asks(off, request(principal(ANN)), "eve") == Person(name="eve", verified=False)


def test_a_refusal_names_the_role_that_is_lacking(monkeypatch):
    on = settings(monkeypatch, authentication_is_on=True)
    with pytest.raises(RequestRefused) as refusal:
        admission(Role.APPROVER)(on, request(principal(ANN, ("roles", "Operator"))))
    assert (refusal.value.status, "the role Approver" in refusal.value.detail) == (403, True)

"""The HTTP API of the function app, as the command line calls it."""

from http import HTTPStatus
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

import httpx
from pydantic import TypeAdapter, ValidationError

from models.faults import Fault
from models.image_overview import ImageOverview
from models.leftovers import LeftoversReport
from models.pipeline_record import PipelineRecord, PipelineRunSummary
from models.run_plan import RunPlan
from models.scripts import UploadsList

ANSWER_SECONDS = 60
REFUSALS = range(400, 500)
# Its variable of the environment, which is the only way in: what stands on a command line is kept in its history.
TOKEN = "IMAGE_BAKERY_TOKEN"  # noqa: S105  # a name


class Refused(Exception):
    """The app refuses the request; `faults` has an entry for each thing to mend."""

    def __init__(self, sentence: str, faults: list[Fault]) -> None:
        super().__init__(sentence)
        self.faults = faults


class Unavailable(Exception):
    """The app cannot be reached, or does not answer as it should; the message is one sentence."""


class BakeryApi:
    """Speaks to the app at `url` (without `/api`) with a function key, as who the token of Microsoft Entra ID tells."""

    def __init__(self, url: str, key: str, token: str | None = None) -> None:
        self.url = url.rstrip("/")
        sign_in = {"Authorization": f"Bearer {token}"} if token else {}
        self._is_signed_in = bool(token)
        self._http = httpx.Client(headers={"x-functions-key": key, **sign_in}, timeout=ANSWER_SECONDS)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._http.close()

    def plan_run(self, options: dict[str, str | bool]) -> RunPlan:
        """POST /api/plan; nothing is changed."""
        return self._read(self._call("POST", "/api/plan", json=options), TypeAdapter(RunPlan))

    def start_run(self, options: dict[str, str | bool]) -> str:
        """POST /api/runs; returns the id of the run that was started."""
        return self._read(self._call("POST", "/api/runs", json=options), TypeAdapter(dict[str, str]))["id"]

    def get_run(self, run_id: str) -> PipelineRecord:
        """GET /api/runs/{id}."""
        return self._read(self._call("GET", f"/api/runs/{quote(run_id, safe='')}"), TypeAdapter(PipelineRecord))

    def list_runs(self, limit: int) -> list[PipelineRunSummary]:
        """GET /api/runs; the newest first."""
        answer = self._call("GET", "/api/runs", params={"limit": limit})
        return self._read(answer, TypeAdapter(dict[str, list[PipelineRunSummary]]))["runs"]

    def list_images(self) -> list[ImageOverview]:
        """GET /api/images."""
        return self._read(self._call("GET", "/api/images"), TypeAdapter(dict[str, list[ImageOverview]]))["images"]

    def list_uploads(self, limit: int) -> UploadsList:
        """GET /api/uploads; the newest first."""
        return self._read(self._call("GET", "/api/uploads", params={"limit": limit}), TypeAdapter(UploadsList))

    def list_leftovers(self) -> LeftoversReport:
        """GET /api/leftovers."""
        return self._read(self._call("GET", "/api/leftovers"), TypeAdapter(LeftoversReport))

    def decide(self, run_id: str, environment: str, decision: dict[str, str]) -> str:
        """POST /api/runs/{id}/approvals/{environment}; returns where the approval stands then."""
        path = f"/api/runs/{quote(run_id, safe='')}/approvals/{quote(environment, safe='')}"
        return self._read(self._call("POST", path, json=decision), TypeAdapter(dict[str, Any]))["state"]

    def cancel_run(self, run_id: str, wish: dict[str, str]) -> None:
        """POST /api/runs/{id}/cancel; the run ends by itself after that."""
        self._call("POST", f"/api/runs/{quote(run_id, safe='')}/cancel", json=wish)

    def _call(self, method: str, path: str, **request: Any) -> httpx.Response:
        try:
            response = self._http.request(method, self.url + path, **request)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            reason = str(error) or type(error).__name__
            raise Unavailable(f"Image Bakery does not answer at {self.url}: {reason}") from error
        if response.status_code in REFUSALS:
            raise self._refusal(response)
        if not response.is_success:
            raise Unavailable(f"Image Bakery at {self.url} answered {response.status_code} to {method} {path}.")
        return response

    def _refusal(self, response: httpx.Response) -> Refused:
        if response.status_code == HTTPStatus.UNAUTHORIZED:
            what = f"the sign-in in {TOKEN}, or the function key" if self._is_signed_in else "the function key"
            return Refused(f"Image Bakery at {self.url} does not accept {what}.", [])
        try:
            problem = response.json()
            faults = [Fault.from_payload(fault) for fault in problem.get("faults", [])]
            return Refused(f"{problem['title']}. {problem['detail']}", faults)
        except (ValueError, KeyError, TypeError, AttributeError):
            return Refused(f"Image Bakery at {self.url} refused the request ({response.status_code}).", [])

    def _read[T](self, response: httpx.Response, adapter: TypeAdapter[T]) -> T:
        try:
            return adapter.validate_json(response.content)
        except ValidationError as error:
            sentence = f"{response.url} answered something else than Image Bakery does; is the address right?"
            raise Unavailable(sentence) from error

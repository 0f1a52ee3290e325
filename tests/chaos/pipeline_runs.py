"""Many pipeline runs side by side, chosen by a seed: their configuration, starting them, and waiting for their ends.

Whoever drives them is as patient as an operator's script: a request that gets no answer, or a 5xx, is sent again, so
the functions host may be killed under it.
"""

import json
import random
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from local.stack import APP_FOLDER
from tests.whole_app.driving import SAMPLE_SUBSCRIPTION, SUBSCRIPTIONS, Bakery

IMAGES = tuple(f"{system}-{number}" for number in range(1, 9) for system in ("linux", "windows"))
# Each with its share. What only builds, or only deploys, is as frequent as what does all.
SCOPES = {"only-image": 6, "only-assets-and-image": 5, "all": 4, "only-infrastructure": 2, "only-removal": 3}
# Half of the runs build, and short ones come between them: for a thousand runs.
MANY_SHORT_SCOPES = {"only-image": 4, "only-assets-and-image": 3, "all": 3, "only-infrastructure": 3, "only-removal": 7}
SHARE_THAT_WAITS = 0.7
SHARE_THAT_REMOVES = 0.8
SHARE_TO_CANCEL = 0.06
LONGEST_SECONDS_TO_CANCELLATION = 6.0
SECONDS_BETWEEN_LOOKS = 0.3
LONGEST_RUN_SECONDS = 1800.0
LONGEST_PATIENCE_SECONDS = 300.0
INSTANCES = "/runtime/webhooks/durabletask/instances"
GOES_ON = {"Running", "Pending", "ContinuedAsNew", "Suspended"}


@dataclass(frozen=True)
class Wish:
    """One run that is asked for; `cancel_after` are seconds from its start."""

    image: str
    scope: str
    wait_for_image_build: bool = True
    remove_image_templates: bool = True
    cancel_after: float | None = None

    @property
    def body(self) -> dict[str, Any]:
        return {
            "image": self.image,
            "scope": self.scope,
            "waitForImageBuild": self.wait_for_image_build,
            "removeImageTemplates": self.remove_image_templates,
        }


@dataclass(frozen=True)
class Ended:
    """A run that is over: its id, and its state at that time (an untended build may still go on)."""

    wish: Wish
    run_id: str
    state: str


@dataclass
class Course:
    """How far the runs are; `asked_again` counts the requests that had to be repeated, by what was answered."""

    ended: list[Ended] = field(default_factory=list[Ended])
    asked_again: dict[str, int] = field(default_factory=dict[str, int])


def write_configuration(folder: Path, images: tuple[str, ...] = IMAGES) -> None:
    """Make the parameter files of three environments, each in its own subscription, for images by their system."""
    samples = APP_FOLDER / "parameters"
    for environment, subscription in SUBSCRIPTIONS.items():

        def adapted(text: str, environment: str = environment, subscription: str = subscription) -> str:
            return text.replace(SAMPLE_SUBSCRIPTION, subscription).replace("sbx", environment)

        infrastructure = (samples / "sbx.imageInfra.parameters.json").read_text()
        (folder / f"{environment}.imageInfra.parameters.json").write_text(adapted(infrastructure))
        for image in images:
            system = system_of(image)
            template = (samples / f"sbx.imageTemplate.{system}.parameters.json").read_text()
            template = adapted(template).replace(f'"name": "it-{system}"', f'"name": "it-{image}"')
            (folder / f"{environment}.imageTemplate.{image}.parameters.json").write_text(template)
    pipeline = {
        "environments": [
            {"name": name, "subscriptionId": subscription, "location": "westeurope"}
            for name, subscription in SUBSCRIPTIONS.items()
        ],
        "images": [{"name": image, "osType": system_of(image).capitalize()} for image in images],
        # The clock jumps over months: no run may start by itself.
        "schedule": {"enabled": False},
    }
    (folder / "pipeline.json").write_text(json.dumps(pipeline))


def system_of(image: str) -> str:
    return image.partition("-")[0]


def foundations(images: tuple[str, ...] = IMAGES) -> list[Wish]:
    """Return the runs that deploy what all others need: the infrastructure, and the scripts of each system."""
    return [Wish(image, "only-infrastructure") for image in {system_of(image): image for image in images}.values()]


def wishes(seed: int, count: int, images: tuple[str, ...] = IMAGES, scopes: Mapping[str, int] = SCOPES) -> list[Wish]:
    """Return so many runs, evenly over the images, of scopes by their shares."""
    chance = random.Random(seed)  # noqa: S311 - nothing secret
    return [_wish(chance, images[number % len(images)], scopes) for number in range(count)]


def _wish(chance: random.Random, image: str, scopes: Mapping[str, int]) -> Wish:
    return Wish(
        image=image,
        scope=chance.choices([*scopes], [*scopes.values()])[0],
        wait_for_image_build=chance.random() < SHARE_THAT_WAITS,
        remove_image_templates=chance.random() < SHARE_THAT_REMOVES,
        cancel_after=chance.uniform(0, LONGEST_SECONDS_TO_CANCELLATION) if chance.random() < SHARE_TO_CANCEL else None,
    )


class Driver:
    """Starts runs and waits for their ends, one run of each image at a time, all images side by side."""

    def __init__(self, bakery: Bakery, patience_seconds: float = LONGEST_PATIENCE_SECONDS) -> None:
        """Sends a request again for so long; where hosts die all the time, one may need many tries."""
        self._bakery = bakery
        self._patience_seconds = patience_seconds
        self._system_key = {"x-functions-key": bakery.stack["functions"]["systemKey"]}
        self.course = Course()

    def drive(self, asked: list[Wish]) -> list[Ended]:
        """Let runs happen, those of an image one after the other; returns them as they ended."""
        by_image: dict[str, list[Wish]] = {}
        for wish in asked:
            by_image.setdefault(wish.image, []).append(wish)
        before = len(self.course.ended)
        with ThreadPoolExecutor(len(by_image)) as images:
            for done in [images.submit(self._one_after_the_other, wished) for wished in by_image.values()]:
                done.result()
        return self.course.ended[before:]

    def settle(self) -> None:
        """Wait until nothing goes on any more but what keeps the images current: untended builds have ended."""
        _until(lambda: not self.going_on(), LONGEST_RUN_SECONDS, "Something still goes on")

    def going_on(self) -> list[str]:
        """Return the instances that the durable engine runs."""
        query = {"runtimeStatus": "Running,Pending,Suspended", "showInput": "false"}
        found = self._patiently("GET", INSTANCES, params=query, headers=self._system_key).json()
        return [one["instanceId"] for one in found if not one["instanceId"].startswith("upkeep-")]

    def _one_after_the_other(self, wished: list[Wish]) -> None:
        known: set[str] = set()
        for wish in wished:
            run_id = self._start(wish, known)
            known.add(run_id)
            self.course.ended.append(Ended(wish, run_id, self._end(wish, run_id)))

    def _start(self, wish: Wish, known: set[str]) -> str:
        """Return the id of the run. Where an answer was lost, the run that it spoke of is the one that is on."""
        started_at = time.monotonic()
        while True:
            answer = self._patiently("POST", "/api/runs", json=wish.body)
            told = answer.json()
            if answer.status_code == 202 or (answer.status_code == 409 and told["id"] not in known):
                return told["id"]
            assert answer.status_code == 409, f"{wish} was answered with {answer.status_code}: {answer.text}"
            assert time.monotonic() - started_at < self._patience_seconds, f"{told['id']} does not end."
            time.sleep(SECONDS_BETWEEN_LOOKS)

    def _end(self, wish: Wish, run_id: str) -> str:
        """Wait for the end, cancel meanwhile if that is wished, and return the state."""
        cancel_at = None if wish.cancel_after is None else time.monotonic() + wish.cancel_after

        def state() -> str | None:
            nonlocal cancel_at
            if cancel_at is not None and time.monotonic() >= cancel_at:
                cancel_at = None
                answer = self._patiently("POST", f"/api/runs/{run_id}/cancel", json={})
                assert answer.status_code in {202, 409}, answer.text
            return self._state(wish.image, run_id)

        return _until(state, LONGEST_RUN_SECONDS, f"{run_id} does not end")

    def _state(self, image: str, run_id: str) -> str | None:
        """Return how a run ended, or None while it goes on; the durable engine tells, without a call to Azure."""
        answer = self._patiently("GET", f"{INSTANCES}/pipeline-{image}", headers=self._system_key)
        told = answer.json() if answer.content else {}
        if not told or told["input"]["id"] != run_id:
            run = self._patiently("GET", f"/api/runs/{run_id}").json()
            return run["state"] if run["endedAt"] else None
        if told["runtimeStatus"] in GOES_ON:
            return None
        output = told["output"]
        return output["value"]["state"] if isinstance(output, Mapping) and "value" in output else told["runtimeStatus"]

    def _patiently(self, method: str, path: str, **request: Any) -> httpx.Response:
        """Send a request until there is an answer that is none of a server in trouble."""
        deadline = time.monotonic() + self._patience_seconds
        for pause in _pauses():
            try:
                answer = self._bakery.api.request(method, path, timeout=90, **request)
                said = f"{answer.status_code} {answer.text[:300]}"
                if answer.status_code < 500:
                    return answer
            except httpx.TransportError as error:
                said = type(error).__name__
            counted = f"{method} {said[:3] if said[0].isdigit() else said}"
            self.course.asked_again[counted] = self.course.asked_again.get(counted, 0) + 1
            assert time.monotonic() < deadline, f"{method} {path} had no answer: {said}"
            time.sleep(pause)
        raise AssertionError


def _pauses() -> Iterator[float]:
    pause = 0.1
    while True:
        yield pause
        pause = min(pause * 1.5, 2.0)


def _until[T](look: Callable[[], T | None], within_seconds: float, otherwise: str) -> T:
    deadline = time.monotonic() + within_seconds
    while not (found := look()):
        assert time.monotonic() < deadline, otherwise
        time.sleep(SECONDS_BETWEEN_LOOKS)
    return found

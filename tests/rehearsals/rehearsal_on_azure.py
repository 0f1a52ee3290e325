"""Plays orchestrations with the real activities, on the simulated Azure: both clocks jump together."""

import asyncio
import importlib
import inspect
import pkgutil
from collections.abc import Callable
from datetime import timedelta
from typing import Any, override

from durabletask.client import OrchestrationState, OrchestrationStatus

import activities
from azure_clients.connection import AzureClients
from configuration.settings import Settings
from hosting.durable_functions import activity_handle
from hosting.injection import asks_for_engine
from local.simulated_azure import SimulatedAzure
from tests.rehearsals.rehearsal import Rehearsal

ACTIVITIES = {
    name: function
    for module in pkgutil.iter_modules(activities.__path__, "activities.")
    for name, function in inspect.getmembers(importlib.import_module(module.name), inspect.iscoroutinefunction)
}


class RehearsalOnAzure(Rehearsal):
    """A play in which nothing is scripted: activities ask the simulated Azure, over https, each call once.

    Azure's clock stands still while an activity is at work, and follows the play's.
    """

    def __init__(
        self,
        simulated: SimulatedAzure,
        runner: asyncio.Runner,
        services: tuple[AzureClients, Settings],
        orchestrators: list[Callable[..., Any]],
    ) -> None:
        super().__init__({}, orchestrators)
        self.now = simulated.clock.now()
        self._simulated = simulated
        self._runner = runner
        self._azure, self._settings = services

    @override
    def answer(self, name: str, payload: dict[str, Any]) -> dict[str, Any]:
        self.inputs.setdefault(name, []).append(payload)
        behind = self.now - self._simulated.clock.now()
        if behind > timedelta(0):
            self._simulated.advance(behind.total_seconds())
        activity = ACTIVITIES[name]
        handle = activity_handle(activity, azure=self._azure, settings=self._settings)
        engine = {"engine": _Engine(self)} if asks_for_engine(activity) else {}
        return self._runner.run(handle(payload, **engine))


class _Engine:
    """The durable engine as an activity asks it, as far as this play has one."""

    def __init__(self, play: Rehearsal) -> None:
        self._play = play

    async def get_orchestration_state(self, instance_id: str) -> OrchestrationState | None:
        goes_on = self._play.goes_on(instance_id)
        if goes_on is None:
            return None
        status = OrchestrationStatus.RUNNING if goes_on else OrchestrationStatus.COMPLETED
        now = self._play.now
        return OrchestrationState(instance_id, "", status, now, now, None, None, None, None)

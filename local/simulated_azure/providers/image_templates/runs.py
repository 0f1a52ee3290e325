"""One run of a template: its sub-states in time, its end, its cancellation."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from local.simulated_azure.arm.messages import ArmError, Json
from local.simulated_azure.arm.operations import Operation
from local.simulated_azure.arm.resources import Resource
from local.simulated_azure.azure import Azure
from local.simulated_azure.clock import Action, nanosecond_timestamp
from local.simulated_azure.faults import Fault
from local.simulated_azure.providers.image_templates.build_log import BuildLog
from local.simulated_azure.providers.image_templates.outputs import begin_distribution, end_distribution

# Sub-states in their order, each with its part of the build's time.
SUB_STATES = {
    "Queued": 1,
    "Building": 4,
    "Customizing": 9,
    "Optimizing": 2,
    "Validating": 2,
    "Distributing": 5,
}
# Run states that go on.
GOING_ON = ["Running", "Canceling"]
# How the run's operation ends; a run that succeeded in part is no success for it.
OPERATION_STATUS = {
    "Succeeded": "Succeeded",
    "PartiallySucceeded": "Failed",
    "Failed": "Failed",
    "Canceled": "Canceled",
}
NEVER = "0001-01-01T00:00:00Z"
DEFAULT_TIMEOUT_MINUTES = 240


@dataclass
class Run:
    """A run, from its acceptance to its end."""

    azure: Azure
    template: Resource
    operation: Operation
    started: datetime
    fault: Fault | None
    log: BuildLog
    artifacts: list[tuple[Json, Json]] = field(default_factory=list[tuple[Json, Json]])
    """Distributors with what they made."""

    @property
    def state(self) -> str:
        """Run state."""
        return self.template.properties["lastRunStatus"]["runState"]

    def show(self, state: str, sub_state: str = "", message: str = "") -> None:
        """Write the template's `lastRunStatus`."""
        self.template.properties["lastRunStatus"] = {
            "startTime": nanosecond_timestamp(self.started),
            "endTime": nanosecond_timestamp(self.azure.clock.now()) if state in OPERATION_STATUS else NEVER,
            "runState": state,
            **({"runSubState": sub_state} if sub_state else {}),
            "message": message,
        }

    async def enter(self, sub_state: str, length: timedelta) -> None:
        """Go on to the next sub-state, unless the run has ended or is canceling."""
        if not self.is_current() or self.state != "Running":
            return
        self.show("Running", sub_state)
        if sub_state == "Distributing":
            try:
                self._distribute(length)
            except ArmError as refusal:
                await self.finish("Failed", refusal.message, refusal.code)
                return
        await self.log.write(f"==> azure-arm: {sub_state}")

    def _distribute(self, length: timedelta) -> None:
        for distributor in self.template.properties["distribute"]:
            artifact = begin_distribution(self.azure, self.template, distributor, length)
            self.artifacts.append((distributor, artifact))

    async def note(self, line: str) -> None:
        """A line of the log, while the run goes on."""
        if self.is_current() and self.state == "Running":
            await self.log.write(line)

    async def finish(self, state: str, message: str, code: str = "") -> None:
        """End the run, if it still goes on."""
        if not self.is_current() or self.state not in GOING_ON:
            return
        for index, (distributor, artifact) in enumerate(self.artifacts):
            is_made = state == "Succeeded" or (state == "PartiallySucceeded" and index == 0)
            end = "Succeeded" if is_made else "Failed"
            end_distribution(self.azure, self.template, distributor, artifact, end)
        self.show(state, "", message)
        error = None if state == "Succeeded" else {"code": code or state, "message": message}
        self.operation.end(OPERATION_STATUS[state], self.azure.clock.now(), error=error)
        await self.log.write(f"==> azure-arm: Build ended: {state}. {message}")

    def is_current(self) -> bool:
        """Whether the template still exists and this is its latest run."""
        return self.azure.resources.find(self.template.id) is self.template and self.template.unseen.get("run") is self


def start_run(azure: Azure, template: Resource, operation: Operation) -> Run:
    """Begin a run and plan everything that will happen in it."""
    fault = azure.faults.take("build", template.id)
    run = Run(azure, template, operation, azure.clock.now(), fault, BuildLog(azure, template))
    template.unseen["run"] = run
    run.show("Running", "Queued")
    shown_after = timedelta(seconds=azure.faults.seconds("slow-run-status", template.id))
    template.unseen["run status shown"] = azure.clock.now() + shown_after
    _plan(run)
    return run


def cancel(run: Run) -> None:
    """`Canceling` for a while, then `Canceled`."""
    run.show("Canceling")
    azure = run.azure
    message = "Image build was canceled by the user."
    azure.agenda.after(azure.pace.operation("cancellation"), lambda: run.finish("Canceled", message))


def _plan(run: Run) -> None:
    """Put the sub-states, the log's lines and the end on the agenda."""
    agenda, lengths = run.azure.agenda, _lengths(run)
    offset = timedelta()
    for sub_state, length in lengths.items():
        agenda.after(offset, _entering(run, sub_state, length))
        steps = run.template.properties.get("customize") or [] if sub_state == "Customizing" else []
        for index, step in enumerate(steps):
            line = f"azure-arm: Provisioning with {step['type']}: {step.get('name') or index + 1}"
            agenda.after(offset + length * (index + 1) / (len(steps) + 1), _noting(run, line))
        offset += length
        if run.fault and run.fault.sub_state == sub_state:
            break
    minutes = run.template.properties.get("buildTimeoutInMinutes") or DEFAULT_TIMEOUT_MINUTES
    agenda.after(timedelta(minutes=minutes), lambda: run.finish("Failed", f"Build timed out after {minutes} minutes."))
    if run.fault is None:
        agenda.after(offset, lambda: run.finish("Succeeded", ""))
    elif run.fault.outcome in OPERATION_STATUS:
        outcome, message, code = run.fault.outcome, run.fault.message, run.fault.code
        agenda.after(offset, lambda: run.finish(outcome, message, code))
    elif run.fault.outcome != "Stuck":
        word, message = run.fault.outcome, run.fault.message
        agenda.after(offset, lambda: run.show(word, "", message))


def _entering(run: Run, sub_state: str, length: timedelta) -> Action:
    return lambda: run.enter(sub_state, length)


def _noting(run: Run, line: str) -> Action:
    return lambda: run.note(line)


def _lengths(run: Run) -> dict[str, timedelta]:
    """Length of each sub-state that this template goes through."""
    properties = run.template.properties
    optimize: Json = properties.get("optimize") or {}
    absent = {
        "Optimizing": not any((part or {}).get("state") == "Enabled" for part in optimize.values()),
        "Validating": not (properties.get("validate") or {}).get("inVMValidations"),
    }
    parts = {sub_state: part for sub_state, part in SUB_STATES.items() if not absent.get(sub_state)}
    whole = run.azure.pace.build()
    return {sub_state: whole * part / sum(parts.values()) for sub_state, part in parts.items()}

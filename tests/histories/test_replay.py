"""Runs that are on while a new version is deployed go on as they began: recorded histories are replayed."""

import durabletask.internal.orchestrator_service_pb2 as pb
import pytest

from tests.histories.recorded import FOLDER, History, read, recorded_files
from tests.histories.replay import TODAY, misfits

# The SDK asks for types of what it decodes; ours is decoded by pydantic.
pytestmark = pytest.mark.filterwarnings("ignore:azure.functions df_loads was called without:DeprecationWarning")

FILES = recorded_files()
VERSIONS = sorted({file.relative_to(FOLDER).parts[0] for file in FILES})


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(FOLDER).with_suffix("")))
def test_a_recorded_run_goes_on_as_it_did_from_every_point_of_its_history(file):
    for sentence in misfits(read(file), TODAY):
        pytest.fail(sentence)


@pytest.mark.parametrize("version", VERSIONS)
def test_the_recordings_of_a_version_have_every_end_that_there_is(version):
    histories = [read(file) for file in FILES if file.is_relative_to(FOLDER / version)]
    ends = {(history.orchestrator, history.events[-1].executionCompleted.orchestrationStatus) for history in histories}
    ended = {name for name, status in ends if status == pb.ORCHESTRATION_STATUS_COMPLETED}
    began_anew = {name for name, status in ends if status == pb.ORCHESTRATION_STATUS_CONTINUED_AS_NEW}
    assert began_anew >= {"keep_image_current", "watch_image_build"}
    assert ended | began_anew >= set(TODAY)


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(FOLDER).with_suffix("")))
def test_a_recording_tells_nothing_of_the_machine_that_made_it(file):
    text = file.read_text(encoding="utf-8")
    assert not [
        strange for strange in ("127.0.0.1", "stackTrace", "site-packages", "sig=", "Bearer ") if strange in text
    ]


def one_history(orchestrator):
    """Return the longest recorded history of an orchestrator."""
    histories = [read(file) for file in FILES if file.stem.endswith(f"-{orchestrator}")]
    return max(histories, key=lambda history: len(history.events))


def calls(history):
    return [event.taskScheduled for event in history.events if event.HasField("taskScheduled")]


def with_another_activity(history):
    calls(history)[0].name = "examine_stage"


def with_a_field_that_is_gone(history):
    asked = calls(history)[0].input
    asked.value = asked.value.replace("{", '{"hurry": true, ', 1)


def with_two_steps_swapped(history):
    first, second = calls(history)[:2]
    first.name, second.name = second.name, first.name


def with_a_step_more(history):
    turn = next(index for index, event in enumerate(history.events) if event.HasField("orchestratorCompleted"))
    call = pb.HistoryEvent(eventId=99, taskScheduled=pb.TaskScheduledEvent(name="count_templates"))
    history.events.insert(turn, call)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (with_another_activity, "calls check_stage, where it calls examine_stage in the recording."),
        (with_a_field_that_is_gone, "says otherwise than in the recording: hurry was True and is '(nothing)'."),
        (with_two_steps_swapped, "in the recording."),
        (with_a_step_more, "does not do any more what it did: calls count_templates."),
    ],
)
def test_a_version_that_would_do_otherwise_is_told_apart_with_what_to_do(change, told):
    history = one_history("run_stage")
    change(history)
    (sentence,) = misfits(history, TODAY)
    assert told in sentence
    assert "docs/upgrading.md" in sentence


def test_an_orchestrator_that_is_gone_is_told():
    (sentence,) = misfits(one_history("run_stage"), {name: TODAY[name] for name in TODAY if name != "run_stage"})
    assert "there is no orchestrator run_stage any more" in sentence


def test_what_is_said_beyond_the_recording_is_no_misfit():
    history = one_history("run_stage")
    asked = calls(history)[0].input
    asked.value = asked.value.replace('"waitForImageBuild": true, ', "").replace(', "waitForImageBuild": true', "")
    assert "waitForImageBuild" not in asked.value
    assert list(misfits(History(history.told, history.events), TODAY)) == []

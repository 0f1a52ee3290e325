"""Whether an image is to be patched now, as its records tell."""

from datetime import timedelta

import pytest

from models.pipeline_run import Scope
from models.state import State
from policies.upkeep.patch_schedule import PatchVerdict, patch_decision, patch_outlook, run_of_month, why_paused
from tests.policies.upkeep.patching import at, run, schedule

OLD = run("2026-01-20 12:00")
MOMENT = "2026-03-11 03:00"


def decide(now, *records, **members):
    """Decide; the records are given oldest first."""
    return patch_decision(at(now), schedule(**members), records[::-1])


def test_a_month_is_due_from_its_moment_until_it_has_its_run():
    settled = run("2026-02-11 03:00", month="2026-02")
    assert decide("2026-03-11 02:59", OLD, settled).verdict is PatchVerdict.NOT_DUE
    due = decide(MOMENT, OLD, settled)
    assert (due.verdict, due.of.month, due.of.moment) == (PatchVerdict.DUE, "2026-03", at(MOMENT))
    assert due.because == "The patch of 2026-03 has been due since 2026-03-11 03:00 UTC."
    patched = run("2026-03-11 03:01", month="2026-03")
    done = decide("2026-03-11 04:00", OLD, settled, patched)
    assert done.verdict is PatchVerdict.NOT_DUE
    assert done.because == (
        f"The patch of 2026-03 is the run {patched.id} (Succeeded); the next is due at 2026-04-15 03:00 UTC."
    )


@pytest.mark.parametrize("now", ["2026-03-11 03:00", "2026-03-31 12:00", "2026-04-10 00:00", "2026-04-15 02:59"])
def test_what_a_timer_missed_is_made_up_for_until_the_next_moment(now):
    decision = decide(now, OLD)
    assert (decision.verdict, decision.of.month) == (PatchVerdict.DUE, "2026-03")


@pytest.mark.parametrize("state", list(State))
def test_the_run_of_a_month_settles_it_however_it_ends(state):
    mine = run("2026-03-11 03:00", state, month="2026-03")
    assert decide("2026-03-20 00:00", OLD, mine).verdict is PatchVerdict.NOT_DUE


@pytest.mark.parametrize("state", list(State))
def test_last_months_run_never_settles_this_month(state):
    last = run("2026-02-11 03:00", state, month="2026-02")
    assert decide(MOMENT, OLD, last).verdict is PatchVerdict.DUE


@pytest.mark.parametrize("kind", ["http", "upload"])
def test_a_run_that_somebody_else_started_settles_no_month(kind):
    other = run("2026-03-11 04:00", month="2026-03", kind=kind)
    assert decide("2026-03-12 00:00", OLD, other).verdict is PatchVerdict.DUE


def test_a_new_image_is_not_patched_for_a_month_whose_day_has_been():
    decision = decide("2026-03-20 00:00")
    assert decision.verdict is PatchVerdict.NOT_DUE
    assert decision.because == (
        "The image is newer here than the patch day of 2026-03; the next is due at 2026-04-15 03:00 UTC."
    )
    by_hand = run("2026-03-20 10:00")
    assert decide("2026-03-21 00:00", by_hand).verdict is PatchVerdict.NOT_DUE
    assert decide("2026-04-30 00:00", by_hand).verdict is PatchVerdict.DUE


@pytest.mark.parametrize(
    ("late", "verdict"),
    [(timedelta(0), PatchVerdict.DUE), (timedelta(days=1), PatchVerdict.DUE), (timedelta(days=1.01), "notDue")],
)
def test_a_new_image_is_patched_within_a_day_of_the_moment(late, verdict):
    assert patch_decision(at(MOMENT) + late, schedule(), []).verdict == verdict


FAILED = [run(f"2026-0{month}-10 03:00", State.FAILED, month=f"2026-0{month}") for month in range(3, 8)]


def test_the_schedule_pauses_after_so_many_failures_in_a_row_and_says_which_was_the_last():
    assert decide("2026-08-12 03:00", OLD, *FAILED[:4]).verdict is PatchVerdict.DUE
    decision = decide("2026-08-12 03:00", OLD, *FAILED)
    assert (decision.verdict, decision.of.month) == (PatchVerdict.PAUSED, "2026-08")
    assert decision.because == (
        "The schedule pauses after 5 failures in a row, the last of them the run linux-20260710-030000-00000a "
        "(Failed): nothing is patched by itself until a run by hand, or of an upload, succeeds."
    )
    assert decide("2026-08-12 03:00", OLD, *FAILED, failures_before_pause=6).verdict is PatchVerdict.DUE
    assert decide("2026-08-12 03:00", OLD, *FAILED[-1:], failures_before_pause=1).verdict is PatchVerdict.PAUSED


@pytest.mark.parametrize(
    ("now", "later"),
    [
        ("2026-07-20 00:00", []),
        ("2026-08-12 03:00", []),
        ("2026-08-12 04:00", [run("2026-08-12 03:00", State.SKIPPED, month="2026-08")]),
    ],
    ids=["after the last failure", "at the next moment", "once the month was skipped"],
)
def test_a_pause_is_told_from_the_last_failure_until_a_run_by_hand_succeeds(now, later):
    records = [OLD, *FAILED, *later]
    outlook = patch_outlook(at(now), schedule(), records[::-1])
    assert outlook.paused
    assert outlook.because.startswith("The schedule pauses after 5 failures in a row")
    woken = patch_outlook(at(now), schedule(), [run("2026-08-13 10:00"), *records[::-1]])
    assert not woken.paused
    assert "pauses" not in woken.because
    assert why_paused(schedule(), FAILED[:0:-1]) is None


@pytest.mark.parametrize("state", list(State))
def test_ends_that_are_no_success_count_as_failures_unless_a_person_chose_them(state):
    *first, last = FAILED
    records = [*first, last.model_copy(update={"state": state})]
    paused = why_paused(schedule(), records[::-1]) is not None
    assert paused == (state in {State.FAILED, State.TIMED_OUT, State.PARTIALLY_SUCCEEDED})


@pytest.mark.parametrize("state", [State.SKIPPED, State.CANCELED, State.REJECTED])
def test_a_run_that_tried_nothing_is_passed_over_in_the_count(state):
    between = run("2026-05-20 03:00", state, month="2026-05")
    records = [*FAILED[:3], between, *FAILED[3:]]
    assert why_paused(schedule(), records[::-1])


@pytest.mark.parametrize(
    ("waker", "wakes"),
    [
        (run("2026-07-20 12:00"), True),
        (run("2026-07-20 12:00", kind="upload", scope=Scope.ALL), True),
        # The success lies between the failures: they are not in a row.
        (run("2026-03-20 12:00"), True),
        (run("2026-03-01 12:00"), False),
        (run("2026-07-20 12:00", State.FAILED), False),
        (run("2026-07-20 12:00", State.RUNNING), False),
        (run("2026-07-20 12:00", State.TRIGGERED), False),
        (run("2026-07-20 12:00", scope=Scope.ONLY_REMOVAL), False),
        (run("2026-07-20 12:00", scope=Scope.ONLY_INFRASTRUCTURE), False),
    ],
)
def test_only_a_success_since_the_first_of_the_failures_wakes_a_schedule(waker, wakes):
    records = sorted([*FAILED, waker], key=lambda record: record.started_at)
    verdict = decide("2026-08-12 03:00", OLD, *records).verdict
    assert verdict is (PatchVerdict.DUE if wakes else PatchVerdict.PAUSED)


def test_failures_of_others_do_not_pause_the_schedule():
    others = [record.model_copy(update={"started_by": OLD.started_by}) for record in FAILED]
    assert decide("2026-08-12 03:00", OLD, *others).verdict is PatchVerdict.DUE


def test_the_run_of_a_month_is_found_by_the_month_that_it_names():
    late = run("2026-04-10 03:00", month="2026-03")
    assert run_of_month("2026-03", [late, OLD]) is late
    assert run_of_month("2026-04", [late, OLD]) is None

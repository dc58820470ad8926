"""Celery's call sites."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from switchyard import Switchyard, TaskCancelled, TaskFailed, WaitTimeout


@pytest.fixture
def probe():
    with Switchyard.from_env() as sy:

        @sy.task("agent_probe")
        def probe(user, input=None):
            """Probes."""
            return f"probed {user}"

        yield probe


def test_delay_sends_the_arguments_by_their_names(probe, user):
    handle = probe.delay(user, {"give": 3})
    assert handle.get(timeout=30) == 3
    assert (handle.state, handle.info, handle.ready(), handle.successful(), handle.failed()) == ("SUCCESS", 3, True, True, False)
    assert probe.delay(user=user, input={"give": 4}).get(30) == 4


def test_a_task_that_is_called_runs_here(probe):
    assert (probe("ada"), probe.name, probe.__doc__) == ("probed ada", "agent_probe", "Probes.")
    with pytest.raises(TypeError):
        probe.delay()


def test_apply_async_takes_what_celery_takes(probe, user):
    later = probe.apply_async((user,), {"input": {"give": 1}}, countdown=3600, expires=7200, task_id=user, queue="default", tags=[user])
    assert (later.id, later.task_id, later.state, later.job.queue) == (user, user, "PENDING", "default")
    task = later.job.look()
    assert task.tags == [user] and task.state == "scheduled" and timedelta(minutes=59) < task.expires - task.due < timedelta(minutes=61)
    later.revoke()
    assert later.state == "REVOKED"
    with pytest.raises(TaskCancelled):
        later.get(timeout=30)
    at = datetime.utcnow().replace(microsecond=0) + timedelta(hours=1)  # without a zone, as Celery's call sites have it
    eta = probe.apply_async(kwargs={"user": user, "input": {}}, eta=at)
    assert eta.job.task.due.replace(tzinfo=None) == at
    eta.revoke(terminate=True)


def test_a_handle_tells_progress_and_errors(probe, user, gate):
    handle = probe.delay(user, {"progress": "half", "until": str(gate), "fail": "nope"})
    for event in handle.job.events():
        if event.progress:
            break
    assert (handle.state, handle.info["message"]) == ("STARTED", "half")
    with pytest.raises(WaitTimeout):
        handle.get(timeout=0.1)
    handle.revoke(terminate=False)  # what runs goes on
    gate.touch()
    with pytest.raises(TaskFailed, match="nope"):
        handle.get(timeout=30)
    assert isinstance(handle.get(timeout=30, propagate=False), TaskFailed)
    assert handle.state == "FAILURE" and isinstance(handle.info, TaskFailed)
    handle.forget()


def test_a_task_of_which_nothing_is_kept_is_pending(probe, user):
    handle = probe.delay(user, {"until": "/", "give": 1})
    handle.job.wait(30)
    handle.forget()
    handle.job.task = None
    assert (handle.state, handle.info, handle.ready()) == ("PENDING", None, False)


def test_arguments_without_names_are_refused_at_once():
    with Switchyard("http://127.0.0.1:1", timeout=0.1) as sy, pytest.raises(TypeError, match="takes \\*args"):

        @sy.task("agent_probe")
        def probe(*args):
            pass

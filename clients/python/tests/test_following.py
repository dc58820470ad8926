"""Streams of events, also over a network that is cut."""

from __future__ import annotations

import pytest

from switchyard import Problem, Unreachable


def test_a_task_is_followed_to_its_end_with_its_progress(sy, user, gate):
    job = sy.send("agent_probe", user=user, input={"progress": "reading", "until": str(gate), "give": 1})
    seen = []
    for event in job.events():
        seen.append(event)
        if event.progress and event.progress["message"] == "reading":
            gate.touch()
    assert [e.name for e in seen].count("ended") == 1
    assert (seen[-1].name, seen[-1].task.result, job.result()) == ("ended", 1, 1)


def test_a_stream_that_is_cut_goes_on_and_repeats_nothing(connect, proxy, user, gate):
    sy = connect(url=proxy.url)
    job = sy.send("agent_probe", user=user, input={"progress": "on the way", "until": str(gate), "give": "home"})
    seen = []
    for event in job.events():
        seen.append(event)
        if event.progress and not gate.exists():
            proxy.then(gate.touch)  # once the stream is opened anew
            proxy.cut()
    assert gate.exists() and (seen[-1].name, seen[-1].task.result) == ("ended", "home")
    assert len({e.id for e in seen}) == len(seen)


def test_a_wait_that_is_cut_goes_on(connect, proxy, user, gate):
    sy = connect(url=proxy.url)
    job = sy.send("agent_probe", user=user, input={"until": str(gate), "give": "home"})
    proxy.cut()
    gate.touch()
    assert job.result(timeout=30) == "home"


def test_following_what_is_not_there_is_refused(sy):
    with pytest.raises(Problem, match="there is no task"):
        next(iter(sy.job("no-such-task").events()))


def test_the_events_of_a_user_are_told_in_order_without_a_gap_or_a_repetition(connect, proxy, user):
    sy = connect(url=proxy.url)
    sy.pause(user)
    first = sy.brake(user).seq
    seen = []
    for event in sy.events_of(user, after=0):
        seen.append(event)
        if event.seq == first:
            proxy.cut()
            sy.resume(user)
            last = sy.brake(user).seq
        elif event.seq > first and event.seq == last:
            break
    assert [e.seq for e in seen] == list(range(1, last + 1)) and last > first
    assert {e.data["user"] for e in seen} == {user} and all(e.name == e.data["type"] for e in seen)
    assert next(iter(sy.events_of(user, after=1))).seq == 2


def test_a_stream_whose_server_stays_away_ends_by_an_error(connect, proxy, user, gate):
    sy = connect(url=proxy.url, timeout=0.5)
    job = sy.send("agent_probe", user=user, input={"until": str(gate)})
    events = iter(job.events())
    next(events)
    proxy.stop()
    with pytest.raises(Unreachable):
        list(events)
    gate.touch()

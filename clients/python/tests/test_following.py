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


def test_a_stream_that_is_cut_goes_on_without_a_gap_or_a_repetition(connect, proxy, user, gate):
    sy = connect(url=proxy.url)
    job = sy.send("agent_probe", user=user, input={"progress": "on the way", "until": str(gate), "give": "home"})
    seen, cuts = [], 0
    for event in job.events():
        seen.append(event)
        if event.progress and event.name == "state":
            if cuts == 0:
                gate.touch()
            cuts += 1
            proxy.cut()
    assert (seen[-1].name, seen[-1].task.result) == ("ended", "home")
    assert cuts >= 1 and proxy.connections > cuts
    ids = [e.id for e in seen]
    assert len(ids) == len(set(ids))


def test_a_wait_that_is_cut_goes_on(connect, proxy, user, gate):
    sy = connect(url=proxy.url)
    job = sy.send("agent_probe", user=user, input={"until": str(gate), "give": "home"})
    proxy.cut()
    gate.touch()
    assert job.result(timeout=30) == "home"


def test_following_what_is_not_there_is_refused(sy):
    with pytest.raises(Problem, match="there is no task"):
        next(iter(sy.job("no-such-task").events()))


def test_the_events_of_a_user_are_told_in_order_and_from_any_number(connect, proxy, user):
    sy = connect(url=proxy.url)
    sy.pause(user)
    sy.resume(user)
    sy.pause(user)
    seen = []
    for event in sy.events_of(user, after=0):
        seen.append(event)
        if event.seq == 1:
            proxy.cut()
        if event.seq == sy.brake(user).seq:
            break
    assert [e.seq for e in seen] == list(range(1, len(seen) + 1))
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

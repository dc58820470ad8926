"""The brake, the schedule, kinds, queues and tokens."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest

from switchyard import Problem, TaskCancelled


def test_a_user_who_is_paused_has_no_agent_run_until_they_are_resumed(sy, user, gate):
    job = sy.send("agent_probe", user=user, input={"progress": "begun", "until": str(gate), "give": "done"})
    for event in job.events():
        if event.progress:
            break
    paused = sy.pause(user)
    assert (paused.state, paused.changed, paused.stopped) == ("paused", True, [f"agents/{job.id}"])
    assert sy.brake(user).state == "paused" and job.look().state == "parked"
    gate.touch()
    resumed = sy.resume(user)
    assert resumed.changed and resumed.resumed == [f"agents/{job.id}"]
    assert job.result(timeout=30) == "done"


def test_an_entry_is_put_looked_at_paused_run_and_removed(sy, user):
    start = datetime(2090, 1, 1, tzinfo=timezone.utc)
    entry = sy.schedule.put(
        user, "0 8 * * MON-FRI", "agent_probe", {"user": user, "input": {"give": "tick"}}, zone="Europe/Berlin", owner=user, start=start, fresh_for="10m", spread=90
    )
    assert (entry.id, entry.kind, entry.origin, entry.start, entry.spread) == (user, "agent_probe", "api", start, "1m30s")
    assert len(entry.next) == 10 and entry.next[0] == datetime(2090, 1, 2, 7, tzinfo=timezone.utc)
    assert sy.schedule.get(user).revision == entry.revision
    assert [e.id for e in sy.schedule.list(owner=user)] == [user]
    assert sy.schedule.pause(user).paused and not sy.schedule.resume(user).paused
    assert sy.schedule.run(user).result(timeout=30) == "tick"
    sy.schedule.delete(user)
    with pytest.raises(Problem, match="there is no entry"):
        sy.schedule.get(user)


def test_an_entry_that_somebody_has_changed_is_not_overwritten(sy, user):
    payload = {"user": user, "input": {}}
    assert sy.schedule.put(user, "@daily", "agent_probe", payload, dry_run=True).next
    assert list(sy.schedule.list(match=user)) == []
    first = sy.schedule.put(user, "@daily", "agent_probe", payload, only_new=True)
    sy.schedule.put(user, "@hourly", "agent_probe", payload, revision=first.revision)
    for condition in ({"only_new": True}, {"revision": first.revision}):
        with pytest.raises(Problem) as caught:
            sy.schedule.put(user, "@weekly", "agent_probe", payload, **condition)
        assert (caught.value.name, caught.value.status) == ("changed", 412)
    assert sy.schedule.get(user).spec == "@hourly"
    sy.schedule.delete(user)


def test_kinds_have_schemas_and_queues_have_sizes(sy, user):
    probe = next(k for k in sy.kinds() if k.name == "agent_probe")
    assert (probe.queue, probe.policy["retries"], probe.schema["type"]) == ("agents", 0, "object")
    sy.send("agent_probe", user=user, input={}, in_="1h", queue="agents")
    assert next(q for q in sy.queues() if q.name == "agents").scheduled >= 1


def test_a_child_token_may_do_what_it_was_made_for_and_does_not_show(connect, sy, user, gate):
    job = sy.send("agent_probe", user=user, input={"until": str(gate)})
    child = sy.child_token(["tasks:read", "tasks:cancel"], "15m", tasks=[job.id])
    assert child.token.startswith("sy_") and child.token not in repr(child)
    page = connect(token=child.token)
    page.job(job.id).cancel()
    with pytest.raises(TaskCancelled):
        page.job(job.id).result(timeout=30)
    with pytest.raises(Problem) as caught:
        page.send("agent_probe", user=user, input={})
    assert (caught.value.name, caught.value.body["scope"]) == ("forbidden", "tasks:send:agent_probe")

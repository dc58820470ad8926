"""What becomes of tasks that are sent."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from switchyard import NewTask, Problem, TaskCancelled, TaskExpired, TaskFailed, WaitTimeout


def test_a_task_that_is_sent_is_performed_and_its_result_returned(sy, user):
    job = sy.send("agent_probe", user=user, input={"give": {"n": 1, "text": "é\u0085\u2028"}})
    assert job.result(timeout=30) == {"n": 1, "text": "é\u0085\u2028"}
    assert (job.task.state, job.task.ended, job.task.user, job.queue) == ("succeeded", True, user, "agents")
    assert job.task.ended_at.tzinfo is timezone.utc


def test_sending_may_wait_for_the_end(sy, user):
    job = sy.send("agent_probe", {"user": user, "input": {"give": 7}}, wait=30)
    assert job.task.ended and job.task.result == 7
    job.delete()
    assert job.result() == 7  # nothing is asked any more


def test_a_task_that_fails_raises_what_it_has_said(sy, user):
    with pytest.raises(TaskFailed, match="is failed: .*no such account") as caught:
        sy.send("agent_probe", user=user, input={"fail": "no such account"}).result(timeout=30)
    assert caught.value.task.state == "failed"


def test_a_task_that_is_cancelled_raises_it_and_can_be_cancelled_again(sy, user, gate):
    job = sy.send("agent_probe", user=user, input={"until": str(gate)})
    job.cancel("the user has left")
    with pytest.raises(TaskCancelled, match="the user has left"):
        job.result(timeout=30)
    assert job.cancel().state == "cancelled"


def test_a_task_that_is_not_done_in_time_expires(sy, user, gate):
    job = sy.send("agent_probe", user=user, input={"until": str(gate)}, expires="1s")
    with pytest.raises(TaskExpired):
        job.result(timeout=30)


def test_whoever_waits_too_short_is_told_and_the_task_goes_on(sy, user, gate):
    job = sy.send("agent_probe", user=user, input={"until": str(gate), "give": "late"})
    for timeout in (0, 0.2):
        with pytest.raises(WaitTimeout) as caught:
            job.result(timeout=timeout)
        assert isinstance(caught.value, TimeoutError)
    gate.touch()
    assert job.result(timeout=30) == "late"


def test_the_same_key_sends_one_task(sy, user):
    first = sy.send("agent_probe", user=user, input={}, key=user, expires="1h")
    second = sy.send("agent_probe", user=user, input={}, key=user, expires="1h")
    assert (second.id, first.duplicate, second.duplicate) == (first.id, False, True)
    with pytest.raises(Problem) as caught:
        sy.send("agent_probe", user=user, input={"give": 2}, key=user)
    assert (caught.value.name, caught.value.status) == ("key-reused", 422)
    assert sy.send("agent_probe", user=user, input={}).id != sy.send("agent_probe", user=user, input={}).id


def test_a_refusal_names_each_fault_by_its_place(sy, user):
    with pytest.raises(Problem) as caught:
        sy.send("agent_probe", user=user, input={}, in_=60, at=datetime.now(timezone.utc) + timedelta(hours=1))
    assert (caught.value.type, caught.value.status) == ("/problems/invalid", 422)
    assert [(f.pointer, f.detail) for f in caught.value.errors] == [("/in", "at and in are both given: leave one out")]
    assert caught.value.request_id
    with pytest.raises(Problem) as caught:
        sy.send("agent_none", user=user)
    assert caught.value.name == "unknown-kind" and "agent_probe" in caught.value.body["known"]


def test_many_tasks_are_sent_at_once_and_one_that_is_refused_stops_no_other(sy, user):
    good = NewTask("agent_probe", {"user": user, "input": {"give": 1}}, id=user)
    sent = sy.send_many([good, NewTask("agent_none"), good])
    assert [s.status for s in sent] == ["sent", "refused", "duplicate"]
    assert sent[1].problem.name == "unknown-kind" and sent[1].problem.errors[0].pointer == "/items/1/kind"
    assert sy.job(sent[0].id).result(timeout=30) == 1
    with pytest.raises(Problem, match="agent_none"):
        sy.send_many([NewTask("agent_probe", {"user": user, "input": {}}), NewTask("agent_none")], atomic=True)
    assert [t.id for t in sy.list(user=user)] == [user]


def test_a_task_that_waits_for_its_time_is_run_replayed_and_deleted(sy, user):
    job = sy.send("agent_probe", user=user, input={"give": "now"}, in_=timedelta(hours=2), retention="10m")
    assert job.task.state == "scheduled" and job.task.due > datetime.now(timezone.utc) + timedelta(hours=1)
    job.run()
    assert job.result(timeout=30) == "now"
    again = job.replay()
    assert again.id != job.id and again.result(timeout=30) == "now"
    again.delete()
    with pytest.raises(Problem) as caught:
        sy.job(again.id).look()
    assert (caught.value.name, caught.value.status) == ("not-found", 404)


def test_an_id_of_your_own_names_the_task(sy, user):
    id = user + ":a+b@c-d._"
    assert sy.send("agent_probe", user=user, input={"give": 1}, id=id).id == id
    assert sy.job(id, "agents").result(timeout=30) == sy.job(id).result(timeout=30) == 1


def test_tasks_are_listed_page_by_page_by_what_they_are(sy, user):
    sent = sy.send_many([NewTask("agent_probe", {"user": user, "input": {}}, in_="1h") for _ in range(150)])
    found = list(sy.list(user=user, kind="agent_probe", state=["scheduled", "failed"], queue="agents"))
    assert sorted(t.id for t in found) == sorted(s.id for s in sent)
    assert list(sy.list(user=user, state="failed")) == []


def test_a_task_is_found_by_its_tag_its_kind_and_when_it_was_sent(sy, user):
    labels = {"tags": [f"order:{user}"], "meta": {"shop": "web"}}
    first = sy.job(sy.send("agent_probe", user=user, input={}, in_="1h", **labels).id).look()
    sy.send_many([NewTask("agent_probe", {"user": user, "input": {}}, in_="1h", **labels), NewTask("agent_probe", {"user": user, "input": {}}, in_="1h")])
    assert (first.tags, first.meta) == (labels["tags"], labels["meta"])
    second = timedelta(seconds=10)
    found = list(sy.list(tag=f"order:{user}", kind="agent_*", from_=first.created - second, to=first.created + second))
    assert [t.tags for t in found] == [labels["tags"]] * 2 and [t.id for t in found][-1] == first.id
    for other in ({"tag": "other"}, {"kind": "scrape_*"}, {"from_": first.created + second}, {"to": first.created - second}):
        assert list(sy.list(user=user, **other)) == []
    assert [t.id for t in sy.runs(user=user, kind="agent_probe", tag=f"order:{user}", state=["scheduled"])] == [t.id for t in found]
    assert list(sy.runs(user=user, waits=True)) == []


def test_a_task_that_waits_is_changed_unless_somebody_was_faster(sy, user):
    mine = sy.send("agent_probe", user=user, input={"give": 1}, in_="1h")
    yours = sy.job(mine.id)
    mine.look()
    at = datetime.now(timezone.utc).replace(microsecond=0) + timedelta(hours=2)
    changed = yours.change(at=at, expires=at + timedelta(hours=1))
    assert (changed.due, changed.expires) == (at, at + timedelta(hours=1))
    with pytest.raises(Problem) as caught:
        mine.change(in_=0)
    assert (caught.value.name, caught.value.status) == ("changed", 412)
    mine.look()
    mine.change(in_=0)
    assert mine.result(timeout=30) == 1
    with pytest.raises(Problem) as caught:
        yours.change(in_=0)
    assert caught.value.name in ("changed", "wrong-state")


def test_the_attempts_at_a_task_are_told(sy, user):
    job = sy.send("agent_probe", user=user, input={"fail": "no such account"})
    job.wait(30)
    (attempt,) = job.attempts()
    assert (attempt.number, attempt.outcome, "no such account" in attempt.error) == (1, "dead", True)
    assert attempt.began <= attempt.ended


def test_an_address_that_cannot_be_told_is_refused_at_its_place(sy, user):
    for notify in (["https://app.example.com/"], [{"url": "https://app.example.com/", "on": ["failed"]}]):
        with pytest.raises(Problem) as caught:
            sy.send("agent_probe", user=user, input={}, notify=notify)
        assert caught.value.errors[0].pointer == "/notify/0/url"


def test_what_is_no_json_or_no_time_is_never_sent(sy):
    for fields in ({"input": {"n": float("nan")}}, {"expires": -1}, {"at": datetime(2090, 1, 1)}, {"in_": timedelta(days=-1)}, {"tags": "order"}, {"notify": "https://app.example.com/"}):
        with pytest.raises(ValueError):
            sy.send("agent_probe", user="x", **fields)
    for name in ("", ".", ".."):
        with pytest.raises(ValueError, match="give an ID"):
            sy.job(name).look()


def test_a_batch_is_followed_by_a_task(sy, user):
    def probe(**options):
        return NewTask("agent_probe", {"user": user, "input": {}}, **options)

    batch = sy.send_batch([probe(), probe(), NewTask("agent_none")], then=NewTask("agent_probe", {"user": user}), results="/input/results")
    assert [sent.status for sent in batch.sent] == ["sent", "sent", "refused"]
    status = batch.wait(timeout=60)
    assert (status.total, status.succeeded, status.waiting, status.done) == (2, 2, 0, True)
    assert [(outcome.id, outcome.state) for outcome in batch.results()] == [(sent.id, "succeeded") for sent in batch.sent[:2]]
    following = batch.then()
    assert following.id == status.then["id"]
    later = sy.send_batch([probe(in_="1h")], id=f"later-{user}")
    with pytest.raises(WaitTimeout, match="has 1 tasks after 0.2 seconds that have not ended"):
        later.wait(timeout=0.2)
    assert sy.batch(f"later-{user}").cancel("enough").total == 1
    assert later.wait(timeout=60).cancelled == 1 and later.then() is None

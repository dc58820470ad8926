"""Judges the Celery door as an application sees it. Prints PASS or FAIL for each case."""
import datetime
import json
import math
import os
import sys
import time
import traceback
import uuid

import redis
from celery import chain, chord, group, signature
from celery.exceptions import ChordError, SoftTimeLimitExceeded, TaskRevokedError, TimeLimitExceeded, TimeoutError
from celery.result import AsyncResult, GroupResult
from kombu.exceptions import ContentDisallowed

from app import *

broker = redis.Redis.from_url(os.environ["BROKER"])
backend = redis.Redis.from_url(os.environ["BACKEND"])
WAIT = 20


def eq(got, want):
    assert got == want, f"got {got!r}, want {want!r}"


def get(result, **kwargs):
    return result.get(timeout=WAIT, interval=0.01, **kwargs)


def raises(exception, result, text=None):
    try:
        value = get(result)
    except exception as e:
        assert type(e).__name__ == exception.__name__, type(e)
        assert text is None or text in str(e), str(e)
        return e
    raise AssertionError(f"{value!r} is no {exception.__name__}")


def until(state, result, wait=WAIT):
    ends = time.time() + wait
    while result.state != state:
        assert time.time() < ends, f"state {result.state}, want {state}"
        time.sleep(0.005)
    return result.info


def lines(name):
    try:
        with open(os.path.join(os.environ["DIR"], name)) as f:
            return [json.loads(line) for line in f]
    except FileNotFoundError:
        return []


def await_lines(name, n):
    ends = time.time() + WAIT
    while len(lines(name)) < n:
        assert time.time() < ends, lines(name)
        time.sleep(0.01)
    return lines(name)


# What is sent, and what a result is.

def basic_delay():
    r = echo.delay("hello")
    eq(get(r), "hello")
    eq(r.state, "SUCCESS")
    assert r.successful() and r.ready() and r.date_done is not None


def basic_keywords():
    eq(get(add.delay(x=2, y=3)), 5)
    eq(get(add.apply_async((2,), {"y": 3})), 5)


def basic_by_name():
    eq(get(app.send_task("app.go.echo", args=["by name"])), "by name")


def basic_signature():
    eq(get(add.s(2).apply_async((3,))), 5)
    eq(get(signature("app.go.add", args=(1, 2)).apply_async()), 3)


def basic_queue_of_its_own():
    eq(get(echo.apply_async(("other queue",), queue="celery")), "other queue")


def basic_unicode():
    text = "grüße, \u4e16\u754c, \U0001f600, \u0000, \"quoted\""
    eq(get(echo.delay(text)), text)
    eq(get(echo.delay({"ä": [None, True, 1.5, -0.0, 12345678901234567, {}], "": []})), {"ä": [None, True, 1.5, -0.0, 12345678901234567, {}], "": []})


def basic_null():
    eq(get(echo.delay(None)), None)


def basic_megabyte():
    text = "x" * (1 << 20 - 1) + "y"
    eq(get(echo.delay(text)), text)


def basic_too_large():
    raises(ValueError, echo.delay("x" * (3 << 20)))


def basic_two_hundred():
    results = [add.delay(i, i) for i in range(200)]
    eq([get(r) for r in results], [2 * i for i in range(200)])


def basic_ignored():
    r = echo.apply_async(("nobody",), ignore_result=True)
    get(echo.delay("behind it"))
    time.sleep(0.1)
    eq(backend.get("celery-task-meta-" + r.id), None)


def basic_forget():
    r = echo.delay(1)
    eq(get(r), 1)
    r.forget()
    eq(AsyncResult(r.id).state, "PENDING")


def basic_expiry():
    r = echo.delay(1)
    get(r)
    ttl = backend.ttl("celery-task-meta-" + r.id)
    assert 3500 < ttl <= 3600, ttl


def basic_compressed():
    for name in ("gzip", "zlib", "bzip2"):
        eq(get(echo.apply_async((name * 100,), compression=name)), name * 100)


def basic_protocol_1():
    app.conf.task_protocol = 1
    app.amqp.__dict__.pop("create_task_message", None)
    try:
        eq(get(echo.delay("old")), "old")
    finally:
        app.conf.task_protocol = 2
        app.amqp.__dict__.pop("create_task_message", None)


def basic_headers_and_shadow():
    eq(get(echo.apply_async((1,), headers={"tenant": "t1"}, shadow="pretty")), 1)


def basic_extended():
    r = add.delay(1, y=2)
    get(r)
    if app.conf.result_extended:
        eq((r.name, r.args, r.kwargs, r.queue), ("app.go.add", [1], {"y": 2}, "scraping"))
        assert r.worker.startswith("switchyard-"), r.worker
    else:
        assert b'"name"' not in backend.get("celery-task-meta-" + r.id) or r.name is None


def basic_same_id():
    name = uuid.uuid4().hex
    file = os.path.join(os.environ["DIR"], name)
    results = [mark.apply_async((file, "ran"), task_id=name) for _ in range(3)]
    eq([get(r) for r in results], ["ran"] * 3)
    get(echo.delay("behind them"))
    eq(open(file).read(), "ran\n")


# When.

def time_countdown():
    begun = time.time()
    r = echo.apply_async((1,), countdown=1.2)
    eq(get(r), 1)
    took = time.time() - begun
    assert 1.2 <= took < 4, took


def time_eta_naive_and_z():
    at = datetime.datetime.utcnow() + datetime.timedelta(seconds=1)
    for eta in (at, at.replace(tzinfo=datetime.timezone.utc), at.replace(tzinfo=datetime.timezone.utc).astimezone(datetime.timezone(datetime.timedelta(hours=5)))):
        r = echo.apply_async((1,), eta=eta)
        eq(get(r), 1)
        assert datetime.datetime.utcnow() >= at


def time_eta_texts():
    for eta in ("2020-01-01T00:00:00Z", "2020-01-01T00:00:00", "2020-01-01T00:00:00.123456+02:00"):
        r = app.send_task("app.go.echo", args=[eta], headers={"eta": eta})
        eq(get(r), eta)


def time_expired():
    r = echo.apply_async((1,), expires=-1)
    e = raises(TaskRevokedError, r, "expired")
    eq(r.state, "REVOKED")


def time_expires_while_it_waits():
    r = echo.apply_async((1,), countdown=2, expires=1)
    raises(TaskRevokedError, r, "expired")


def time_limits():
    raises(TimeLimitExceeded, nap.apply_async((30,), time_limit=1, retries=3))
    raises(SoftTimeLimitExceeded, nap.apply_async((30,), soft_time_limit=1, time_limit=5, retries=3))


# How it ends otherwise.

def end_failure():
    r = fail.delay("no way")
    e = raises(RuntimeError, r, "no way")
    eq(r.state, "FAILURE")
    assert "no way" in r.traceback


def end_retried():
    r = flaky.delay(2)
    info = until("RETRY", r)
    assert "attempt 1 fails" in str(info), info
    eq(get(r), 3)


def end_progress():
    r = steps.delay(3)
    info = until("PROGRESS", r)
    assert info["total"] == 3, info
    eq(get(r), 3)


def end_started():
    r = nap.delay(0.5)
    info = until("STARTED", r)
    assert info["pid"] > 0 and "@" in info["hostname"], info
    eq(get(r), "slept")


def end_wrong_arguments():
    raises(TypeError, add.delay(1, 2, 3), "app.go.add() takes 2 positional arguments but 3 were given")
    raises(TypeError, add.apply_async((1,), {"x": 2}), "got multiple values for argument 'x'")
    raises(TypeError, add.delay(1, 2, z=3), "z")
    raises(TypeError, add.delay("one", 2), "x")


def end_nan():
    raises(ValueError, echo.delay(math.nan), "NaN")
    raises(ValueError, echo.delay([1, {"a": math.inf}]), "Infinity")


def end_odd_id():
    for odd in ("x/y:z", "a b", "ä", "x" * 400):
        raises(ValueError, echo.apply_async((1,), task_id=odd), "task ID")


def end_pickle():
    raises(ContentDisallowed, echo.apply_async((1,), serializer="pickle"))
    raises(ContentDisallowed, echo.apply_async((1,), serializer="yaml") if "yaml" in sys.modules else echo.apply_async((1,), serializer="pickle"))


def end_not_json():
    before = backend.dbsize()
    for text in (b"not json", b"", b"{}", b"[]", b"null", b'{"body": 1}', b'{"body": "", "headers": {}, "properties": {}}', b"\xff\xfe", b"{" * 100000):
        broker.lpush(PREFIX + "scraping", text)
    good = echo.delay("behind the bad ones")
    eq(get(good), "behind the bad ones")
    eq(broker.llen(PREFIX + "scraping"), 0)


def end_body_not_json():
    name = str(uuid.uuid4())
    envelope = {"body": "bm90IGpzb24=", "content-type": "application/json", "content-encoding": "utf-8",
                "headers": {"id": name, "task": "app.go.echo", "lang": "py", "argsrepr": "", "kwargsrepr": ""},
                "properties": {"body_encoding": "base64", "delivery_tag": name, "delivery_info": {"exchange": "", "routing_key": "scraping"}, "correlation_id": name, "reply_to": name, "priority": 0}}
    broker.lpush(PREFIX + "scraping", json.dumps(envelope))
    r = AsyncResult(name)
    try:
        get(r)
    except Exception:
        pass
    eq(r.state, "FAILURE")


# Revoked.

def revoke_waiting():
    r = echo.apply_async((1,), countdown=60)
    time.sleep(0.2)
    app.control.revoke(r.id)
    raises(TaskRevokedError, r, "revoked")
    eq(r.state, "REVOKED")


def revoke_running():
    r = nap.delay(30)
    until("STARTED", r)
    app.control.revoke(r.id, terminate=True)
    raises(TaskRevokedError, r, "terminated")


def revoke_running_is_left_without_terminate():
    r = nap.delay(1)
    until("STARTED", r)
    app.control.revoke(r.id)
    eq(get(r), "slept")


def revoke_before_it_is_sent():
    name = str(uuid.uuid4())
    app.control.revoke(name)
    time.sleep(0.3)
    raises(TaskRevokedError, echo.apply_async((1,), task_id=name), "revoked")


def revoke_many():
    all = [echo.apply_async((1,), countdown=60) for _ in range(3)]
    time.sleep(0.2)
    app.control.revoke([r.id for r in all])
    for r in all:
        raises(TaskRevokedError, r, "revoked")


# With one slot.

def slot_priorities_are_served_in_their_order():
    name = os.path.join(os.environ["DIR"], uuid.uuid4().hex)
    busy = nap.delay(1)
    until("STARTED", busy)
    results = [mark.apply_async((name, f"{p} {i}"), priority=p) for i in range(3) for p in (9, 6, 5, 3, 1, 0)]
    for r in results:
        get(r)
    got = open(name).read().split("\n")[:-1]
    eq([line[0] for line in got[:6]], ["1", "0"] * 3)
    eq([line[0] for line in got[6:12]], ["5", "3"] * 3)
    eq([line[0] for line in got[12:]], ["6"] * 3 + ["9"] * 3)


def slot_urgent_overtakes():
    name = os.path.join(os.environ["DIR"], uuid.uuid4().hex)
    busy = nap.delay(1)
    until("STARTED", busy)
    low = [mark.apply_async((name, f"low {i}"), priority=9) for i in range(20)]
    time.sleep(0.3)  # for the door to look at them, and leave them where they are
    eq(broker.llen(PREFIX + "scraping\x06\x169"), 20)
    urgent = mark.delay(name, "urgent")
    for r in low + [urgent]:
        get(r)
    eq(open(name).read().split("\n")[0], "urgent")


def slot_each_priority_is_served_at_once():
    slowest = {}
    for p in (0, 3, 6, 9):
        took = []
        for _ in range(20):
            begun = time.perf_counter()
            get(echo.apply_async((p,), priority=p))
            took.append(time.perf_counter() - begun)
        slowest[p] = sorted(took)[10]
    note("priorities", slowest)
    assert max(slowest.values()) < 0.05, slowest


def slot_revoke_waiting_in_the_list():
    busy = nap.delay(1)
    until("STARTED", busy)
    r = echo.apply_async((1,), priority=9)
    app.control.revoke(r.id)
    raises(TaskRevokedError, r, "revoked")


# Killed workers.

def killed_send():
    print("sending", file=sys.stderr, flush=True)
    file = os.path.join(os.environ["DIR"], "ran")
    for i in range(1500):
        name = f"task-{i}"
        note("sent", mark.apply_async((file, name, 0.005), task_id=name).id)
        if i % 25 == 0:
            parts = [mark.si(file, f"part-{i}-{n}", 0.005).set(task_id=f"part-{i}-{n}") for n in range(4)]
            note("chords", chord(parts)(mark.si(file, f"body-{i}").set(task_id=f"body-{i}")).id)
            note("chains", chain(mark.si(file, f"first-{i}", 0.005).set(task_id=f"first-{i}"), mark.si(file, f"last-{i}").set(task_id=f"last-{i}"))().id)
        time.sleep(0.005)
    note("all", True)


def killed_check():
    ends = time.time() + 90
    while not lines("all"):
        assert time.time() < ends, "not all is sent"
        time.sleep(0.1)
    missing = [id for (id,) in lines("sent") + lines("chords") + lines("chains")]
    eq(len(missing), 1500 + 60 + 60)
    while missing:
        states = {id: AsyncResult(id).state for id in missing}
        missing = [id for id in missing if states[id] != "SUCCESS"]
        assert time.time() < ends, (len(missing), {id: states[id] for id in missing[:10]})
        time.sleep(0.2)


# Control.

def control_inspect():
    r = nap.apply_async((30,))
    later = echo.apply_async((1,), countdown=60)
    until("STARTED", r)
    i = app.control.inspect(timeout=1)
    names = [n for n in i.ping() if n.startswith("switchyard-")]
    eq(len(names), 1)
    name = names[0]
    active = i.active()[name]
    eq([(a["id"], a["name"], a["args"]) for a in active], [(r.id, "app.go.nap", [30])])
    eq(i.reserved()[name], [])
    assert later.id in [s["request"]["id"] for s in i.scheduled()[name]]
    assert "app.go.echo" in i.registered()[name]
    assert i.stats()[name]["total"]["app.go.nap"] >= 1
    eq([q["name"] for q in i.active_queues()[name]], ["scraping", "celery"])
    app.control.revoke([r.id, later.id], terminate=True)
    raises(TaskRevokedError, r, "terminated")
    assert later.id in app.control.inspect(timeout=1).revoked()[name]


def control_shutdown_is_refused():
    names = [n for n in app.control.inspect(timeout=1).ping() if n.startswith("switchyard-")]
    answers = [a for each in app.control.broadcast("shutdown", destination=names, reply=True, timeout=1) for a in each.values()]
    assert answers and "error" in answers[0], answers
    eq(get(echo.delay("still here")), "still here")


def control_events():
    got = []
    with app.connection() as connection:
        state = app.events.State()
        def take(event):
            state.event(event)
            got.append(event)
        receiver = app.events.Receiver(connection, handlers={"*": take})
        app.control.enable_events()
        time.sleep(0.3)
        r, bad = echo.delay("seen"), fail.delay("seen, too")
        ends = time.time() + WAIT
        for _ in receiver.itercapture(limit=None, timeout=WAIT, wakeup=False):
            if {e["type"] for e in got if e.get("uuid") == r.id} >= {"task-received", "task-started", "task-succeeded"} and \
                    {e["type"] for e in got if e.get("uuid") == bad.id} >= {"task-failed"} and any(e["type"] == "worker-heartbeat" and e["hostname"].startswith("switchyard-") for e in got):
                break
            assert time.time() < ends, got
    task = state.tasks[r.id]
    eq((task.name, task.state), ("app.go.echo", "SUCCESS"))
    assert [w for w in state.workers if w.startswith("switchyard-")]
    app.control.disable_events()


# Canvas.

def canvas_chain():
    r = chain(add.s(1, 2), add.s(3), add.s(4))()
    eq(get(r), 10)
    eq(get(r.parent), 6)
    eq(get(r.parent.parent), 3)


def canvas_chain_mixed():
    eq(get(chain(add.s(1, 2), pyadd.s(3), add.s(4))()), 10)
    eq(get(chain(pyadd.s(1, 2), add.s(3), pyadd.s(4))()), 10)


def canvas_immutable():
    eq(get(chain(add.s(1, 2), add.si(3, 3))()), 6)


def canvas_chain_fails():
    r = chain(fail.si("first"), add.s(1), add.s(2))()
    raises(RuntimeError, r, "first")
    eq(r.state, "FAILURE")
    eq(r.parent.parent.state, "FAILURE")


def canvas_group():
    r = group(add.s(i, i) for i in range(10))()
    eq(get(r), [2 * i for i in range(10)])


def canvas_group_mixed():
    eq(get(group(add.s(1, 1), pyadd.s(2, 2))()), [2, 4])


def canvas_group_saved():
    r = group(add.s(i, i) for i in range(3))()
    r.save()
    get(r)
    restored = GroupResult.restore(r.id)
    assert restored.successful()
    eq([c.result for c in restored.children], [0, 2, 4])


def canvas_chord():
    eq(get(chord([add.s(i, i) for i in range(5)])(total.s())), 20)


def canvas_chord_python_body():
    eq(get(chord([add.s(i, i) for i in range(5)])(pysum.s())), 20)


def canvas_chord_python_parts():
    eq(get(chord([pyadd.s(i, i) for i in range(5)])(total.s())), 20)


def canvas_chord_mixed():
    for body in (total, pysum):
        eq(get(chord([(add if i % 2 else pyadd).s(i, i) for i in range(8)])(body.s())), 56)


def canvas_chord_of_one():
    eq(get(chord([add.s(1, 1)])(total.s())), 2)


def canvas_chord_in_chain():
    eq(get(chain(add.s(1, 1), group(add.s(1), add.s(2)), total.s(), add.s(10))()), 17)


def canvas_chain_in_chord():
    eq(get(chord([chain(add.s(1, 1), add.s(1)), chain(add.s(2, 2), pyadd.s(1))])(total.s())), 8)


def canvas_chord_of_chords():
    inner = [chord([add.s(i, 1), add.s(i, 2)], total.s()) for i in (1, 2)]
    eq(get(chord(inner)(total.s())), 5 + 7)


def canvas_chord_fails():
    r = chord([add.s(1, 1), fail.s("a part fails"), add.s(2, 2)])(total.s())
    info = until("FAILURE", r)
    assert isinstance(info, ChordError) and "a part fails" in str(info), repr(info)


def canvas_chord_fails_in_a_chain():
    r = chord([chain(fail.si("deep"), add.s(1)), add.s(2, 2)])(total.s())
    info = until("FAILURE", r)
    assert isinstance(info, ChordError) and "deep" in str(info), repr(info)


def canvas_link():
    before = len(lines("notes"))
    eq(get(add.apply_async((1, 2), link=pynote.s("linked"))), 3)
    eq(await_lines("notes", before + 1)[-1], [[3, "linked"], {}])


def canvas_link_here():
    file = os.path.join(os.environ["DIR"], uuid.uuid4().hex)
    r = add.apply_async((1, 2), link=mark.si(file, "linked"))
    eq(get(r), 3)
    eq(get(r.children[0]), "linked")


def canvas_link_error():
    before = len(lines("notes"))
    r = fail.apply_async(("no",), link_error=pynote.s())
    raises(RuntimeError, r, "no")
    eq(await_lines("notes", before + 1)[-1], [[r.id], {}])


def canvas_children():
    r = chain(add.s(1, 1), add.s(2))()
    get(r)
    eq([c.id for c in r.parent.children], [r.id])


# Python goes on.

def python_unported():
    eq(get(unported.delay(1)), ["python", 1])


def python_unported_many():
    eq([get(r) for r in [unported.delay(i) for i in range(50)]], [["python", i] for i in range(50)])


def python_retries():
    eq(get(app.send_task("app.py.again", args=[2], queue="scraping")), 2)


def python_unported_pickle_and_nan():
    r = unported.apply_async((math.nan,))
    assert math.isnan(get(r)[1])


def zz_nothing_of_ours_ran_in_python():
    eq(lines("wrong"), [])


def main():
    wanted, failed = sys.argv[1].split(","), 0
    for name, case in list(globals().items()):
        if not any(name.startswith(w) for w in wanted) or not callable(case) or getattr(case, "__module__", "") != "__main__":
            continue
        begun = time.time()
        try:
            case()
            print("PASS", name, f"{time.time() - begun:.3f}", flush=True)
        except Exception:
            failed += 1
            print("FAIL", name, traceback.format_exc().replace("\n", "\\n"), flush=True)
            if failed == 3:
                break  # each waits long


if __name__ == "__main__":
    main()

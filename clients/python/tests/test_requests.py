"""Which requests are repeated, what is refused, and what never shows."""

from __future__ import annotations

import logging
import socket
import traceback

import httpx
import pytest

from switchyard import NewTask, Problem, Switchyard, SwitchyardError, Unreachable
from switchyard.sse import Decoder

TASK = {"id": "x", "kind": "k", "queue": "q", "state": "waiting", "ended": False}
SECRET = "sy_jhm4tht2vlnh_LsJORiCx6QqVAqYhMRFC5wKklLeiPQXnbDYijKZO4nv"


def problem(name, status, **headers):
    return httpx.Response(status, json={"type": f"/problems/{name}", "detail": name, "status": status}, headers={k.replace("_", "-"): v for k, v in headers.items()})


class Server:
    """Answers with one of its answers after the other, and keeps the requests."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.requests = []

    def __call__(self, request):
        self.requests.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)  # one is sent only once


@pytest.mark.parametrize(
    "failure",
    [problem("unavailable", 503), problem("rate-limited", 429), problem("key-in-progress", 409), httpx.Response(502), httpx.ReadError("cut"), httpx.ConnectError("refused"), httpx.ReadTimeout("")],
    ids=str,
)
def test_sending_is_repeated_with_the_same_key_and_body(connect, failure):
    server = Server(failure, failure, httpx.Response(201, json=TASK))
    assert connect(answer=server).send("k", expires="1h").id == "x"
    assert len(server.requests) == 3
    assert len({(r.headers["idempotency-key"], r.content) for r in server.requests}) == 1


@pytest.mark.parametrize("change", [lambda sy: sy.job("x").run(key="k"), lambda sy: sy.job("x").replay(key="k"), lambda sy: sy.job("x").cancel(key="k"), lambda sy: sy.schedule.run("x", key="k")])
def test_what_has_a_key_is_repeated_with_it_after_a_lost_answer(connect, change):
    server = Server(httpx.ReadError("cut"), problem("key-in-progress", 409), httpx.Response(200, json=TASK))
    assert change(connect(answer=server)).id == "x"
    assert [r.headers["idempotency-key"] for r in server.requests] == ["k"] * 3


def test_many_are_sent_with_one_key_however_often_they_are_repeated(connect):
    server = Server(httpx.ReadError("cut"), httpx.Response(200, json={"items": [{"status": "sent", "id": "x", "queue": "q"}]}))
    sy = connect(answer=server)
    assert sy.send_many([NewTask("k")])[0].id == "x" and sy.send_many([NewTask("k")], key="own")[0].id == "x"
    first, second, own = (r.headers["idempotency-key"] for r in server.requests)
    assert first == second and own == "own"


def test_a_change_is_bound_to_what_was_seen_last(connect):
    seen = httpx.Response(200, json=TASK, headers={"ETag": '"1"'})
    server = Server(seen, httpx.ReadError("cut"), httpx.Response(200, json=TASK))
    job = connect(answer=server).job("x")
    job.look()
    with pytest.raises(Unreachable):
        job.change(in_=60)  # whether it was changed nobody knows
    job.look()  # tells no ETag
    job.change(expires="1h")
    assert [r.headers.get("if-match") for r in server.requests] == [None, '"1"', None, None]
    assert [r.content for r in server.requests[1::2]] == [b'{"in":"60s"}', b'{"expires_in":"1h"}']


@pytest.mark.parametrize("failure", [problem("unavailable", 503), httpx.Response(504), httpx.ReadError("cut"), httpx.ReadTimeout("")], ids=str)
def test_what_is_not_safe_to_repeat_is_not_repeated(connect, failure):
    server = Server(failure)
    with pytest.raises((Problem, Unreachable)):
        connect(answer=server).job("x").delete()
    assert len(server.requests) == 1


@pytest.mark.parametrize("failure", [problem("rate-limited", 429), httpx.ConnectError("refused")], ids=str)
def test_what_the_server_has_certainly_not_done_is_always_repeated(connect, failure):
    server = Server(failure, httpx.Response(200, json=TASK))
    connect(answer=server).job("x").delete()
    assert len(server.requests) == 2


@pytest.mark.parametrize("name, status", [("invalid", 422), ("not-found", 404), ("internal", 500), ("unauthenticated", 401), ("id-taken", 409)])
def test_a_refusal_is_not_repeated(connect, name, status):
    server = Server(problem(name, status))
    with pytest.raises(Problem) as caught:
        connect(answer=server).send("k")
    assert (caught.value.name, caught.value.status, len(server.requests)) == (name, status, 1)


def test_repeating_ends_with_the_timeout_and_does_what_the_server_asks(connect):
    server = Server(problem("unavailable", 503))
    with pytest.raises(Problem):
        connect(answer=server, timeout=0.4).job("x").look()
    assert 2 <= len(server.requests) <= 8
    for later in ("3600", "Wed, 21 Oct 2099 07:28:00 GMT"):
        server = Server(problem("unavailable", 503, Retry_After=later))
        with pytest.raises(Problem) as caught:
            connect(answer=server, timeout=20).job("x").look()
        assert len(server.requests) == 1 and caught.value.retry_after >= 3600


@pytest.mark.parametrize(
    "answer",
    [httpx.Response(200, text="<html>"), httpx.Response(200, json=[]), httpx.Response(200, json={"id": "x"}), httpx.Response(200, json={**TASK, "due": 5}), httpx.Response(302), httpx.Response(404, text="no")],
    ids=lambda r: r.text[:20] or "empty",
)
def test_what_is_no_answer_of_the_api_is_told_as_that(connect, answer):
    with pytest.raises(SwitchyardError, match="the server has answered|is this Switchyard's API"):
        connect(answer=Server(answer)).job("x").look()


def test_fields_that_a_later_server_adds_are_left_out(connect):
    assert connect(answer=Server(httpx.Response(200, json={**TASK, "colour": "new"}))).job("x").look().state == "waiting"


def test_a_name_stays_one_part_of_the_address_whatever_it_holds(connect):
    server = Server(httpx.Response(200, json=TASK))
    connect(answer=server).job("a/../b ü?&#%2F", "q&x=1").look()
    assert server.requests[0].url.raw_path == b"/v1/tasks/a%2F..%2Fb%20%C3%BC%3F%26%23%252F?queue=q%26x%3D1"


def test_a_connection_holds_no_body_back_for_an_acknowledgement(connect):
    class Stream:
        def get_extra_info(self, name):
            return {"socket": end}[name]

    with socket.socket() as end:
        connect(answer=lambda _: httpx.Response(200, json=TASK, extensions={"network_stream": Stream()})).job("x").look()
        assert end.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
    connect(answer=lambda _: httpx.Response(200, json=TASK, extensions={"network_stream": Stream()})).job("x").look()  # it is closed


def test_the_token_shows_nowhere(connect, caplog):
    caplog.set_level(logging.DEBUG)
    sy = connect(token=SECRET)
    job = sy.job("x")
    with pytest.raises(Problem) as caught:
        job.look()
    assert (caught.value.name, caught.value.status) == ("unauthenticated", 401)
    told = "".join(traceback.format_exception(caught.type, caught.value, caught.tb)) + caplog.text + repr([sy, job, sy.schedule, vars(caught.value)])
    assert SECRET not in told and SECRET.rsplit("_", 1)[1] not in told


@pytest.mark.parametrize("token", ["", "sy_a b", "sy_a\n", "sy_\u00e9"])
def test_a_token_that_is_none_is_refused_without_being_shown(connect, token):
    with pytest.raises(ValueError, match="the token is empty or has characters") as caught:
        Switchyard("http://127.0.0.1:8080", token)
    assert not token or token not in str(caught.value)


@pytest.mark.parametrize("url", ["127.0.0.1:8080", "ftp://x", "http://", "http://user:secret@x", "http://x?token=secret"])
def test_an_url_that_is_none_is_refused_without_being_shown(url):
    with pytest.raises(ValueError, match="http\\(s\\)://host:port") as caught:
        Switchyard(url)
    assert "secret" not in str(caught.value)


def test_the_environment_says_where_the_api_is(monkeypatch):
    with Switchyard.from_env() as sy:
        assert sy.kinds()
    monkeypatch.delenv("SWITCHYARD_API")
    with pytest.raises(ValueError, match="SWITCHYARD_API is not set"):
        Switchyard.from_env()


@pytest.mark.parametrize("size", [1, 2, 3, 1000])
def test_events_are_read_wherever_their_bytes_are_cut(size):
    text = ": keep-alive\n\nid: 1\r\nevent: state\r\ndata: {\r\ndata:  \u0085\u2028}\r\n\r\nid: 2\rdata: é\r\revent: nothing\n\ndata: last\n\n".encode()
    decoder, events = Decoder(), []
    for i in range(0, len(text), size):
        events += decoder.feed(text[i : i + size])
    assert [(e.name, e.id, e.data) for e in events] == [("state", "1", "{\n \u0085\u2028}"), ("message", "2", "é"), ("message", "2", "last")]


def test_an_event_without_an_end_fills_no_memory(monkeypatch):
    monkeypatch.setattr("switchyard.sse.MOST", 1000)
    decoder = Decoder()
    with pytest.raises(SwitchyardError, match="more than 1000 bytes"):
        for _ in range(2000):
            decoder.feed(b"data: x\n")

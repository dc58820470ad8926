"""The examples, as a reader runs them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from fastapi.testclient import TestClient

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"


def run(*args):
    return subprocess.run([sys.executable, *args], cwd=EXAMPLES, env={**os.environ, "AGENT": "agent_probe"}, capture_output=True, text=True, timeout=60)


def test_a_script_sends_a_task_follows_it_and_prints_its_result(user):
    done = run("send_and_follow.py", "agent_probe", '{"user": "%s", "input": {"give": {"n": 1}}}' % user)
    assert (done.returncode, done.stdout) == (0, '{\n  "n": 1\n}\n'), done.stderr
    assert done.stderr.splitlines()[-1].strip() == "succeeded"
    refused = run("send_and_follow.py", "agent_none", "{}")
    assert refused.returncode == 1 and 'kind "agent_none" is unknown' in refused.stderr


def test_celerys_call_sites_work_as_before(user):
    done = run("celery_call_sites.py", user)
    assert done.stdout == "now: None\nlater: PENDING\nrevoked: REVOKED\n", done.stderr


def test_a_service_sends_follows_and_cancels_for_its_users(monkeypatch, user, gate):
    monkeypatch.syspath_prepend(str(EXAMPLES))
    monkeypatch.setenv("AGENT", "agent_probe")
    import fastapi_app

    with TestClient(fastapi_app.app) as service:
        jobs = f"/users/{user}/jobs"
        key = {"Idempotency-Key": user}
        begun = service.post(jobs, json={"give": 1}, headers=key)
        assert begun.status_code == 202
        assert service.post(jobs, json={"give": 1}, headers=key).json()["id"] == begun.json()["id"]
        job = f"{jobs}/{begun.json()['id']}"
        events = service.get(job + "/events").text
        assert events.count("event: ended") == 1 and '"result": 1' in events
        assert service.get(job).json()["state"] == "succeeded"
        assert service.get(job.replace(user, "eve", 1)).status_code == 404
        slow = service.post(jobs, json={"until": str(gate)}).json()
        service.delete(f"{jobs}/{slow['id']}")
        assert '"state": "cancelled"' in service.get(f"{jobs}/{slow['id']}/events").text
        assert service.put(f"/users/{user}/brake?on=true").json()["state"] == "paused"
        assert service.put(f"/users/{user}/brake?on=false").json()["state"] == "running"
        assert service.post("/users/%s/jobs" % ("x" * 300), json={}).status_code == 422

"""A service whose slow work is done by Switchyard.

    pip install fastapi uvicorn
    export SWITCHYARD_API=http://127.0.0.1:8080 SWITCHYARD_TOKEN=sy_... AGENT=agent_scout
    uvicorn fastapi_app:app

    curl -X POST 127.0.0.1:8000/users/ada/jobs -H 'Content-Type: application/json' -d '{"limit": 5}'
    curl -N 127.0.0.1:8000/users/ada/jobs/ID/events
"""

from __future__ import annotations

import json
import os
from typing import Any, AsyncIterator, Dict, Optional

from fastapi import FastAPI, Header, HTTPException, Request
from fastapi.responses import JSONResponse, StreamingResponse

from switchyard import AsyncJob, AsyncSwitchyard, Problem, SwitchyardError, Task

AGENT = os.environ.get("AGENT", "agent_scout")

app = FastAPI()


@app.on_event("startup")
async def start() -> None:
    app.state.sy = AsyncSwitchyard.from_env()  # one for the process


@app.on_event("shutdown")
async def stop() -> None:
    await app.state.sy.aclose()


@app.exception_handler(SwitchyardError)
async def refused(_: Request, err: SwitchyardError) -> JSONResponse:
    """A value that is not valid is the caller's fault; whatever else happens to us is not."""
    if isinstance(err, Problem) and err.name == "invalid":
        return JSONResponse({"detail": [{"where": f.pointer, "what": f.detail} for f in err.errors]}, 422)
    return JSONResponse({"detail": "the work cannot be sent now"}, 503)


async def job_of(user: str, id: str) -> AsyncJob:
    """A job of a user. What is another's is not there."""
    job: AsyncJob = app.state.sy.job(id)
    try:
        task = await job.look()
    except Problem as problem:
        if problem.name != "not-found":
            raise
        raise HTTPException(404) from problem
    if task.user != user:
        raise HTTPException(404)
    return job


def shown(task: Task) -> Dict[str, Any]:
    return {"id": task.id, "state": task.state, "progress": task.progress, "result": task.result}


@app.post("/users/{user}/jobs", status_code=202)
async def begin(user: str, input: Dict[str, Any], idempotency_key: Optional[str] = Header(None)) -> Dict[str, Any]:
    job = await app.state.sy.send(AGENT, user=user, input=input, key=idempotency_key, expires="1h")
    return shown(job.task)


@app.get("/users/{user}/jobs/{id}")
async def look(user: str, id: str) -> Dict[str, Any]:
    job = await job_of(user, id)
    return shown(await job.look())


@app.get("/users/{user}/jobs/{id}/events")
async def follow(user: str, id: str) -> StreamingResponse:
    job = await job_of(user, id)

    async def lines() -> AsyncIterator[str]:
        async for event in job.events():
            yield f"id: {event.id}\nevent: {event.name}\ndata: {json.dumps(shown(event.task))}\n\n"

    return StreamingResponse(lines(), media_type="text/event-stream")


@app.delete("/users/{user}/jobs/{id}")
async def cancel(user: str, id: str) -> Dict[str, Any]:
    job = await job_of(user, id)
    return shown(await job.cancel("the user has cancelled it"))


@app.put("/users/{user}/brake")
async def brake(user: str, on: bool) -> Dict[str, Any]:
    """Stops everything that agents do for a user at once, or has it go on."""
    changed = await (app.state.sy.pause(user) if on else app.state.sy.resume(user))
    return {"state": changed.state, "stopped": changed.stopped, "resumed": changed.resumed}

"""The web part: uvicorn app.web:api"""

from typing import List

from fastapi import FastAPI

from app import calls

api = FastAPI()


@api.post("/pages")
def scrape(url: str):
    return {"id": calls.scrape(url)}


@api.post("/users/{user_id}/scout")
def scout(user_id: str, keywords: List[str]):
    return {"id": calls.scout(user_id, keywords)}


@api.post("/users/{user}/briefing")
def brief(user: str):
    return {"id": calls.brief(user)}


@api.get("/tasks/{task_id}")
def result(task_id: str):
    return calls.result(task_id)


@api.delete("/tasks/{task_id}")
def cancel(task_id: str):
    calls.cancel(task_id)
    return {"id": task_id}


@api.post("/users/{user_id}/pause")
def pause(user_id: str):
    return {"heard": calls.pause(user_id)}


@api.post("/users/{user_id}/resume")
def resume(user_id: str):
    return {"heard": calls.resume(user_id)}

"""A service that publishes events through its Dapr sidecar, and none that the policy would reject.

    POLICY=policy.wasm uvicorn app:app

Events are published as the bytes that were received, with the key of the policy.
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse

from tidegate import Accepted, InvalidEvent, Policy, PolicyFault


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    sidecar = f"http://127.0.0.1:{os.environ.get('DAPR_HTTP_PORT', '3500')}"
    pubsub, topic = os.environ.get("PUBSUB", "kafka-pubsub"), os.environ.get("TOPIC", "task-events")
    with Policy.load(os.environ["POLICY"], cache_dir=os.environ.get("POLICY_CACHE")) as policy:
        async with httpx.AsyncClient(base_url=f"{sidecar}/v1.0/publish/{pubsub}/{topic}") as client:
            app.state.policy, app.state.client = policy, client
            yield


app = FastAPI(title="Publisher", lifespan=lifespan)


@app.post("/events", status_code=202)
async def publish(request: Request) -> dict[str, str]:
    """Publishes the event in the body. 422: it is not valid, with its violations."""
    event = await request.body()
    # Some microseconds for a common event, so it may run on the event loop; 1 MiB takes milliseconds.
    accepted: Accepted = request.app.state.policy.validate(event)
    # Raw, because the sidecar would otherwise rewrite the event and change the digits of large numbers.
    metadata = {"metadata.rawPayload": "true"}
    if accepted.key is not None:
        metadata["metadata.partitionKey"] = accepted.key
    answer = await request.app.state.client.post(
        "",
        content=event,
        params=metadata,
        headers={"content-type": "application/octet-stream"},
    )
    answer.raise_for_status()
    return {"event_id": accepted.event_id}


@app.exception_handler(InvalidEvent)
async def not_valid(_request: Request, error: InvalidEvent) -> Response:
    violations = [{"code": v.code, "path": v.path, "message": v.message} for v in error.violations]
    return problem(422, "The event is not valid", violations[0]["message"], cause=error.cause, violations=violations)


@app.exception_handler(PolicyFault)
async def fault(_request: Request, _error: PolicyFault) -> Response:
    return problem(503, "The policy failed", "This says nothing about the event; send it again.")


@app.exception_handler(httpx.HTTPError)
async def not_sent(_request: Request, error: httpx.HTTPError) -> Response:
    return problem(503, "The event could not be published", f"{error}; send it again.")


def problem(status: int, title: str, detail: str, **members: object) -> Response:
    """A problem document (RFC 9457)."""
    content = {"type": "about:blank", "title": title, "status": status, "detail": detail, **members}
    return JSONResponse(content, status, media_type="application/problem+json")

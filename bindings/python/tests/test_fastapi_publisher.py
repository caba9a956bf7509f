"""The example: only valid events reach the sidecar, byte for byte. The sidecar is a small HTTP server of the test."""

import json
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from conftest import built
from fastapi.testclient import TestClient
from fastapi_publisher.app import app


class Sidecar(ThreadingHTTPServer):
    """Accepts published events, or refuses them."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Published)
        self.status = 204
        self.published: list[tuple[str, dict[str, list[str]], str | None, bytes]] = []


class Published(BaseHTTPRequestHandler):
    server: Sidecar

    def do_POST(self) -> None:
        url = urlsplit(self.path)
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.published.append((url.path, parse_qs(url.query), self.headers["content-type"], body))
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def sidecar() -> Iterator[Sidecar]:
    with Sidecar() as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def publisher(monkeypatch: pytest.MonkeyPatch, cache_dir: Path, sidecar: Sidecar) -> Callable[[str], TestClient]:
    def client(policy: str) -> TestClient:
        monkeypatch.setenv("DAPR_HTTP_PORT", str(sidecar.server_port))
        monkeypatch.setenv("POLICY", str(built(policy)))
        monkeypatch.setenv("POLICY_CACHE", str(cache_dir))
        return TestClient(app)

    return client


Publisher = Callable[[str], TestClient]


def test_a_valid_event_is_published_unchanged(publisher: Publisher, sidecar: Sidecar, event: dict[str, Any]) -> None:
    text = json.dumps(event, indent=2).replace("42", "9007199254740993").encode()
    with publisher("dist/policy.wasm") as client:
        answer = client.post("/events", content=text)
    assert (answer.status_code, answer.json()) == (202, {"event_id": "e-1"})
    [(path, query, content_type, body)] = sidecar.published
    assert path.rstrip("/") == "/v1.0/publish/kafka-pubsub/task-events"
    assert query == {"metadata.partitionKey": ["user-1"], "metadata.rawPayload": ["true"]}
    assert (content_type, body) == ("application/octet-stream", text)


def test_an_invalid_event_gets_a_problem_document(
    publisher: Publisher, sidecar: Sidecar, event: dict[str, Any]
) -> None:
    with publisher("dist/policy.wasm") as client:
        invalid = client.post("/events", json=event | {"task_id": "42"})
        unreadable = client.post("/events", content=b"\xff")
        large = client.post("/events", content=b'"' * (5 << 20))
    assert invalid.status_code == unreadable.status_code == large.status_code == 422
    assert invalid.headers["content-type"] == "application/problem+json"
    wrong = {"code": "type", "path": "/task_id", "message": "must be an integer"}
    assert invalid.json() == {
        "type": "about:blank",
        "title": "The event is not valid",
        "status": 422,
        "detail": "must be an integer",
        "cause": "invalid",
        "violations": [wrong],
    }
    assert unreadable.json()["violations"][0]["code"] == "not-utf8"
    assert large.json()["violations"][0]["code"] == "too-large"
    assert sidecar.published == []


def test_a_sidecar_that_refuses_or_is_down(publisher: Publisher, sidecar: Sidecar, event: dict[str, Any]) -> None:
    with publisher("dist/policy.wasm") as client:
        sidecar.status = 500
        assert client.post("/events", json=event).status_code == 503
        sidecar.shutdown()
        sidecar.server_close()
        answer = client.post("/events", json=event)
    assert (answer.status_code, answer.json()["title"]) == (503, "The event could not be published")


def test_a_fault_is_not_blamed_on_the_event(publisher: Publisher, sidecar: Sidecar, event: dict[str, Any]) -> None:
    """`calm` answers `json.validate` with less than the contract demands."""
    with publisher("dist/guests/calm.wasm") as client:
        answer = client.post("/events", json=event)
    assert (answer.status_code, answer.json()["title"]) == (503, "The policy failed")
    assert sidecar.published == []

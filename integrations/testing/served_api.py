"""The API in this process, on a loopback port: real HTTP, real database, real review processes, no code host.

Batches run when a test says so; what makes them durable is DBOS, which is tested with the served bot.
"""

import http.client
import json
import socket
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self  # JSON

import uvicorn
from fastapi import FastAPI

from integrations.api.assembly import Links, build_api, make_limits, open_desk, open_stores
from integrations.api.batch_workflows import review_item
from integrations.api.keys import Keys, Scope
from integrations.api.mounting import mount_api
from integrations.metrics import Metrics
from integrations.settings import Settings
from integrations.storage.database import open_database

_START_S = 30.0


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer; header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


@dataclass(slots=True)
class ApiClient:
    """Speaks to an API with one key."""

    port: int
    key: str = ""

    def send(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Reply:
        """One request on a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        named = {"Authorization": f"Bearer {self.key}"} if self.key else {}
        try:
            connection.request(method, path, body, {**named, **(headers or {})})
            answer = connection.getresponse()
            content = answer.read()
        finally:
            connection.close()
        return Reply(answer.status, {name.lower(): value for name, value in answer.getheaders()}, content)

    def get(self, path: str) -> Reply:
        """A GET below `/api/v1`."""
        return self.send("GET", f"/api/v1{path}")

    def post(self, path: str, content: object, headers: Mapping[str, str] | None = None) -> Reply:
        """A POST of JSON below `/api/v1`."""
        kind = {"Content-Type": "application/json", **(headers or {})}
        return self.send("POST", f"/api/v1{path}", json.dumps(content).encode(), kind)


@dataclass
class ServedApi:
    """The API between entering and leaving the context. `settings` are fields of Settings."""

    folder: Path
    settings: Mapping[str, Any] = field(default_factory=dict)
    enqueued: list[str] = field(default_factory=list)
    metrics: Metrics = field(default_factory=Metrics)

    def __enter__(self) -> Self:
        self._settings = Settings(api_only=True, data_dir=self.folder / "data", **self.settings)
        self.database = open_database(self._settings.database)
        self._stores = open_stores(self._settings, self.database)
        self._desk = open_desk(self._settings, self.database, self._stores, self.metrics)
        links = Links(self.enqueued.append, self.database.is_alive)
        self.app = FastAPI(title="graph-reviewer")
        mount_api(self.app, build_api(self._settings, self.database, self._stores, self._desk, links))
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._server = uvicorn.Server(uvicorn.Config(self.app, log_config=None, lifespan="off"))
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [self._socket]}, daemon=True)
        self._thread.start()
        end = time.monotonic() + _START_S
        while not self._server.started and time.monotonic() < end:
            time.sleep(0.01)
        return self

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join()
        self._socket.close()
        self.database.engine.dispose()

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._socket.getsockname()[1])

    @property
    def num_reviews(self) -> int:
        """How many review processes have run."""
        return int(self.metrics.registry.get_sample_value("reviewer_review_seconds_count") or 0)

    def make_client(self, *scopes: Scope) -> ApiClient:
        """A client with a new key of these scopes; without any: no key."""
        key = Keys(self.database).create("tests", scopes, "tests") if scopes else ""
        return ApiClient(self.port, key)

    def work_off(self) -> None:
        """Reviews the batches that were put in line, as the workflow does."""
        while self.enqueued:
            batch_id = self.enqueued.pop(0)
            for idx in range(self._stores.batches.count_items(batch_id)):
                review_item(self._stores.batches, self._desk, make_limits(self._settings), (batch_id, idx))
            self._stores.batches.finish(batch_id)

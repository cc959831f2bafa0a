"""What the API says when a review cannot be made: limits of a process, too much at once, a fault of ours."""

from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from threading import Event

import anyio
import psycopg
import pytest
from fastapi import FastAPI
from sqlalchemy.exc import OperationalError
from starlette.requests import Request

from integrations.api.keys import Scope
from integrations.api.problems import ProblemError, handle_problems
from integrations.api.results import Results
from integrations.api.workbench import Workbench
from integrations.storage.api_tables import ApiResult
from integrations.storage.database import open_database
from integrations.testing.served_api import ServedApi

BODY = {"files": [{"path": "a.py", "content": "x = 1\n"}]}


def test_a_review_that_takes_too_long_is_said_and_not_kept(tmp_path: Path) -> None:
    with ServedApi(tmp_path, {"api_timeout_s": 0.01}) as api:
        client = api.make_client(Scope.ANALYZE)
        for _ in range(2):
            reply = client.post("/code_analysis/review/analyze", BODY)
            assert (reply.status, reply.json["title"]) == (422, "Could not be reviewed")
            assert reply.json["detail"] == "review: expected an end within 0 s, found none"
        address = client.post("/code_analysis/review/batch", {"requests": [BODY]}).json["result"]
        api.work_off()
        (item,) = client.send("GET", address).json["items"]
        assert (item["state"], item["report"]) == ("failed", None)
        assert item["problem"].startswith("review: expected an end")


def test_too_many_that_wait_are_refused() -> None:
    async def fill() -> int:
        bench, gate, refused = Workbench(1), Event(), []
        async with anyio.create_task_group() as group:
            for _ in range(51):
                group.start_soon(bench.run, gate.wait)
            await anyio.wait_all_tasks_blocked()
            try:
                await bench.run(gate.wait)
            except ProblemError as error:
                refused.append(error.problem.status)
            gate.set()
        return refused[0]

    assert anyio.run(fill) == 503


def test_a_fault_of_ours_says_nothing_of_it(caplog: pytest.LogCaptureFixture) -> None:
    app = FastAPI()
    handle_problems(app)
    handler = app.exception_handlers[Exception]
    request = Request({"type": "http", "method": "GET", "path": "/x", "headers": [], "query_string": b""})
    answer = anyio.run(partial(handler, request, ValueError("inner")))  # type: ignore[arg-type]  # one of two kinds
    assert (answer.status_code, answer.media_type) == (500, "application/problem+json")
    assert b"inner" not in answer.body
    assert "inner" in caplog.text


def test_a_database_that_is_away_is_said_so() -> None:
    app = FastAPI()
    handle_problems(app)
    handler = app.exception_handlers[Exception]
    request = Request({"type": "http", "method": "GET", "path": "/x", "headers": [], "query_string": b""})
    away = OperationalError("SELECT 1", {}, psycopg.OperationalError("connection refused"))
    answer = anyio.run(partial(handler, request, away))  # type: ignore[arg-type]  # one of two kinds
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "10")
    assert b"SELECT" not in answer.body


def test_old_results_are_deleted(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path}/x.sqlite")
    results = Results(database)
    results.keep("new", 1, "", "{}")
    with database.begin() as session:
        old = datetime.now(UTC) - timedelta(days=5)
        session.add(ApiResult(key="old", api_key_id=1, report="{}", made_at=old))
    results.forget(4)
    assert (results.find("old"), results.find("new")) == (None, "{}")
    database.engine.dispose()

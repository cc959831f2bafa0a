"""Batches: kept at once, reviewed later, told page by page; `kill -9` loses none of them."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from dbos import DBOSClient
from sqlmodel import select

from integrations.api.batches import Batches
from integrations.api.keys import Keys, Scope
from integrations.storage.api_tables import ApiBatch, ApiBatchItem
from integrations.storage.database import open_database
from integrations.testing.served_api import ApiClient, ServedApi
from integrations.testing.served_bot import ServedBot

BATCH = "/code_analysis/review/batch"
CODE = """\
import os

from flask import Flask, request

app = Flask(__name__)


@app.route("/list")
def list_folder():
    os.system("ls " + request.args["folder"])
"""


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedApi]:
    with ServedApi(tmp_path_factory.mktemp("api"), {"api_requests_per_minute": 10_000}) as served:
        yield served


def make_body(*names: str) -> dict[str, object]:
    return {"requests": [{"files": [{"path": name, "content": CODE}]} for name in names]}


def test_a_batch_is_taken_at_once_and_told_later(api: ServedApi) -> None:
    client = api.make_client(Scope.ANALYZE)
    bad = {"files": [{"path": "a.py", "content": "x = 1\n"}], "diff": "rubbish"}
    body = {"requests": [{"files": [{"path": "ä.py", "content": CODE, "before": None}]}, bad]}
    taken = client.post(BATCH, body)
    assert (taken.status, taken.headers["location"]) == (202, taken.json["result"])
    waiting = client.send("GET", taken.json["result"]).json
    assert (waiting["state"], waiting["num_done"], waiting["items"][0]["report"]) == ("waiting", 0, None)
    api.work_off()
    done = client.send("GET", taken.json["result"]).json
    assert (done["state"], done["num_done"], done["num_failed"]) == ("done", 1, 1)
    assert done["items"][0]["report"]["change"] is not None  # that a file is new survives the table
    assert done["items"][0]["report"]["findings"][0]["location"]["path"] == "ä.py"
    assert done["items"][1]["problem"].startswith("diff: expected a unified diff")
    with api.database.begin() as session:
        assert {item.payload for item in session.exec(select(ApiBatchItem)).all()} == {""}


def test_items_come_page_by_page(api: ServedApi) -> None:
    client = api.make_client(Scope.ANALYZE)
    address = client.post(BATCH, make_body("a.py", "b.py", "c.py")).json["result"]
    first = client.send("GET", f"{address}?limit=2").json
    second = client.send("GET", f"{address}?first={first['next']}").json
    assert [one["index"] for page in (first, second) for one in page["items"]] == [0, 1, 2]
    assert second["next"] is None
    api.enqueued.clear()


def test_the_same_idempotency_key_gives_the_same_batch(api: ServedApi) -> None:
    client = api.make_client(Scope.ANALYZE)
    headers = {"Idempotency-Key": "run-7"}
    first, again = (client.post(BATCH, make_body("a.py"), headers) for _ in range(2))
    assert (again.status, again.json) == (202, first.json)
    other = client.post(BATCH, make_body("b.py"), headers)
    assert (other.status, other.json["title"]) == (422, "Idempotency key used")
    stranger = api.make_client(Scope.ANALYZE).post(BATCH, make_body("a.py"), headers)
    assert stranger.json["id"] != first.json["id"]
    assert client.post(BATCH, make_body("a.py"), {"Idempotency-Key": "no blanks"}).status == 422
    api.enqueued.clear()


def test_a_batch_is_shown_to_its_key_only(api: ServedApi) -> None:
    address = api.make_client(Scope.ANALYZE).post(BATCH, make_body("a.py")).json["result"]
    assert api.make_client(Scope.ANALYZE).send("GET", address).status == 404
    assert api.make_client(Scope.ADMIN).send("GET", address).status == 200
    api.enqueued.clear()


def test_what_cannot_be_reviewed_is_refused_with_its_place(api: ServedApi) -> None:
    reply = api.make_client(Scope.ANALYZE).post(BATCH, make_body("a.py", "../b.py"))
    assert (reply.status, reply.json["errors"][0]["field"]) == (422, "requests[1].files[0].path")
    assert api.enqueued == []


def test_batches_that_wait_have_an_end(api: ServedApi) -> None:
    client = api.make_client(Scope.ANALYZE)
    statuses = [client.post(BATCH, make_body(f"{n}.py")).status for n in range(21)]
    assert statuses == [202] * 20 + [429]
    api.enqueued.clear()


def test_a_batch_that_was_done_long_ago_is_deleted(api: ServedApi) -> None:
    batches, client = Batches(api.database), api.make_client(Scope.ANALYZE)
    old, new = (client.post(BATCH, make_body("a.py")).json["id"] for _ in range(2))
    batches.finish(old)
    with api.database.begin() as session:
        for batch in session.exec(select(ApiBatch)).all():
            batch.created_at = datetime.now(UTC) - timedelta(days=10)
    batches.forget(9)
    assert batches.load(old, 0, 1) is None
    assert batches.load(new, 0, 1) is not None
    api.enqueued.clear()


def test_a_batch_that_is_given_up_fails_with_the_reason(api: ServedApi) -> None:
    batches, client = Batches(api.database), api.make_client(Scope.ANALYZE)
    address = client.post(BATCH, make_body("a.py", "b.py")).json["result"]
    batch_id = address.rpartition("/")[2]
    batches.finish_item(batch_id, 0, report='{"findings": []}')
    batches.fail(batch_id, "it ended with an error (ValueError)")
    answer = client.send("GET", address).json
    assert (answer["state"], answer["num_done"], answer["num_failed"]) == ("failed", 1, 1)
    assert answer["items"][1]["problem"] == "the batch was given up: it ended with an error (ValueError)"
    assert batch_id not in batches.list_waiting()
    with api.database.begin() as session:
        assert session.get_one(ApiBatchItem, (batch_id, 1)).payload == ""
    api.enqueued.clear()


def test_a_batch_whose_items_are_all_reviewed_is_done_however_its_workflow_ended(api: ServedApi) -> None:
    batches, client = Batches(api.database), api.make_client(Scope.ANALYZE)
    address = client.post(BATCH, make_body("a.py")).json["result"]
    batches.finish_item(address.rpartition("/")[2], 0, report='{"findings": []}')
    batches.fail(address.rpartition("/")[2], "it was cancelled")
    assert client.send("GET", address).json["state"] == "done"
    api.enqueued.clear()


@pytest.mark.slow
def test_a_batch_whose_workflow_was_ended_fails(tmp_path: Path) -> None:
    settings = {"REVIEWER_API_ONLY": "true", "REVIEWER_SWEEP_S": "1", "REVIEWER_API_REQUESTS_PER_MINUTE": "100000"}
    with ServedBot(tmp_path, settings) as bot:
        database = open_database(f"sqlite:///{tmp_path}/data/reviewer.sqlite")
        key = Keys(database).create("ci", [Scope.ANALYZE], "tests")
        client = ApiClient(int(bot.url.rpartition(":")[2]), key)
        ticket = client.post(BATCH, make_body(*(f"m{n}.py" for n in range(30)))).json
        system = DBOSClient(system_database_url=f"sqlite:///{tmp_path}/data/workflows.sqlite")
        bot.wait_until(lambda: client.send("GET", ticket["result"]).json["num_done"] > 0)
        system.cancel_workflow(f"batch:{ticket['id']}")
        bot.wait_until(lambda: client.send("GET", ticket["result"]).json["state"] == "failed", 180)
        last = client.send("GET", f"{ticket['result']}?first=29").json["items"][0]
        assert (last["state"], last["problem"]) == ("failed", "the batch was given up: it was cancelled")
        system.destroy()
        database.engine.dispose()


@pytest.mark.slow
def test_a_batch_survives_kill_9(tmp_path: Path) -> None:
    settings = {"REVIEWER_API_ONLY": "true", "REVIEWER_SWEEP_S": "1", "REVIEWER_API_REQUESTS_PER_MINUTE": "100000"}
    with ServedBot(tmp_path, settings) as bot:
        database = open_database(f"sqlite:///{tmp_path}/data/reviewer.sqlite")
        key = Keys(database).create("ci", [Scope.ANALYZE], "tests")
        client = ApiClient(int(bot.url.rpartition(":")[2]), key)
        names = [f"m{n}.py" for n in range(5)]
        address = client.post(BATCH, make_body(*names)).json["result"]

        def count_done() -> int:
            return int(client.send("GET", address).json["num_done"])

        for num_done in (0, 1, 3):
            bot.wait_until(lambda: count_done() >= num_done)  # noqa: B023  # called before the next turn
            bot.kill()
            bot.start()
        bot.wait_until(lambda: client.send("GET", address).json["state"] == "done", 180)
        answer = client.send("GET", address).json
        assert [one["state"] for one in answer["items"]] == ["done"] * 5
        assert [one["report"]["files"]["reviewed"][0]["path"] for one in answer["items"]] == names
        assert key.rpartition("_")[2] not in bot.log
        assert "os.system" not in bot.log
        database.engine.dispose()

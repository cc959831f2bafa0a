"""Endpoints that review: at once, or in a batch."""

import json
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Header, Path, Query, Response
from starlette.concurrency import run_in_threadpool

from integrations.api.answers import REPORT_ANSWER, BatchAnswer, BatchTicket, describe_problems
from integrations.api.batches import BatchStatus
from integrations.api.desk import Outcome
from integrations.api.gatekeeper import PREFIX
from integrations.api.keys import Caller, Scope
from integrations.api.problems import ProblemError, json_response
from integrations.api.requests import AnalyzeRequest, BatchRequest, ScanRequest
from integrations.api.service import Analyst, Api
from integrations.api.submissions import read_submission

_REFUSALS = (400, 401, 403, 413, 422, 429)
_BATCH = "/code_analysis/review/batch"
_ITEMS_A_PAGE = 20

IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key", min_length=1, max_length=200, pattern=r"^[!-~]+$",
        description="The same key and body give the same batch, however often they are sent.",
    ),
]  # fmt: skip
BatchId = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$")]
First = Annotated[int, Query(ge=0, le=1_000, description="The index of the first item to show.")]
Limit = Annotated[int, Query(ge=1, le=100, description="Items to show.")]


def add_review_routes(router: APIRouter, api: Api) -> None:
    """Adds the endpoints of the scope `analyze`."""
    responses = {**REPORT_ANSWER, **describe_problems(*_REFUSALS, 503)}

    @router.post("/code_analysis/review/analyze", responses=responses, tags=["reviews"])
    async def analyze(body: AnalyzeRequest, caller: Analyst) -> Response:
        """Review files, or the change that led to them.

        Nothing of them is executed. Files without a base are reviewed as `reviewer check` does, a change as
        `reviewer diff`. The same request with the same model is answered from what was kept.
        """
        return await _review(api, body, caller)

    @router.post("/code/security/scan", responses=responses, tags=["reviews"])
    async def scan(body: ScanRequest, caller: Analyst) -> Response:
        """Look for security findings in files. It has a rate limit of its own."""
        return await _review(api, body, caller)

    @router.post(_BATCH, status_code=202, response_model=BatchTicket, tags=["reviews"],
                 responses=describe_problems(*_REFUSALS))  # fmt: skip
    def keep_batch(body: BatchRequest, caller: Analyst, idempotency_key: IdempotencyKey = None) -> Response:
        """Review many requests in the background, one after another. They are judged now, reviewed later."""
        for idx, request in enumerate(body.requests):
            read_submission(request, api.limits, f"requests[{idx}].")
        batch_id = api.batches.keep(body, caller.key_id, idempotency_key)
        api.enqueue(batch_id)
        address = f"{PREFIX}{_BATCH}/{batch_id}"
        return json_response({"id": batch_id, "result": address}, 202, {"Location": address})

    @router.get(_BATCH + "/{batch_id}", response_model=BatchAnswer, tags=["reviews"],
                responses=describe_problems(401, 403, 404, 422, 429))  # fmt: skip
    def show_batch(batch_id: BatchId, caller: Analyst, first: First = 0, limit: Limit = _ITEMS_A_PAGE) -> Response:
        """What has become of a batch: its state, and each item's report or problem, page by page."""
        status = api.batches.load(batch_id, first, limit)
        if status is None or (status.batch.api_key_id != caller.key_id and not caller.may(Scope.ADMIN)):
            raise ProblemError(404, "Not found", f"batch_id: expected a batch of this key, found no {batch_id}")
        return json_response(_describe_batch(status))


async def _review(api: Api, body: ScanRequest, caller: Caller) -> Response:
    submission = await run_in_threadpool(partial(read_submission, body, api.limits))
    return _answer(await api.review(submission, caller))


def _answer(outcome: Outcome) -> Response:
    word = "hit" if outcome.is_kept else "miss"
    return Response(outcome.report, media_type="application/json", headers={"Reviewer-Cache": word})


def _describe_batch(status: BatchStatus) -> dict[str, object]:
    batch, items = status.batch, status.items
    after = items[-1].idx + 1 if items else batch.num_items
    return {
        "id": batch.id,
        "state": batch.state,
        "created_at": batch.created_at.isoformat(),
        "finished_at": None if batch.finished_at is None else batch.finished_at.isoformat(),
        "num_items": batch.num_items,
        "num_done": status.num_done,
        "num_failed": status.num_failed,
        "items": [
            {
                "index": item.idx,
                "state": item.state,
                "report": json.loads(item.report) if item.report else None,
                "problem": item.problem or None,
            }
            for item in items
        ],
        "next": after if after < batch.num_items else None,
    }

"""The web service: webhooks in, health and numbers out. A delivery is verified, kept, put in line, then answered."""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from functools import partial

from fastapi import FastAPI, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, PlainTextResponse
from sqlalchemy.exc import SQLAlchemyError
from starlette.background import BackgroundTask

from integrations.errors import ForgedDeliveryError
from integrations.hosts import HostKind
from integrations.inbox import Inbox
from integrations.metrics import Metrics
from integrations.storage.patience import try_for

_LOG = logging.getLogger(__name__)
Headers = Mapping[str, str]
_STORE_S = 4.0  # how long a delivery waits for the database; with one more try it is answered within ten seconds


@dataclass(frozen=True, slots=True)
class Door:
    """How one host's deliveries come in. `verify` raises ForgedDeliveryError; `identify` gives (delivery id, event)."""

    host: HostKind
    verify: Callable[[Headers, bytes], None]
    identify: Callable[[Headers, bytes], tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Reception:
    """What the webhooks need. `accept` puts a kept delivery in line; `is_ready` says no while we cannot work."""

    doors: tuple[Door, ...]
    inbox: Inbox
    accept: Callable[[HostKind, str], None]
    is_ready: Callable[[], bool]
    metrics: Metrics
    max_body_bytes: int = 25_000_000


def create_app(reception: Reception, start: Callable[[], None], stop: Callable[[], None]) -> FastAPI:
    """The application; `start` and `stop` bracket its life."""

    @asynccontextmanager
    async def live(_: FastAPI) -> AsyncIterator[None]:
        await run_in_threadpool(start)
        try:
            yield
        finally:
            await run_in_threadpool(stop)

    lifespan: Callable[[FastAPI], AbstractAsyncContextManager[None]] = live
    app = FastAPI(title="graph-reviewer", lifespan=lifespan)
    for door in reception.doors:
        app.add_api_route(
            f"/webhooks/{door.host.value}", _webhook(reception, door), methods=["POST"], include_in_schema=False
        )
    _add_health(app, reception)
    return app


def _webhook(reception: Reception, door: Door) -> Callable[[Request], Awaitable[Response]]:
    async def receive(request: Request) -> Response:
        body = await _read_body(request, reception.max_body_bytes)
        if body is None:
            return _answer(reception, door, 413, "too large")
        return await run_in_threadpool(_receive, reception, door, dict(request.headers), body)

    return receive


def _receive(reception: Reception, door: Door, headers: Headers, body: bytes) -> Response:
    """Verify, keep, answer, put in line: what was answered with 2xx is never lost, and a redelivery changes nothing.

    Should we die between the answer and the line, the next sweep finds what was kept.
    """
    try:
        door.verify(headers, body)
    except ForgedDeliveryError as error:
        _LOG.warning("%s: delivery refused: %s", door.host.value, error)
        return _answer(reception, door, 401, "forged")
    delivery_id, event = door.identify(headers, body)
    if not delivery_id or not event:
        return _answer(reception, door, 400, "no delivery id or event")
    try:
        is_new = try_for(_STORE_S, partial(reception.inbox.store, door.host, delivery_id, event, body))
    except SQLAlchemyError as error:  # nothing is promised: the host keeps it and is asked for it later
        _LOG.warning("%s: delivery %s not kept: %s", door.host.value, delivery_id, type(error).__name__)
        return _answer(reception, door, 503, "not kept")
    response = _answer(reception, door, 202 if is_new else 200, "accepted" if is_new else "known")
    response.background = BackgroundTask(reception.accept, door.host, delivery_id)
    return response


def _answer(reception: Reception, door: Door, status: int, word: str) -> Response:
    reception.metrics.deliveries.labels(door.host.value, word).inc()
    return JSONResponse({"delivery": word}, status_code=status)


async def _read_body(request: Request, max_bytes: int) -> bytes | None:
    """The raw body, None once it is over the limit: nothing more of it is read then."""
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > max_bytes:
            return None
        parts.append(part)
    return b"".join(parts)


def _add_health(app: FastAPI, reception: Reception) -> None:
    @app.get("/healthz")
    def say_alive() -> dict[str, str]:
        """The process answers."""
        return {"status": "alive"}

    @app.get("/readyz")
    def say_ready() -> Response:
        """The database answers and work is taken."""
        is_ready = reception.is_ready()
        word = "ready" if is_ready else "not ready"
        return JSONResponse({"status": word}, status_code=200 if is_ready else 503)

    @app.get("/metrics", include_in_schema=False)
    def show_metrics() -> Response:
        """Numbers for Prometheus."""
        return PlainTextResponse(reception.metrics.render(), media_type="text/plain; version=0.0.4")

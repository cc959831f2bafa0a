"""The durable workflows: a delivery is handled, a change is reviewed. Every step's outcome is recorded by DBOS.

A process that dies is started again by whoever runs it; DBOS then goes on behind the last recorded step. One review of
a change runs at a time; what waits behind it finds its work done, unless the change has moved on.
https://docs.dbos.dev/python/tutorials/workflow-tutorial
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import ParamSpec, TypeVar

from dbos import DBOS, DBOSConfiguredInstance, SetEnqueueOptions, SetWorkflowID
from dbos import error as dbos_error

from integrations.errors import AnalysisError, HostError, MalformedDeliveryError, PacedError
from integrations.events import ChangeClosed, CommentWritten, Event, MergeQueued, Nothing, ReviewWanted, ThreadResolved
from integrations.hosts import ChangeRef, HostKind
from integrations.inbox import Inbox
from integrations.reviewing import Prepared, Reviewing
from integrations.storage.patience import outlast
from integrations.workers import Presence, find_ends
from reviewer.errors import ReviewerError

_LOG = logging.getLogger(__name__)
P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")

DELIVERIES = "deliveries"
REVIEWS = "reviews"
_MAX_ATTEMPTS = 6
_FIRST_DELAY_S = 2.0
_MAX_DELAY_S = 3_600.0
_TRANSIENT = frozenset({0, 408, 409, 429, 500, 502, 503, 504})  # 409: GitLab, while somebody else writes the status


def _step(function: Callable[P, R]) -> Callable[P, R]:
    """A step whose outcome is recorded, and which a database that is away does not fail."""
    return DBOS.step()(outlast(function))


ReadEvent = Callable[[str, bytes], Event]


@dataclass(frozen=True, slots=True)
class Listeners:
    """Who acts on what is no review: comments (whether a review is due), resolved threads, and ends of reviews."""

    converse: Callable[[CommentWritten], bool]
    note_thread: Callable[[ThreadResolved], None]
    count_review: Callable[[str], None]


@DBOS.dbos_class()
class Workflows(DBOSConfiguredInstance):
    """The workflows of one process. `readers` parse deliveries."""

    def __init__(
        self,
        inbox: Inbox,
        reviewing: Reviewing,
        readers: dict[HostKind, ReadEvent],
        listeners: Listeners,
        presence: Presence,
    ) -> None:
        super().__init__("workflows")
        self._inbox, self._reviewing, self._readers, self._listeners = inbox, reviewing, readers, listeners
        self._presence = presence

    def accept(self, host: HostKind, delivery_id: str) -> None:
        """Puts a kept delivery in line; one that is in line or handled already changes nothing."""
        with SetWorkflowID(_name_delivery(host, delivery_id)):
            DBOS.enqueue_workflow(DELIVERIES, self.handle_delivery, host.value, delivery_id)

    def accept_waiting(self, min_age_s: float) -> None:
        """Puts in line what was kept and never begun; what has come to a bad end is noted as failed."""
        waiting = {_name_delivery(*one): one for one in self._inbox.list_waiting(min_age_s)}
        for name, why in find_ends(list(waiting)).items():
            _LOG.warning("%s failed: %s", name, why)
            self._inbox.finish(*waiting.pop(name), "failed", why)
        for host, delivery_id in waiting.values():
            self.accept(host, delivery_id)

    def ask_for_review(self, ref: ChangeRef, name: str, *, is_forced: bool = False) -> None:
        """Puts a review in line; `name` tells requests apart, the same name asks once."""
        with SetWorkflowID(f"review:{name}"), SetEnqueueOptions(queue_partition_key=ref.key):
            DBOS.enqueue_workflow(REVIEWS, self.review_change, ref, is_forced)

    @DBOS.workflow()
    def handle_delivery(self, host: str, delivery_id: str) -> str:
        """Does what a delivery asks for; what became of it."""
        with self._presence.hold(DBOS.workflow_id or ""):
            return self._handle(host, delivery_id)

    def _handle(self, host: str, delivery_id: str) -> str:
        kind = HostKind(host)
        try:
            event = self._persist(self._read_event, kind, delivery_id)
        except (MalformedDeliveryError, HostError) as error:
            self._finish(kind, delivery_id, "failed", str(error))
            return "failed"
        outcome = self._act_on(event, f"{host}:{delivery_id}")
        self._finish(kind, delivery_id, "ignored" if isinstance(event, Nothing) else "handled", outcome)
        return outcome

    def _act_on(self, event: Event, name: str) -> str:
        match event:
            case ReviewWanted():
                self.ask_for_review(event.change, name)
                return event.reason.value
            case CommentWritten():
                if self._persist(self._answer, event):
                    self.ask_for_review(event.change, name, is_forced=True)
                return "comment"
            case ThreadResolved():
                self._persist(self._note, event)
                return "thread"
            case MergeQueued():
                return self._persist(self._answer_queue, event)
            case ChangeClosed():
                return "merged" if event.is_merged else "closed"
            case Nothing():
                return event.why

    @_step
    def _read_event(self, host: HostKind, delivery_id: str) -> Event:
        row = self._inbox.load(host, delivery_id)
        assert row is not None, f"{delivery_id}: a delivery is kept before it is handled"
        return self._readers[host](row.event, row.body)

    @_step
    def _answer(self, event: CommentWritten) -> bool:
        return self._listeners.converse(event)

    @_step
    def _note(self, event: ThreadResolved) -> None:
        self._listeners.note_thread(event)

    @_step
    def _answer_queue(self, event: MergeQueued) -> str:
        return self._reviewing.answer_queue(event.change, event.head)

    @_step
    def _finish(self, host: HostKind, delivery_id: str, state: str, why: str) -> None:
        self._inbox.finish(host, delivery_id, state, why)

    @DBOS.workflow()
    def review_change(self, ref: ChangeRef, is_forced: bool) -> str:  # DBOS passes by position
        """Reviews a change as it is now and publishes the outcome; what became of it."""
        with self._presence.hold(DBOS.workflow_id or ""):
            try:
                outcome = self._review(ref, is_forced=is_forced)
            except dbos_error.DBOSException:
                raise
            except Exception as error:  # noqa: BLE001  # the webhook job: no status runs for ever
                _LOG.exception("review ended unexpectedly")
                why = f"unexpected {type(error).__name__}: the service's log says more"
                outcome = self._fail(self._report_refusal, ref, AnalysisError(why))
        self._listeners.count_review(outcome)
        return outcome

    def _review(self, ref: ChangeRef, *, is_forced: bool) -> str:
        try:
            prepared = self._persist(self._prepare, ref)
        except ReviewerError as error:  # the host, the checkout, a policy that cannot be read
            return self._fail(self._report_refusal, ref, error)
        if isinstance(prepared, str):
            return prepared
        if not is_forced and self._is_published(prepared):
            return "already published"
        try:
            self._publish(prepared)
        except ReviewerError as error:
            return self._fail(self._report_failure, prepared, error)
        return "published"

    def _publish(self, prepared: Prepared) -> None:
        """Analyses a prepared change and brings the host up to the report."""
        self._persist(self._announce, prepared)
        self._analyse(prepared)
        refused = self._persist(self._post_threads, prepared)
        self._persist(self._amend_threads, prepared, refused)
        self._persist(self._write_summary, prepared, refused)
        self._persist(self._write_status, prepared, refused)

    def _fail(self, report: Callable[[T, str], None], subject: T, error: ReviewerError) -> str:
        """Says on the host that a review could not be made, if the host still listens; what became of it."""
        _LOG.warning("review failed: %s", error)
        try:
            self._persist(report, subject, str(error))
        except HostError as again:
            _LOG.warning("the failure could not be reported: %s", again)
        return f"failed: {error}"

    def _persist(self, step: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Runs a step until the host takes it, as slowly as the host asks; raises the last HostError.

        Being held back by our own pace is no attempt: nothing was asked.
        """
        delay_s, attempt = _FIRST_DELAY_S, 1
        while True:
            try:
                return step(*args, **kwargs)
            except HostError as error:
                is_held = isinstance(error, PacedError)
                may_repeat = error.status in _TRANSIENT or error.retry_after_s is not None
                if not is_held and (attempt == _MAX_ATTEMPTS or not may_repeat):
                    raise
                pause_s = min(error.retry_after_s if error.retry_after_s is not None else delay_s, _MAX_DELAY_S)
                _LOG.info("%s: again in %.0f s", error, pause_s)
                DBOS.sleep(pause_s)
                delay_s, attempt = (delay_s, attempt) if is_held else (delay_s * 2, attempt + 1)

    @_step
    def _prepare(self, ref: ChangeRef) -> Prepared | str:
        return self._reviewing.prepare(ref)

    @_step
    def _is_published(self, prepared: Prepared) -> bool:
        return self._reviewing.is_published(prepared)

    @_step
    def _announce(self, prepared: Prepared) -> None:
        self._reviewing.announce(prepared)

    @_step
    def _analyse(self, prepared: Prepared) -> None:
        self._reviewing.analyse(prepared)

    @_step
    def _post_threads(self, prepared: Prepared) -> frozenset[str]:
        return self._reviewing.post_threads(prepared)

    @_step
    def _amend_threads(self, prepared: Prepared, refused: frozenset[str]) -> None:
        self._reviewing.amend_threads(prepared, refused)

    @_step
    def _write_summary(self, prepared: Prepared, refused: frozenset[str]) -> None:
        self._reviewing.write_summary(prepared, refused)

    @_step
    def _write_status(self, prepared: Prepared, refused: frozenset[str]) -> None:
        self._reviewing.write_status(prepared, refused)

    @_step
    def _report_refusal(self, ref: ChangeRef, why: str) -> None:
        self._reviewing.report_refusal(ref, why)

    @_step
    def _report_failure(self, prepared: Prepared, why: str) -> None:
        self._reviewing.report_failure(prepared, why)


def _name_delivery(host: HostKind, delivery_id: str) -> str:
    """The workflow of a delivery."""
    return f"delivery:{host.value}:{delivery_id}"

"""Feedback: kept from the API, and given out from every door as examples for the curation pipeline."""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from enum import StrEnum

from sqlalchemy.exc import IntegrityError
from sqlmodel import col, or_, select

from integrations.api.keys import Caller
from integrations.api.requests import FeedbackRequest
from integrations.errors import AnalysisError
from integrations.reports import parse_report
from integrations.storage.database import Database
from integrations.storage.tables import AuditEntry, Feedback, ReviewRecord

_ROWS_AT_ONCE = 500
_MAX_REASON_CHARS = 300
_CODE_MARKS = ("`", ";", "{", "}", "==", "=>", "</")  # what the pipeline takes for code and refuses
# The pipeline's words. Who mended a finding or accepts its risk says that it is right; who only closed it says nothing.
_VERDICTS: Mapping[str, str] = {
    "confirmed": "harmful",
    "addressed": "harmful",
    "accept-risk": "harmful",
    "false-positive": "harmless",
    "helpful": "harmful",  # a thumb up; a thumb down may mean anything
}
_OUTSIDERS = "reaction-outsider"


class Form(StrEnum):
    """How feedback is exported: with everything known, or as a row of a triage file."""

    FULL = "full"
    TRIAGE = "triage"


class FeedbackBook:
    """The feedback in the database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, request: FeedbackRequest, caller: Caller) -> bool:
        """Keeps feedback with its audit entry; False when the same was said before."""
        now, author = datetime.now(UTC), request.author or caller.name
        row = Feedback(
            repository=request.repository,
            fingerprint=request.fingerprint,
            label=request.label,
            kind=request.kind.value,
            source="api",
            author=author,
            reason=request.reason,
            change_key=f"{request.repository}#{request.change}" if request.change else "",
            commit=request.commit,
            path=request.path,
            line=request.line,
            at=now,
        )
        entry = AuditEntry(
            at=now, actor=f"key {caller.name}", action=f"feedback {row.kind}", subject=row.fingerprint,
            detail=f"{row.repository}: {author}",
        )  # fmt: skip
        try:
            with self._database.begin() as session:
                session.add(row)
                session.add(entry)
        except IntegrityError:
            return False
        return True

    def export(self, repository: str | None, since: datetime | None, form: Form) -> Iterator[str]:
        """One line of JSON a row, oldest first; `since`: what was said, or taken back, from then on."""
        last = 0
        while rows := self._list_rows(repository, since, last):
            places = self._find_places(rows)
            for row in rows:
                yield json.dumps(_describe(row, places, form), sort_keys=True) + "\n"
            last = rows[-1].id or 0

    def _list_rows(self, repository: str | None, since: datetime | None, last: int) -> list[Feedback]:
        query = select(Feedback).where(col(Feedback.id) > last)
        if repository is not None:
            query = query.where(Feedback.repository == repository)
        if since is not None:
            query = query.where(or_(col(Feedback.at) >= since, col(Feedback.withdrawn_at) >= since))
        with self._database.begin() as session:
            return list(session.exec(query.order_by(col(Feedback.id)).limit(_ROWS_AT_ONCE)).all())

    def _find_places(self, rows: list[Feedback]) -> dict[tuple[str, str], tuple[int, int]]:
        """Line and column of findings by commit and fingerprint, from reports that are still kept: a thread may stand
        on another line of the evidence."""
        commits = {row.commit for row in rows if row.change_key and row.source != "api"}
        query = select(ReviewRecord.head, ReviewRecord.report).where(col(ReviewRecord.head).in_(commits))
        with self._database.begin() as session:
            reports = session.exec(query).all() if commits else []
        places = {}
        for head, report in reports:
            try:
                findings = parse_report(report).findings if report else ()
            except AnalysisError:  # of an older version: its places are not known any more
                continue
            for one in findings:
                places[head, one.fingerprint] = (one.location.start_line, one.location.start_column)
        return places


def _describe(row: Feedback, places: Mapping[tuple[str, str], tuple[int, int]], form: Form) -> dict[str, object]:
    """`column` is 0 where it is not known. What was taken back says nothing any more."""
    counts = row.source != _OUTSIDERS and row.withdrawn_at is None
    line, column = places.get((row.commit, row.fingerprint), (row.line, 0))
    known: dict[str, object] = {
        "commit": row.commit,
        "path": row.path,
        "line": line,
        "column": column,
        "label": row.label,
        "verdict": _VERDICTS.get(row.kind, "undecidable") if counts else "undecidable",
    }
    if form is Form.TRIAGE:
        name = row.repository.partition(":")[2]
        return {**known, "repository": name, "reason": _plain(row.reason), "reader": f"feedback-{row.source}"}
    return {
        **known,
        "repository": row.repository,
        "reason": row.reason,
        "kind": row.kind,
        "source": row.source,
        "author": row.author,
        "fingerprint": row.fingerprint,
        "change": row.change_key,
        "time": row.at.isoformat(),
        "withdrawn": None if row.withdrawn_at is None else row.withdrawn_at.isoformat(),
    }


def _plain(reason: str) -> str:
    """A reason that the pipeline takes: words on one line, without code."""
    text = " ".join(reason.split())
    for mark in _CODE_MARKS:
        text = text.replace(mark, " ")
    return " ".join(text.split())[:_MAX_REASON_CHARS] or "no reason given"

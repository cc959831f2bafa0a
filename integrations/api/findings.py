"""Findings of published reviews, by repository and change, page by page, and what a team has dismissed of them."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlmodel import col, select

from integrations.api.problems import refuse_field
from integrations.reports import ReportedFinding, parse_report
from integrations.storage.database import Database
from integrations.storage.dismissals import list_dismissed
from integrations.storage.tables import ChangeState, Dismissal, PostedFinding, ReviewRecord

_CHANGES_AT_ONCE = 20
_DISMISSALS_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class KnownFinding:
    """A finding of the last published review of a change. `is_posted`: it has had a thread of its own."""

    change_key: str
    head: str
    finding: ReportedFinding
    is_posted: bool
    is_dismissed: bool

    @property
    def cursor(self) -> str:
        """Where the next page begins behind."""
        return f"{self.change_key}@{self.finding.fingerprint}"


class Findings:
    """Questions to what the bot has published."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def list_dismissed(self, repository: str) -> frozenset[str]:
        """Fingerprints that a repository's team does not want to see again."""
        return list_dismissed(self._database, repository)

    def export_dismissals(self, repository: str) -> Iterator[str]:
        """One line of JSON for each dismissal that holds in a repository, oldest first."""
        last = 0
        while rows := self._list_dismissals(repository, last):
            yield from (json.dumps(_describe_dismissal(row), sort_keys=True) + "\n" for row in rows)
            last = rows[-1].id or 0

    def _list_dismissals(self, repository: str, last: int) -> Sequence[Dismissal]:
        query = select(Dismissal).where(Dismissal.repository == repository, col(Dismissal.id) > last)
        with self._database.begin() as session:
            return session.exec(query.order_by(col(Dismissal.id)).limit(_DISMISSALS_AT_ONCE)).all()

    def list_page(self, repository: str, change: int | None, after: str, limit: int) -> list[KnownFinding]:
        """At most `limit` findings behind a cursor ("": from the start), by change and fingerprint."""
        key, _, fingerprint = after.rpartition("@")
        if after and not (key.startswith(f"{repository}#") and fingerprint):
            raise refuse_field("after", "the `next` of an earlier page", after)
        dismissed = self.list_dismissed(repository)
        page: list[KnownFinding] = []
        for record in self._list_reviews(repository, change, key):
            past = fingerprint if record.change_key == key else ""
            page += self._read_review(record, past, dismissed)
            if len(page) >= limit:
                break
        return page[:limit]

    def _list_reviews(self, repository: str, change: int | None, first_key: str) -> Iterator[ReviewRecord]:
        """The last published review of each change, from a change on, by its key."""
        for state in self._list_changes(repository, change, first_key):
            with self._database.begin() as session:
                record = session.get(ReviewRecord, state.published_review)
            if record is not None and record.report:
                yield record

    def _list_changes(self, repository: str, change: int | None, first_key: str) -> Iterator[ChangeState]:
        query = select(ChangeState).where(ChangeState.repository == repository, ChangeState.published_review != "")
        if change is not None:
            query = query.where(ChangeState.key == f"{repository}#{change}")
        last, rows = "", _CHANGES_AT_ONCE
        while rows == _CHANGES_AT_ONCE:
            bound = col(ChangeState.key) > last if last else col(ChangeState.key) >= first_key
            with self._database.begin() as session:
                ordered = query.where(bound).order_by(col(ChangeState.key)).limit(_CHANGES_AT_ONCE)
                found: Sequence[ChangeState] = session.exec(ordered).all()
            rows = len(found)
            yield from found
            last = found[-1].key if found else ""

    def _read_review(self, record: ReviewRecord, past: str, dismissed: frozenset[str]) -> list[KnownFinding]:
        query = select(PostedFinding.fingerprint).where(PostedFinding.change_key == record.change_key)
        with self._database.begin() as session:
            posted = frozenset(session.exec(query).all())
        findings = sorted(parse_report(record.report).findings, key=lambda one: one.fingerprint)
        return [
            KnownFinding(record.change_key, record.head, one, one.fingerprint in posted, one.fingerprint in dismissed)
            for one in findings
            if one.fingerprint > past
        ]


def _describe_dismissal(row: Dismissal) -> dict[str, object]:
    return {
        "repository": row.repository,
        "fingerprint": row.fingerprint,
        "label": row.label,
        "kind": row.kind,
        "reason": row.reason,
        "author": row.author,
        "change": row.change_key,
        "time": row.at.isoformat(),
    }

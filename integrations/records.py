"""What we know of changes and findings: reviews, posted threads, dismissals, feedback, and who did what."""

from collections.abc import Iterable
from datetime import UTC, datetime

from sqlmodel import Session, select

from integrations.hosts import Change, ChangeRef, NewThread
from integrations.reports import ReportedFinding
from integrations.storage.database import Database, add_if_absent
from integrations.storage.dismissals import list_dismissed
from integrations.storage.tables import (
    AuditEntry,
    ChangeState,
    Dismissal,
    Feedback,
    Intent,
    PostedFinding,
    ReviewRecord,
)


class Records:
    """Questions to the database and notes in it, each one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def state_of(self, ref: ChangeRef) -> ChangeState:
        """What we know of a change; a new row, not kept yet, where that is nothing."""
        with self._database.begin() as session:
            found = session.get(ChangeState, ref.key)
        return found or ChangeState(key=ref.key, repository=repository_key(ref))

    def set_paused(self, ref: ChangeRef, author: str, *, is_paused: bool) -> None:
        """Stops or resumes the reviews of a change, with an audit entry; nothing where that is done already."""
        with self._database.begin() as session:
            state = _ensure_state(session, ref)
            if state.is_paused != is_paused:
                state.is_paused = is_paused
                action = "pause" if is_paused else "resume"
                session.add(AuditEntry(at=datetime.now(UTC), actor=author, action=action, subject=ref.key))

    def load_review(self, key: str) -> ReviewRecord | None:
        """A review by its key."""
        with self._database.begin() as session:
            return session.get(ReviewRecord, key)

    def keep_review(self, record: ReviewRecord) -> None:
        """Keeps a review, over one with the same key."""
        with self._database.begin() as session:
            session.merge(record)

    def note_published(self, change: Change, key: str) -> None:
        """Notes that everything a review has to say stands on the host."""
        with self._database.begin() as session:
            record = session.get(ReviewRecord, key)
            assert record is not None, f"{key}: a review is kept before it is published"
            record.state, record.finished_at = "published", datetime.now(UTC)
            row = _ensure_state(session, change.ref)
            row.published_review, row.published_head = key, change.head

    def begin_intent(self, key: str) -> bool:
        """Notes that a write begins; True when it had begun before and nobody noted its end."""
        with self._database.begin() as session:
            found = session.get(Intent, key)
            was_begun = found is not None and not found.is_done
            session.merge(Intent(key=key, begun_at=datetime.now(UTC)))
            return was_begun

    def end_intent(self, key: str) -> None:
        """Notes that a write was made."""
        with self._database.begin() as session:
            row = session.get(Intent, key)
            assert row is not None, f"{key}: an intent begins before it ends"
            row.is_done = True

    def posted_on(self, ref: ChangeRef) -> dict[str, PostedFinding]:
        """Findings that have had a thread on a change, by fingerprint."""
        with self._database.begin() as session:
            rows = session.exec(select(PostedFinding).where(PostedFinding.change_key == ref.key)).all()
        return {row.fingerprint: row for row in rows}

    def note_posted(self, change: Change, threads: Iterable[NewThread], findings: Iterable[ReportedFinding]) -> None:
        """Remembers threads that were just posted."""
        by_fingerprint = {finding.fingerprint: finding for finding in findings}
        with self._database.begin() as session:
            for thread in threads:
                finding = by_fingerprint[thread.fingerprint]
                session.merge(
                    PostedFinding(
                        change_key=change.ref.key,
                        fingerprint=thread.fingerprint,
                        label=finding.label,
                        path=thread.place.path,
                        line=finding.anchor.line if thread.place.is_deleted else thread.place.end_line,
                        probability=finding.probability,
                        head=change.head,
                        at=datetime.now(UTC),
                    )
                )

    def forget_posted(self, ref: ChangeRef, fingerprint: str) -> None:
        """Forgets a finding whose thread is now that of the same code in another file."""
        with self._database.begin() as session:
            row = session.get(PostedFinding, (ref.key, fingerprint))
            if row is not None:
                session.delete(row)

    def note_resolved(self, ref: ChangeRef, fingerprint: str, *, by_us: bool) -> None:
        """Remembers that we resolved a thread, or opened it again."""
        with self._database.begin() as session:
            row = session.get(PostedFinding, (ref.key, fingerprint))
            if row is not None:
                row.is_resolved_by_us = by_us

    def dismissed_in(self, ref: ChangeRef) -> frozenset[str]:
        """Fingerprints that a repository's team does not want to see again."""
        return list_dismissed(self._database, repository_key(ref))

    def dismiss(self, ref: ChangeRef, finding: PostedFinding, *, kind: str, reason: str, author: str) -> None:
        """Keeps a dismissal, its feedback and its audit entry; a second one for the same finding changes nothing."""
        now = datetime.now(UTC)
        row = Dismissal(
            repository=repository_key(ref),
            fingerprint=finding.fingerprint,
            label=finding.label,
            kind=kind,
            reason=reason,
            author=author,
            change_key=ref.key,
            at=now,
        )
        with self._database.begin() as session:
            if add_if_absent(session, row):
                session.add(AuditEntry(at=now, actor=author, action=f"dismiss {kind}", subject=finding.fingerprint))
                feedback = _make_feedback(ref, finding, kind=kind, source="command", author=author, reason=reason)
                add_if_absent(session, feedback)

    def move_dismissal(self, ref: ChangeRef, fingerprint: str, finding: ReportedFinding) -> None:
        """Dismisses a finding as the one that it moved from is dismissed, with an audit entry; once."""
        is_old = (Dismissal.repository == repository_key(ref)) & (Dismissal.fingerprint == fingerprint)
        with self._database.begin() as session:
            old = session.exec(select(Dismissal).where(is_old)).first()
            if old is None:  # taken back meanwhile
                return
            values = {"id": None, "fingerprint": finding.fingerprint, "at": datetime.now(UTC)}
            row = Dismissal(**{**old.model_dump(), **values})
            if add_if_absent(session, row):
                subject, detail = row.fingerprint, f"moved from {fingerprint}"
                entry = AuditEntry(
                    at=row.at, actor=row.author, action=f"dismiss {row.kind}", subject=subject, detail=detail
                )
                session.add(entry)

    def add_feedback(  # one name for each column
        self, ref: ChangeRef, finding: PostedFinding, *, kind: str, source: str, author: str, reason: str = ""
    ) -> int:
        """Keeps what a person did with a finding and gives its number; the same act is kept once, and counts again."""
        row = _make_feedback(ref, finding, kind=kind, source=source, author=author, reason=reason)
        same = select(Feedback).where(
            Feedback.repository == row.repository,
            Feedback.fingerprint == row.fingerprint,
            Feedback.source == source,
            Feedback.author == author,
            Feedback.kind == kind,
        )
        with self._database.begin() as session:
            add_if_absent(session, row)
            kept = session.exec(same).one()
            if kept.withdrawn_at is not None:
                kept.at, kept.withdrawn_at = row.at, None
            assert kept.id is not None, "the database numbers its rows"
            return kept.id


def _ensure_state(session: Session, ref: ChangeRef) -> ChangeState:
    """The row of a change; two processes may need the first one at the same time."""
    add_if_absent(session, ChangeState(key=ref.key, repository=repository_key(ref)))
    return session.get_one(ChangeState, ref.key, with_for_update=True)


def _make_feedback(  # one name for each column
    ref: ChangeRef, finding: PostedFinding, *, kind: str, source: str, author: str, reason: str
) -> Feedback:
    return Feedback(
        repository=repository_key(ref),
        fingerprint=finding.fingerprint,
        label=finding.label,
        kind=kind,
        source=source,
        author=author,
        reason=reason,
        change_key=ref.key,
        commit=finding.head,
        path=finding.path,
        line=finding.line,
        probability=finding.probability,
        at=datetime.now(UTC),
    )


def repository_key(ref: ChangeRef) -> str:
    """`github:owner/name`."""
    return f"{ref.repository.host.value}:{ref.repository.name}"

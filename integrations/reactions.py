"""Thumbs under our comments, as feedback. No host sends a webhook for them, so changes are asked one after another.

Only a few changes a sweep, each at most once an hour; open ones, and closed ones for some days. What is known by the
host's name for it is not asked about again; when it is gone and its comment stands, its feedback is withdrawn. Someone
without write access is kept apart, and counts for nothing.
"""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from sqlmodel import col, or_, select

from integrations.errors import HostError
from integrations.hosts import ChangeRef, Host, HostKind, Rated, RatedComment, Reaction, RepositoryRef
from integrations.records import Records
from integrations.storage.database import Database, add_if_absent
from integrations.storage.tables import Feedback, KnownReaction, PostedFinding, ReactionPoll

_LOG = logging.getLogger(__name__)
_EVERY = timedelta(hours=1)
_MAX_CHANGES = 10  # of one sweep
_MAX_SWEEP_S = 20.0  # a worker that does not sweep on is taken for dead
_MIN_LEFT = 1_000  # requests of the hour that are left to reviews
_GONE = frozenset({403, 404, 410})
UP, DOWN = "helpful", "unhelpful"
BY_WRITER, BY_OUTSIDER = "reaction", "reaction-outsider"


def utc_now() -> datetime:
    """The present."""
    return datetime.now(UTC)


class Reactions:
    """Looks for thumbs. `days`: how long after its end a change is still asked about."""

    def __init__(
        self,
        hosts: Mapping[HostKind, Host],
        database: Database,
        records: Records,
        days: int,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._hosts, self._database, self._records, self._clock = hosts, database, records, clock
        self._after_end = timedelta(days=days)

    def sweep(self) -> None:
        """Asks about the changes that were not asked about for longest."""
        end_s = time.monotonic() + _MAX_SWEEP_S
        for key in self._list_due():
            ref = parse_change(key)
            host = self._hosts.get(ref.repository.host)
            if time.monotonic() > end_s:
                return
            if host is None or not isinstance(host, Rated) or _is_short(host):
                continue
            if not self._poll(ref, host):
                return

    def _list_due(self) -> Sequence[str]:
        now = self._clock()
        query = (
            select(PostedFinding.change_key)
            .join(ReactionPoll, col(ReactionPoll.change_key) == col(PostedFinding.change_key), isouter=True)
            .where(or_(col(ReactionPoll.polled_at).is_(None), col(ReactionPoll.polled_at) <= now - _EVERY))
            .where(or_(col(ReactionPoll.closed_at).is_(None), col(ReactionPoll.closed_at) > now - self._after_end))
            .group_by(col(PostedFinding.change_key), col(ReactionPoll.polled_at))
            .order_by(col(ReactionPoll.polled_at).nulls_first(), col(PostedFinding.change_key))
            .limit(_MAX_CHANGES)
        )
        with self._database.begin() as session:
            return session.exec(query).all()

    def _poll(self, ref: ChangeRef, host: Host) -> bool:
        """Asks about one change; whether the host may be asked about more."""
        assert isinstance(host, Rated), "only such hosts are asked"
        self._note_poll(ref)
        try:
            change = host.load_change(ref)
            comments = host.list_rated(change)
            self._withdraw(ref, comments)
            for comment, reaction in self._find_new(ref, comments):
                self._keep(ref, host, comment, reaction)
        except HostError as error:
            _LOG.info("%s: not asked about reactions: %s", ref.key, error)
            if error.status in _GONE and error.retry_after_s is None:
                self._note_end(ref, is_closed=True)
                return True
            return error.status != 0 and error.retry_after_s is None
        self._note_end(ref, is_closed=not change.is_open)
        return True

    def _note_poll(self, ref: ChangeRef) -> None:
        """Notes that a change is asked about, before it is: other processes sweep too."""
        with self._database.begin() as session:
            add_if_absent(session, ReactionPoll(change_key=ref.key, polled_at=self._clock()))
            session.get_one(ReactionPoll, ref.key).polled_at = self._clock()

    def _note_end(self, ref: ChangeRef, *, is_closed: bool) -> None:
        """Notes since when a change is closed, or that it is open."""
        with self._database.begin() as session:
            row = session.get_one(ReactionPoll, ref.key)
            row.closed_at = (row.closed_at or self._clock()) if is_closed else None

    def _withdraw(self, ref: ChangeRef, comments: Sequence[RatedComment]) -> None:
        """Withdraws feedback whose thumb was taken back. One whose comment was deleted stands: nobody took it back."""
        standing = {one.reaction_id for comment in comments for one in comment.reactions}
        asked = [comment.comment_id for comment in comments]
        query = select(KnownReaction).where(
            KnownReaction.change_key == ref.key, col(KnownReaction.comment_id).in_(asked)
        )
        with self._database.begin() as session:
            gone = [row for row in session.exec(query).all() if row.reaction_id not in standing]
            for row in gone:
                session.delete(row)
            numbers = {row.feedback_id for row in gone}
            others = select(KnownReaction.feedback_id).where(col(KnownReaction.feedback_id).in_(numbers))
            numbers -= set(session.exec(others).all())  # the same thumb under another comment of the finding
            for feedback in session.exec(select(Feedback).where(col(Feedback.id).in_(numbers))).all():
                feedback.withdrawn_at = self._clock()

    def _find_new(self, ref: ChangeRef, comments: Sequence[RatedComment]) -> list[tuple[RatedComment, Reaction]]:
        given = [(comment, one) for comment in comments for one in comment.reactions if one.author]
        query = select(KnownReaction.reaction_id).where(
            KnownReaction.host == ref.repository.host.value,
            col(KnownReaction.reaction_id).in_([one.reaction_id for _, one in given]),
        )
        with self._database.begin() as session:
            known = frozenset(session.exec(query).all())
        return [(comment, one) for comment, one in given if one.reaction_id not in known]

    def _keep(self, ref: ChangeRef, host: Host, comment: RatedComment, reaction: Reaction) -> None:
        """Makes feedback of a reaction, then remembers it: a crash in between repeats what is kept once."""
        finding = self._records.posted_on(ref).get(comment.fingerprint)
        if finding is None:
            return
        source = BY_WRITER if host.can_write(ref.repository, reaction.author) else BY_OUTSIDER
        kind = UP if reaction.is_up else DOWN
        number = self._records.add_feedback(ref, finding, kind=kind, source=source, author=reaction.author)
        row = KnownReaction(
            host=ref.repository.host.value,
            reaction_id=reaction.reaction_id,
            change_key=ref.key,
            comment_id=comment.comment_id,
            feedback_id=number,
            at=reaction.at,
        )
        with self._database.begin() as session:
            add_if_absent(session, row)


def parse_change(key: str) -> ChangeRef:
    """The change of a key, `github:owner/name#7`; its installation is for the host to find."""
    host, _, rest = key.partition(":")
    name, _, number = rest.rpartition("#")
    return ChangeRef(RepositoryRef(HostKind(host), name), int(number))


def _is_short(host: Rated) -> bool:
    """Whether the rest of the hour is for reviews."""
    left = host.count_left()
    return left is not None and left < _MIN_LEFT

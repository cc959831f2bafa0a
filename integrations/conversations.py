"""What people say to us: commands in comments, and threads they resolve. Only those with write access count."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from integrations.commands import DISMISSALS, HELP, Command, Word, parse_command
from integrations.events import CommentWritten, ThreadResolved
from integrations.hosts import Change, Host, PostedThread
from integrations.records import Records
from integrations.reports import ReportedFinding, parse_report
from integrations.reviewing import Reviewing
from integrations.storage.tables import PostedFinding
from integrations.wording import escape_markdown, make_marker, quote_code, quote_inline

ANSWER = "answer"


@dataclass(frozen=True, slots=True)
class _Talk:
    """One comment with what is needed to answer it; `thread` and `finding` are those it was written under."""

    event: CommentWritten
    command: Command
    host: Host
    change: Change
    thread: PostedThread | None
    finding: PostedFinding | None


class Conversations:
    """Answers comments. Made once a process."""

    def __init__(self, reviewing: Reviewing, records: Records, settle_s: float = 5.0) -> None:
        """`settle_s`: how long a host's lists may lag behind a write of ours."""
        self._reviewing, self._records, self._settle_s = reviewing, records, settle_s

    def answer(self, event: CommentWritten) -> bool:
        """Does what a comment asks; whether the change is to be reviewed again. Raises HostError."""
        command = parse_command(event.text)
        if command is None:
            return False
        host = self._reviewing.host_of(event.change)
        if not host.can_write(event.change.repository, event.author):
            return False
        change = host.load_change(event.change)
        host.acknowledge(change, event.comment_id, in_thread=bool(event.thread_id))
        thread = self._find_thread(host, change, event.thread_id)
        finding = self._records.posted_on(event.change).get(thread.fingerprint) if thread is not None else None
        talk = _Talk(event, command, host, change, thread, finding)
        if command.word in DISMISSALS:
            return self._dismiss(talk)
        return _ANSWERS.get(command.word, Conversations._say_unknown)(self, talk)

    def note_thread(self, event: ThreadResolved) -> None:
        """Keeps a resolved thread as feedback; it dismisses nothing by itself. Raises HostError."""
        host = self._reviewing.host_of(event.change)
        if not event.is_resolved or not host.can_write(event.change.repository, event.author):
            return
        change = host.load_change(event.change)
        thread = self._find_thread(host, change, event.thread_id)
        finding = self._records.posted_on(event.change).get(thread.fingerprint) if thread is not None else None
        if finding is not None:
            self._records.add_feedback(event.change, finding, kind="resolved", source="thread", author=event.author)

    def _find_thread(self, host: Host, change: Change, thread_id: str) -> PostedThread | None:
        if not thread_id:
            return None
        return next((one for one in host.list_threads(change) if thread_id in (one.thread_id, one.comment_id)), None)

    def _reply(self, talk: _Talk, text: str) -> None:
        """Answers a comment once: an answer that had begun before is looked for where it would stand."""
        event = talk.event
        name = f"{'thread' if event.thread_id else 'change'}-{event.comment_id}"
        marker = make_marker(ANSWER, name)
        if self._records.begin_intent(f"{event.change.key}:{ANSWER}:{name}"):  # it never ends: nobody is answered twice
            time.sleep(self._settle_s)
            if talk.host.has_reply(talk.change, talk.thread, marker):
                return
        talk.host.reply(talk.change, talk.thread, f"{text}\n\n{marker}")

    def _dismiss(self, talk: _Talk) -> bool:
        assert talk.command.word is not None, "a dismissal is a known word"
        if talk.finding is None or talk.thread is None:
            self._reply(talk, f"`/reviewer {talk.command.given}` answers a finding: write it in the finding's thread.")
            return False
        if not talk.command.reason:
            self._reply(talk, f"`/reviewer {talk.command.given}` needs a reason behind it, for those who come later.")
            return False
        kind, author = talk.command.word.value, talk.event.author
        self._records.dismiss(talk.event.change, talk.finding, kind=kind, reason=talk.command.reason, author=author)
        reason = escape_markdown(talk.command.reason)
        self._reply(talk, f"Noted as {kind}: {reason}. It will not be reported again in this repository.")
        talk.host.resolve_thread(talk.change, talk.thread, is_resolved=True)
        return True

    def _review(self, talk: _Talk) -> bool:
        return not self._records.state_of(talk.event.change).is_paused

    def _explain(self, talk: _Talk) -> bool:
        finding = self._load_finding(talk)
        if finding is None:
            self._reply(talk, "`/reviewer explain` answers a finding: write it in the finding's thread.")
            return False
        steps = [
            f"{number}. {step.role} {quote_inline(f'{step.location.path}:{step.location.start_line}')}"
            f"{' – ' + escape_markdown(step.note) if step.note else ''}\n\n{quote_code(step.code)}"
            for number, step in enumerate(finding.evidence, start=1)
        ]
        head = f"**{escape_markdown(finding.title)}**, probability {finding.probability:.0%}."
        self._reply(talk, "\n\n".join([head, *steps, f"**To mend it:** {escape_markdown(finding.remedy)}"]))
        return False

    def _load_finding(self, talk: _Talk) -> ReportedFinding | None:
        """The finding of a thread as the last published review has it."""
        record = self._records.load_review(self._records.state_of(talk.event.change).published_review)
        if talk.thread is None or record is None:
            return None
        found = (one for one in parse_report(record.report).findings if one.fingerprint == talk.thread.fingerprint)
        return next(found, None)

    def _pause(self, talk: _Talk) -> bool:
        self._records.set_paused(talk.event.change, talk.event.author, is_paused=True)
        self._reply(talk, "Paused: this change is not reviewed until `/reviewer resume`.")
        return False

    def _resume(self, talk: _Talk) -> bool:
        self._records.set_paused(talk.event.change, talk.event.author, is_paused=False)
        return True

    def _show_policy(self, talk: _Talk) -> bool:
        record = self._records.load_review(self._records.state_of(talk.event.change).published_review)
        if record is None:
            self._reply(talk, "No review of this change has been published yet.")
        elif not record.policy:
            self._reply(talk, "The base branch has no configuration of ours: the defaults are in effect.")
        else:
            policy = quote_code(record.policy.decode("utf-8", "replace"), "toml")
            self._reply(talk, f"From {quote_inline(record.policy_name)} of the base branch:\n\n{policy}")
        return False

    def _help(self, talk: _Talk) -> bool:
        self._reply(talk, "\n".join(f"- `/reviewer {word.value}` {text}" for word, text in HELP.items()))
        return False

    def _say_unknown(self, talk: _Talk) -> bool:
        given = quote_inline(talk.command.given)
        self._reply(talk, f"No such command: {given}. `/reviewer help` lists them.")
        return False


_ANSWERS: dict[Word | None, Callable[[Conversations, _Talk], bool]] = {
    Word.REVIEW: Conversations._review,
    Word.EXPLAIN: Conversations._explain,
    Word.PAUSE: Conversations._pause,
    Word.RESUME: Conversations._resume,
    Word.CONFIG: Conversations._show_policy,
    Word.HELP: Conversations._help,
}

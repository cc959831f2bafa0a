"""One workspace folder inside the analysis process: what is on disk, what is open over it, and what a review says."""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path

from ide_plugin_server.aside import Caution
from ide_plugin_server.convert import Encoding, Extent, LineTable
from ide_plugin_server.messages import (
    FileReport,
    Hop,
    Mending,
    Note,
    OpenSite,
    Remark,
    Replacement,
    Score,
    SiteState,
)
from ide_plugin_server.places import Setting, find_exclusion, holds_at_most, inspect, make_setting, read_marks
from reviewer.cache import Cache
from reviewer.comparison import compare
from reviewer.discovery import Discovery, discover_files
from reviewer.engine import Engine
from reviewer.errors import RequestError
from reviewer.findings import EvidenceStep, Finding
from reviewer.ledger import Skip, SkipReason
from reviewer.source import SourceFile
from reviewer.suppression import SuppressionNote, SuppressionProblem
from reviewer.tracking import Tracker, Verdict

_BOM = b"\xef\xbb\xbf"


class Site:
    """A folder and its review. Raises ConfigurationError and RequestError where it cannot be reviewed."""

    def __init__(
        self, request: OpenSite, engine: Engine, cache_folder: Path | None, encoding: Encoding, caution: Caution
    ) -> None:
        self._request, self._encoding, self._caution = request, encoding, caution
        self.setting: Setting = make_setting(Path(request.folder), request.settings)
        cache = Cache(cache_folder if self.setting.configuration.cache else None)
        self.tracker = Tracker(self.setting.configuration, engine, cache, self.setting.baseline)
        self.is_linked = not request.is_lone and holds_at_most(self.setting, request.settings.max_workspace_files)
        self._skipped: dict[str, Skip] = {}
        self._listed: set[str] = set()  # what the folder's review covers on disk
        self._folders: set[str] = set()  # that hold them, at whatever depth
        self._left_out: set[str] = set()  # paths that are not read, since earlier processes died of them
        self._open: set[str] = set()  # paths whose content is the editor's
        self._hidden: dict[str, int] = {}  # bytes of a byte order mark that the editor's text has and ours has not
        self._marks: dict[str, tuple[Skip | None, Mapping[str, str]]] = {}
        self._verdicts: dict[str, Verdict] = {}
        self._sent: dict[str, FileReport] = {}
        if self.is_linked:
            self._discover()

    @property
    def state(self) -> SiteState:
        """How far it is read."""
        if not self.is_linked:
            return SiteState()
        num_waiting = len([path for path in self.tracker.find_unread() if path in self._listed])
        return SiteState(len(self._listed) - num_waiting, len(self._listed), is_linked=True)

    def read_next(self) -> None:
        """Reads one more of the folder's files."""
        waiting = [path for path in self.tracker.find_unread() if path in self._listed]
        if waiting:
            self.turn_to(waiting[0])
            self.tracker.read(waiting[0], is_passing=waiting[0] in self._open)

    def turn_to(self, path: str) -> None:
        """Says that a file comes next."""
        self._caution.turn_to(str(self.setting.workspace.file_at(path)), self.tracker.sources[path].content)

    def _put(self, source: SourceFile) -> None:
        """Takes a source in, unless it is left out."""
        if self._caution.leaves_out(str(self.setting.workspace.file_at(source.path)), source.content):
            self._remove(source.path)
            self._left_out.add(source.path)
        else:
            self._left_out.discard(source.path)
            self.tracker.put(source)

    def _remove(self, path: str) -> None:
        self.tracker.remove(path)
        self._verdicts.pop(path, None)
        self._left_out.discard(path)

    # What is on disk -------------------------------------------------------------------------------------------------

    def _discover(self) -> None:
        found = discover_files(self.setting.workspace, [self.setting.folder], self.setting.rules)
        listed = {source.path for source in found.sources}
        for path in self._listed - listed - self._open:
            self._remove(path)
        self._listed, self._folders = listed, _list_folders(listed)
        self._skipped = {skip.path: skip for skip in found.skipped}
        self._marks.clear()
        for source in found.sources:
            if source.path not in self._open:
                self._put(source)

    def refresh(self, files: Iterable[str]) -> bool:
        """Looks at files again; at everything where one is new, gone, or decides about others.

        False when none was or is of any interest.
        """
        given = [self.path_of(file) for file in files]
        if not self.is_linked:
            self._marks.clear()
            return True
        paths = [path for path in given if path in self._listed or self._concerns(path)]
        if given and not paths:
            return False
        self._look_at(paths)
        return True

    def _concerns(self, path: str) -> bool:
        """Whether a path that is not listed matters: it is there now, or was a folder of listed files."""
        return path in self._folders or self.setting.workspace.file_at(path).exists()

    def _look_at(self, paths: Sequence[str]) -> None:
        if not paths or any(path not in self._listed for path in paths):
            self._discover()
            return
        wanted = [self.setting.workspace.file_at(path) for path in paths if path not in self._open]
        found = discover_files(self.setting.workspace, wanted, self.setting.rules)
        if found.skipped or found.failed:
            self._discover()
            return
        for source in found.sources:
            self._put(source)

    def release(self, file: str) -> None:
        """A document was closed: the disk decides again."""
        path = self.path_of(file)
        self._open.discard(path)
        self._hidden.pop(path, None)
        self._sent.pop(path, None)
        if path in self._listed and self.is_linked:
            self.refresh([file])
        else:
            self._remove(path)

    def path_of(self, file: str) -> str:
        """A file's path in the review."""
        return self.setting.workspace.path_of(Path(file))

    def list_files(self, *, changed_only: bool) -> tuple[str, ...]:
        """The folder's files, or those of them that differ from the default branch. Raises RequestError."""
        workspace = self.setting.workspace
        if not self.is_linked:
            raise RequestError(
                f"{self.setting.folder}: expected at most as many files as maxWorkspaceFiles, found more"
            )
        paths = self._listed
        if changed_only:
            if workspace.repository is None:
                raise RequestError(f"{self.setting.folder}: expected a git repository, found none")
            comparison = compare(workspace.repository, None, None, staged=False)
            paths = {change.path for change in comparison.changes} & self._listed
        return tuple(str(workspace.file_at(path)) for path in sorted(paths))

    # What a review says ----------------------------------------------------------------------------------------------

    def review(self, file: str, content: bytes | None, *, is_named: bool, is_passing: bool) -> FileReport:
        """What is shown of a file."""
        path = self.path_of(file)
        found = self._take(path, content, is_named=is_named)
        if isinstance(found, Skip):
            self._remove(path)
            return self._send(path, FileReport(file, unread=f"{found.reason.value} {found.detail}".strip()))
        self._put(found)
        if path in self._left_out:
            return self._send(path, _describe_left_out(file))
        self.turn_to(path)
        self.tracker.read(path, is_passing=is_passing)
        return self._send(path, self._judge(path, file))

    def judge(self, files: Iterable[str], *, is_complete: bool = False) -> tuple[FileReport, ...]:
        """Reports of files that were reviewed or listed: all, or those that differ from what was sent last.

        A file that is gone has an empty one, once.
        """
        new = []
        for file in files:
            path = self.path_of(file)
            before = self._sent.get(path)
            report = self._judge_next(path, file)
            if report is not None and (is_complete or report != before):
                new.append(self._send(path, report))
            elif report is None and path not in self._open and self._sent.pop(path, None) is not None:
                new.append(FileReport(file))  # it is gone, or left out now
        return tuple(new)

    def _judge_next(self, path: str, file: str) -> FileReport | None:
        """The report on a file; None for what is neither listed nor open."""
        if path in self._left_out:
            return _describe_left_out(file)
        if path not in self.tracker.sources:
            return None
        self.turn_to(path)
        self.tracker.read(path, is_passing=path in self._open)
        return self._judge(path, file)

    def _send(self, path: str, report: FileReport) -> FileReport:
        self._sent[path] = report
        return report

    def _take(self, path: str, content: bytes | None, *, is_named: bool) -> SourceFile | Skip:
        if content is None:
            return self._take_from_disk(path)
        self._open.add(path)
        self._hidden[path] = len(_BOM) if content.startswith(_BOM) else 0
        if path not in self._marks:
            exclusion = None if self._request.is_lone or path in self._listed else find_exclusion(self.setting, path)
            self._marks[path] = (exclusion, read_marks(self.setting, path))
        exclusion, marks = self._marks[path]
        if exclusion is not None and not is_named:
            return exclusion
        return inspect(self.setting, path, content, marks)

    def _take_from_disk(self, path: str) -> SourceFile | Skip:
        self._open.discard(path)
        file = self.setting.workspace.file_at(path)
        found: Discovery = discover_files(self.setting.workspace, [file], self.setting.rules)
        if found.failed:
            return Skip(path, SkipReason.UNREADABLE, found.failed[0].error)
        return found.skipped[0] if found.skipped else found.sources[0]

    def _judge(self, path: str, file: str) -> FileReport:
        is_alone = not (self.is_linked and self.state.is_ready)
        verdict = self.tracker.judge(path, is_alone=is_alone)
        sent = self._sent.get(path)
        if sent is not None and self._verdicts.get(path) is verdict:
            return sent
        self._verdicts[path] = verdict
        if verdict.failed is not None:
            return FileReport(file, unread=f"failed: {verdict.failed.error}", is_failed=True)
        scores = self._rank(path, verdict) if self._request.settings.code_lens else ()
        return FileReport(
            file,
            tuple(self._describe(finding) for finding in verdict.findings),
            tuple(self._describe_note(note) for note in verdict.notes),
            scores,
            _describe_unread(verdict),
        )

    # In words and places of the editor -------------------------------------------------------------------------------

    def table_of(self, path: str) -> LineTable:
        """The lines of a file as the editor counts them."""
        return _lay_out(self.tracker.sources[path].content, self._encoding, self._hidden.get(path, 0))

    def find_finding(self, file: str, fingerprint: str) -> Finding | None:
        """A finding of the last verdict on a file."""
        verdict = self._verdicts.get(self.path_of(file))
        found = verdict.findings if verdict is not None else ()
        return next((one for one in found if one.fingerprint == fingerprint), None)

    def verdict_of(self, file: str) -> Verdict | None:
        """The last verdict on a file."""
        return self._verdicts.get(self.path_of(file))

    def _describe(self, finding: Finding) -> Remark:
        table = self.table_of(finding.path)
        span = finding.region.span
        first, last = finding.statement.start, max(finding.statement.start, finding.statement.stop - 1)
        statement_start, statement_end = table.line_to_extent(first).start, table.line_to_extent(last).end
        return Remark(
            fingerprint=finding.fingerprint,
            label=finding.label,
            title=finding.title,
            message=finding.message,
            severity=finding.severity.value,
            probability=finding.probability,
            extent=table.span_to_extent(span.start, span.end),
            statement=Extent(statement_start, statement_end),
            line=finding.region.start.line,
            path=finding.path,
            hops=tuple(self._describe_step(step) for step in finding.steps),
        )

    def _describe_step(self, step: EvidenceStep) -> Hop:
        span, path = step.region.span, step.region.path
        note = f" ({step.note})" if step.note else ""
        extent = self.table_of(path).span_to_extent(span.start, span.end)
        return Hop(str(self.setting.workspace.file_at(path)), extent, f"{step.role.value}{note}: {step.code[:100]}")

    def _describe_note(self, note: SuppressionNote) -> Note:
        label = f" [{note.label}]" if note.label else ""
        extent = self.table_of(note.path).line_to_extent(note.line)
        return Note(extent, f"suppression{label} {note.problem.value}", note.problem is SuppressionProblem.UNUSED)

    def _rank(self, path: str, verdict: Verdict) -> tuple[Score, ...]:
        assert verdict.file is not None, "a verdict without a failure has its file"
        table = self.table_of(path)
        ranked = self.tracker.rank_functions(path, verdict.file)
        return tuple(
            Score(table.span_to_extent(one.span.start, one.span.end), one.name, one.probability) for one in ranked
        )

    def describe_fix(self, finding: Finding) -> Mending:
        """The verified fix of one finding."""
        assert finding.fix is not None, "only findings with a fix come here"
        fix = finding.fix
        description = fix.description or "apply the fix"
        replacements = self._list_replacements([finding])
        return Mending(
            (finding.fingerprint,), description, fix.is_safe, finding.probability, fix.probability, replacements
        )

    def mend_safely(self, findings: Iterable[Finding], file: str) -> tuple[Mending, ...]:
        """All safe fixes of a file that hold together, as one; nothing when there are none."""
        verdict = self.verdict_of(file)
        safe = [one for one in findings if one.fix is not None and one.fix.is_safe]
        mended = self.tracker.mend(safe, verdict.file) if verdict is not None and verdict.file is not None else None
        if mended is None:
            return ()
        chosen = mended.findings
        fingerprints = tuple(one.fingerprint for one in chosen)
        return (Mending(fingerprints, "all safe fixes", True, 0.0, 0.0, self._list_replacements(chosen)),)

    def _list_replacements(self, findings: Iterable[Finding]) -> tuple[Replacement, ...]:
        """The edits of findings of one file; two that share one, such as an import, bring it once."""
        found: dict[Replacement, None] = {}
        for finding in findings:
            table = self.table_of(finding.path)
            for edit in finding.fix.edits if finding.fix is not None else ():
                extent = table.span_to_extent(edit.region.span.start, edit.region.span.end)
                found[Replacement(extent, edit.replacement)] = None
        return tuple(found)


@lru_cache(maxsize=8)
def _lay_out(content: bytes, encoding: Encoding, num_hidden: int) -> LineTable:
    return LineTable(content, encoding, num_hidden)


def _list_folders(paths: Iterable[str]) -> set[str]:
    found: set[str] = set()
    for path in paths:
        folder = path.rpartition("/")[0]
        while folder and folder not in found:
            found.add(folder)
            folder = folder.rpartition("/")[0]
    return found


def _describe_left_out(file: str) -> FileReport:
    return FileReport(file, unread="the analysis process died of it", is_failed=True)


def _describe_unread(verdict: Verdict) -> str:
    parts = verdict.file.unread if verdict.file is not None else ()
    return ", ".join(sorted({part.kind for part in parts}))

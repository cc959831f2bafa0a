"""The analysis process: answers requests one after the other until its pipe closes. Started by `desk`.

Requests and answers are pickled values behind their length, both written by this project. Nothing else may reach the
pipe: what is printed goes to standard error.
"""

import gc
import itertools
import logging
import os
import pickle
import signal
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO  # Any: each kind of request has its own handler

from graph_model.catalogue.pages import render_pages, write_pages
from graph_model.errors import GraphModelError
from ide_plugin_server.aside import Caution, InHand
from ide_plugin_server.convert import Encoding
from ide_plugin_server.explanation import Account, explain_finding
from ide_plugin_server.messages import (
    HEADER,
    CloseSite,
    Explain,
    FileReport,
    Hello,
    Judge,
    LeaveOut,
    ListFiles,
    Mend,
    Mending,
    ModelInfo,
    OpenSite,
    Ping,
    ReadNext,
    Refresh,
    Release,
    Replacement,
    Request,
    Review,
    Silence,
    SiteState,
    Trouble,
)
from ide_plugin_server.silencing import find_insertion
from ide_plugin_server.site import Site
from reviewer.errors import RequestError, ReviewerError
from reviewer.findings import Finding
from reviewer.graph_engine import GraphEngine

_log = logging.getLogger(__name__)
_ANSWERS_A_FULL_COLLECTION = 100


class Analyst:
    """Everything that the process knows: the model and the workspace folders."""

    def __init__(self, announce: Callable[[InHand], None]) -> None:
        self._announce, self._caution = announce, Caution(announce)
        self._engine = GraphEngine()
        self._encoding = Encoding.UTF16
        self._cache_folder: Path | None = None
        self._pages_folder = ""
        self._sites: dict[str, Site] = {}
        self._problems: dict[str, str] = {}
        self._handlers: dict[type, Callable[[Any], object]] = {
            Hello: self._greet,
            Ping: lambda _: None,
            LeaveOut: self._leave_out,
            OpenSite: self._open_site,
            CloseSite: self._close_site,
            ReadNext: self._read_next,
            Refresh: self._refresh,
            Review: self._review,
            Judge: self._judge,
            ListFiles: self._list_files,
            Release: self._release,
            Explain: self._explain,
            Mend: self._mend,
            Silence: self._silence,
        }

    def answer(self, request: Request) -> object:
        """The answer to one request; Trouble when it failed."""
        try:
            return self._handlers[type(request)](request)
        except (ReviewerError, GraphModelError) as error:
            return Trouble(str(error))
        except Exception as error:  # noqa: BLE001  # the editor request, a sanctioned place: logged and answered
            _log.error("%s failed: %s", type(request).__name__, traceback.format_exc())
            return Trouble(f"{type(request).__name__}: {type(error).__name__}: {error}")

    def _greet(self, request: Hello) -> ModelInfo:
        self._encoding = request.encoding
        self._cache_folder = Path(request.cache_folder) if request.cache_folder else None
        self._engine = GraphEngine(Path(request.model) if request.model else None)
        self._pages_folder = self._write_pages()
        return ModelInfo(self._engine.model_identity, self._pages_folder)

    def _write_pages(self) -> str:
        """Puts the labels' pages where diagnostics can link to them; "" where that cannot be."""
        if self._cache_folder is None:
            return ""
        folder = self._cache_folder / "labels"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            write_pages(render_pages(self._engine.catalogue), folder)
        except OSError as error:
            _log.warning("%s: expected a writable folder, found %s", folder, error.strerror)
            return ""
        return str(folder)

    def _leave_out(self, request: LeaveOut) -> None:
        self._caution = Caution(self._announce, request.files)

    def _open_site(self, request: OpenSite) -> SiteState:
        self._close_site(CloseSite(request.key))
        try:
            site = Site(request, self._engine, self._cache_folder, self._encoding, self._caution)
        except (ReviewerError, OSError, RecursionError) as error:
            self._problems[request.key] = str(error)
            return SiteState(problem=str(error))
        self._sites[request.key] = site
        return site.state

    def _close_site(self, request: CloseSite) -> None:
        self._sites.pop(request.key, None)
        self._problems.pop(request.key, None)

    def _find_site(self, key: str) -> Site | None:
        """A folder, None for one that is not open. Raises RequestError for one that could not be opened."""
        if key in self._problems:
            raise RequestError(self._problems[key])
        return self._sites.get(key)

    def _read_next(self, request: ReadNext) -> SiteState:
        site = self._sites.get(request.key)
        if site is None:
            return SiteState(problem=self._problems.get(request.key, ""))
        site.read_next()
        return site.state

    def _refresh(self, request: Refresh) -> SiteState | None:
        site = self._sites.get(request.key)
        if site is None:
            return SiteState(problem=self._problems.get(request.key, ""))
        return site.state if site.refresh(request.files) else None

    def _review(self, request: Review) -> FileReport:
        site = self._sites.get(request.key)
        if site is None:
            problem = self._problems.get(request.key, "")
            return FileReport(request.file, unread=problem or "no such folder", is_barred=bool(problem))
        return site.review(request.file, request.content, is_named=request.is_named, is_passing=request.is_passing)

    def _judge(self, request: Judge) -> tuple[FileReport, ...]:
        site = self._sites.get(request.key)
        return site.judge(request.files, is_complete=request.is_complete) if site is not None else ()

    def _list_files(self, request: ListFiles) -> tuple[str, ...]:
        site = self._sites.get(request.key)
        return site.list_files(changed_only=request.changed_only) if site is not None else ()

    def _release(self, request: Release) -> None:
        site = self._sites.get(request.key)
        if site is not None:
            site.release(request.file)

    # Actions ---------------------------------------------------------------------------------------------------------

    def _find(self, request: Explain | Silence) -> tuple[Site, Finding] | None:
        site = self._find_site(request.key)
        if site is None:
            return None
        finding = site.find_finding(request.file, request.fingerprint)
        return (site, finding) if finding is not None else None

    def _explain(self, request: Explain) -> str:
        found = self._find(request)
        if found is None:
            return ""
        site, finding = found
        label = self._engine.catalogue.get_label(finding.label)
        page = (Path(self._pages_folder) / f"{finding.label}.md").as_uri() if self._pages_folder else ""
        account = Account(finding, label, site.tracker.threshold_of(finding), page)
        return explain_finding(account, is_markdown=request.is_markdown)

    def _silence(self, request: Silence) -> tuple[Replacement, ...]:
        found = self._find(request)
        if found is None:
            return ()
        site, finding = found
        site.turn_to(finding.path)
        insertion = find_insertion(finding, site.tracker.sources[finding.path], request.reason, self._engine)
        if insertion is None:
            return ()
        extent = site.table_of(finding.path).span_to_extent(insertion.offset, insertion.offset)
        return (Replacement(extent, insertion.text.decode()),)

    def _mend(self, request: Mend) -> tuple[Mending, ...]:
        site = self._sites.get(request.key)
        verdict = site.verdict_of(request.file) if site is not None else None
        if site is None or verdict is None or verdict.file is None:
            return ()
        site.turn_to(verdict.path)
        wanted = [one for one in verdict.findings if request.all_safe or one.fingerprint in request.fingerprints]
        mended = [one for one in site.tracker.attach_fixes(wanted, verdict.file) if one.fix is not None]
        if request.all_safe:
            return site.mend_safely(mended, request.file)
        return tuple(site.describe_fix(one) for one in mended)


def main() -> None:
    """The life of the process. Interrupts are the server's business."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    logging.basicConfig(level=logging.WARNING, format="%(name)s: %(message)s")
    source, sink = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    gc.freeze()
    gc.disable()
    serve(source, sink)


def serve(source: BinaryIO, sink: BinaryIO) -> None:
    """Answers requests until the source ends. Garbage is collected behind each answer, when nobody waits for one."""

    def send(value: object) -> None:
        body = pickle.dumps(value, protocol=5)
        sink.write(HEADER.pack(len(body)) + body)
        sink.flush()

    analyst = Analyst(send)
    for number in itertools.count(1):
        header = source.read(HEADER.size)
        if len(header) < HEADER.size:
            return
        body = source.read(HEADER.unpack(header)[0])
        # reviewer: ignore[unsafe-deserialization] from the server that started this process
        send(analyst.answer(pickle.loads(body)))
        gc.collect(1 if number % _ANSWERS_A_FULL_COLLECTION else 2)

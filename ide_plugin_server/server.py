"""The language server's state and what happens in it: documents, folders, reports, and when they are published."""

import asyncio
import logging
from collections.abc import Coroutine, Iterator, Sequence
from typing import Any  # pygls passes its own types through

from lsprotocol import types
from pygls.lsp.server import LanguageServer

from ide_plugin_server.agenda import Agenda
from ide_plugin_server.client import ClientAbilities
from ide_plugin_server.desk import Desk, Urgency
from ide_plugin_server.diagnostics import Presenter
from ide_plugin_server.documents import Document, Documents
from ide_plugin_server.feedback import FeedbackBook, Word
from ide_plugin_server.folders import Folder, Folders, find_file, make_uri
from ide_plugin_server.following import Following
from ide_plugin_server.messages import (
    CloseSite,
    FileReport,
    Hello,
    Judge,
    ModelInfo,
    OpenSite,
    Ping,
    ReadNext,
    Release,
    Request,
    Review,
    SiteState,
    Trouble,
)
from ide_plugin_server.progress import Bar, Progress
from ide_plugin_server.protocol import ReviewerProtocol
from ide_plugin_server.publishing import Publisher
from ide_plugin_server.reading import Reading
from ide_plugin_server.reports import Current, Shown
from ide_plugin_server.settings import InitializationOptions, Run
from ide_plugin_server.surroundings import Surroundings
from ide_plugin_server.team import Team, Teams
from ide_plugin_server.watching import Watching

_log = logging.getLogger(__name__)
STATUS = "reviewer/status"
_FILES_AT_ONCE = 10
_JUDGED_AT_ONCE = 50  # nearly all of them are as they were


class EditorServer(LanguageServer):
    """One editor's server. `handlers` and `commands` register what the client may ask."""

    def __init__(self, surroundings: Surroundings) -> None:
        super().__init__("graph-reviewer", surroundings.version, protocol_cls=ReviewerProtocol)
        self.surroundings = surroundings
        self.options = InitializationOptions()
        self.client = ClientAbilities()
        self.documents = Documents()
        self.folders = Folders()
        self.agenda = Agenda(self._review_planned)
        self.presenter = Presenter(self.client, self.uri_of)
        self.desk = Desk(self._list_preamble, self._hear, self._resume, self._complain, surroundings.analyst)
        self.feedback = FeedbackBook(surroundings.data_folder)
        self.teams = Teams(surroundings.data_folder)
        self.following = Following(self)
        self.bars = Progress(self)
        self.publisher = Publisher(self)
        self.reading = Reading(self)
        self.watching = Watching(self)
        self.shown: dict[str, Shown] = {}
        self.watched: set[str] = set()  # files shown although no document is open
        self.named: set[str] = set()  # files that somebody asked for by name
        self.told_model: str | None = None  # None: no analysis process was told yet
        self._is_started = False
        self._num_reports = 0
        self._tasks: set[asyncio.Task[Any]] = set()

    # The analysis process --------------------------------------------------------------------------------------------

    def start(self, options: InitializationOptions, client: ClientAbilities) -> None:
        """Takes in what the client says about itself."""
        self.options, self.client = options, client
        self.documents = Documents(client.encoding)
        self.presenter = Presenter(client, self.uri_of)

    @property
    def model(self) -> str:
        """The model that counts for all: of the first folder whose settings name one, else of the command line."""
        return next((one.settings.model for one in self.folders if one.settings.model), self.surroundings.model)

    def _list_preamble(self) -> Iterator[Request]:
        """What a fresh process is told: the folders, and what is open over them."""
        self.told_model = self.model
        yield Hello(self.client.encoding, self.surroundings.cache_folder, self.told_model)
        for folder in self.folders:
            yield folder.make_request()

    def _hear(self, request: Request, answer: object) -> None:
        """Takes in what a fresh process answers to that."""
        if isinstance(answer, ModelInfo):
            self.presenter.pages_folder = answer.pages_folder
        elif isinstance(request, OpenSite) and isinstance(answer, SiteState | Trouble):
            folder = self.folders.get(request.key)
            if folder is not None:
                self.note_state(folder, answer)
        elif isinstance(answer, Trouble):
            self.warn(answer.text)

    def _complain(self, text: str) -> None:
        """Tells what is wrong with the process."""
        self.warn(text)
        if self.desk.is_given_up:
            self.tell_status("failed", text)

    async def begin(self) -> None:
        """Starts to work: the settings are known now."""
        self._is_started = True
        await self.watching.look()
        await self.desk.ask(Ping(), Urgency.STATE)
        self._resume()

    def _resume(self) -> None:
        """A fresh process has read nothing: every document is reviewed, and every folder read."""
        self.plan_documents()
        for folder in self.folders:
            self.reading.begin(folder)

    async def open_folder(self, folder: Folder) -> None:
        """Opens a folder, or opens it again with other settings; then reads it in the background."""
        state = await self.desk.ask(folder.make_request(), Urgency.STATE)
        self.note_state(folder, state)
        await self.watching.look(folder)
        self.plan_documents(folder)
        await self.reading.begin_anew(folder)

    async def close_folder(self, folder: Folder) -> None:
        """Forgets a folder; its documents move to another, or stand alone, and closed files of nobody are cleared."""
        self.reading.drop(folder)
        await self.desk.ask(CloseSite(folder.key), Urgency.STATE)
        self.plan_documents()
        for file in sorted(file for file in self.watched if folder.holds(file)):
            heir = self.folders.find(file)
            if heir is None or heir.is_lone:
                self.watched.discard(file)
                self._clear(file)
            elif self.find_open(file) is None and not folder.holds(heir.path):
                await self.review_closed(heir, file)
        self.refresh_client()

    def _clear(self, file: str) -> None:
        """Shows nothing of a closed file any more."""
        if self.find_open(file) is None and self.shown.pop(file, None) is not None:
            self.publisher.publish(file)

    def note_state(self, folder: Folder, answer: SiteState | Trouble) -> None:
        """Keeps how far a folder is read; a problem is told when it is new."""
        state = SiteState(problem=answer.text) if isinstance(answer, Trouble) else answer
        if state.problem and state.problem != folder.state.problem and not self.desk.is_given_up:
            self.warn(state.problem)
        folder.state = state

    # Reviews ---------------------------------------------------------------------------------------------------------

    def folder_of(self, document: Document) -> tuple[Folder, str] | None:
        """A document's folder, opened if need be, and its file; None for what cannot be reviewed."""
        file = find_file(document.uri, document.language_id, self.surroundings.working_folder)
        if file is None:
            return None
        is_saved = document.uri.startswith("file:")
        folder = self.folders.find(file) if is_saved else self.folders.find_lone(file)
        if folder is None:
            folder = self.folders.add_lone(file)
            self.spawn(self._open_lone(folder))
        return folder, file

    async def _open_lone(self, folder: Folder) -> None:
        self.note_state(folder, await self.desk.ask(folder.make_request(), Urgency.STATE))
        await self.watching.look(folder)

    def plan(self, document: Document, *, is_now: bool = False) -> None:
        """Reviews a document after the debounce, or now."""
        found = self.folder_of(document) if self._is_started else None
        if found is not None:
            delay_ms = 0 if is_now else found[0].settings.debounce_ms
            if is_now or found[0].settings.run is Run.ON_TYPE:
                self.agenda.plan(document.uri, delay_ms / 1000)

    def plan_documents(self, folder: Folder | None = None) -> None:
        """Reviews every open document (of a folder) now."""
        for document in self.documents:
            found = self.folder_of(document)
            if found is not None and folder in (None, found[0]):
                self.agenda.plan(document.uri)

    async def _review_planned(self, uri: str) -> None:
        document = self.documents.find(uri)
        found = self.folder_of(document) if document is not None else None
        if document is None or found is None:
            return
        folder, file = found
        if not folder.settings.enable:
            self._take(file, FileReport(file), document.serial)
            return
        request = Review(folder.key, file, document.content, is_named=file in self.named, is_passing=True)
        answer = await self.desk.ask(request, Urgency.TYPED)
        current = self.documents.find(uri)
        if current is None or current.serial != document.serial:
            return  # stale: what came after it is planned
        self._take(file, answer, document.serial)
        self.spawn(self.judge_neighbours(folder, but=file))
        if folder.settings.run is Run.ON_SAVE and self.client.pulls:
            self.refresh_client()  # it pulls when text changes, which was before

    def _take(self, file: str, answer: FileReport | Trouble, serial: int) -> None:
        """Keeps a report and publishes it; after trouble what was shown last stays."""
        if isinstance(answer, Trouble):
            self.log(f"{file}: not reviewed: {answer.text}")
        elif not (answer.is_barred and file in self.shown):
            self._num_reports += 1
            self.shown[file] = Shown(answer, serial, self._num_reports)
            self.publisher.publish(file)

    async def judge_neighbours(self, folder: Folder, but: str = "") -> None:
        """Judges the other files that are shown, and tells what changed."""
        if not folder.state.is_linked:
            return
        serials = dict.fromkeys((file for file in self.watched if self.folders.find(file) is folder), 0)
        serials |= {file: document.serial for document, file in self.list_open(folder)}
        # A document that has changed since its review is judged with that change, when its turn comes.
        files = sorted(file for file in serials if file != but and self._is_reviewed(file, serials[file]))
        has_changed = False
        for first in range(0, len(files), _JUDGED_AT_ONCE):
            request = Judge(folder.key, tuple(files[first : first + _JUDGED_AT_ONCE]))
            answer = await self.desk.ask(request, Urgency.NEIGHBOUR)
            if isinstance(answer, Trouble):
                _log.warning("%s: %s", folder.path, answer.text)
                return
            current = {file: document.serial for document, file in self.list_open(folder)}
            for report in (one for one in answer if current.get(one.file, 0) == serials[one.file]):
                has_changed = True
                self._take(report.file, report, serials[report.file])
        if has_changed and self.client.pulls:
            self.refresh_client()

    def _is_reviewed(self, file: str, serial: int) -> bool:
        """Whether the last report is about this state; closed files need none."""
        shown = self.shown.get(file)
        return serial == 0 or (shown is not None and shown.serial == serial)

    def list_open(self, folder: Folder) -> Iterator[tuple[Document, str]]:
        """The open documents of a folder with their files."""
        for document in self.documents:
            file = find_file(document.uri, document.language_id, self.surroundings.working_folder)
            if file is not None and self.folders.find(file) is folder:
                yield document, file

    async def review_closed(self, folder: Folder, file: str, *, is_named: bool = False) -> None:
        """Reviews a file that is not open, as it is on disk, and shows what is found."""
        self.watched.add(file)
        self._take(file, await self.desk.ask(Review(folder.key, file, None, is_named), Urgency.NEIGHBOUR), 0)

    async def watch(self, folder: Folder, files: Sequence[str], bar: Bar) -> None:
        """Shows files from now on, whether they are open or not; those that are not come one after the other."""
        closed = [file for file in files if self.find_open(file) is None]
        self.watched |= set(files) - set(closed)
        for first in range(0, len(closed), _FILES_AT_ONCE):
            if bar.is_cancelled:
                return
            part = tuple(closed[first : first + _FILES_AT_ONCE])
            self.watched |= set(part)
            answer = await self.desk.ask(Judge(folder.key, part, is_complete=True), Urgency.NEIGHBOUR)
            for report in () if isinstance(answer, Trouble) else answer:
                self._take(report.file, report, 0)
            bar.advance(first + len(part), len(closed))

    def release(self, document: Document) -> None:
        """A document was closed: what it showed is cleared, or comes from the disk again."""
        self.agenda.drop(document.uri)
        found = self.folder_of(document)
        if found is None:
            return
        folder, file = found
        self.shown.pop(file, None)
        self.publisher.note_close(document.uri)
        self.spawn(self._release(folder, file))

    async def _release(self, folder: Folder, file: str) -> None:
        await self.desk.ask(Release(folder.key, file), Urgency.TYPED)
        self.note_state(folder, await self.desk.ask(ReadNext(folder.key), Urgency.TYPED))
        if file in self.watched and self.find_open(file) is None:
            await self.review_closed(folder, file)
        await self.judge_neighbours(folder)

    # Publishing ------------------------------------------------------------------------------------------------------

    def find_open(self, file: str) -> Document | None:
        """The open document of a file."""
        for document in self.documents:
            if find_file(document.uri, document.language_id, self.surroundings.working_folder) == file:
                return document
        return None

    def uri_of(self, file: str) -> str:
        """A file's URI, as the client writes it where the file is open."""
        document = self.find_open(file)
        return document.uri if document is not None else make_uri(file)

    def find_current(self, uri: str) -> Current | None:
        """An open document that has been reviewed in the state that it is in."""
        document = self.documents.find(uri)
        found = self.folder_of(document) if document is not None else None
        shown = self.shown.get(found[1]) if found is not None else None
        if document is None or found is None or shown is None or shown.serial != document.serial:
            return None
        return Current(document, *found, shown.report)

    def present(self, file: str) -> list[types.Diagnostic]:
        """What is shown of a file now."""
        shown = self.shown.get(file)
        if shown is None:
            return []
        return self.presenter.present(shown.report, self.hidden_in(self.folders.find(file)))

    def hidden_in(self, folder: Folder | None) -> frozenset[str]:
        """Fingerprints that are not shown: marked here, or dismissed by the folder's team."""
        team = self.team_of(folder)
        marked = self.feedback.hidden_in(folder.path if folder is not None else "")
        return marked | team.dismissed if team is not None else marked

    def team_of(self, folder: Folder | None) -> Team | None:
        """The team that a workspace folder names; files outside every workspace folder have none."""
        return None if folder is None or folder.is_lone else self.teams.find(folder.settings.team)

    def keep(self, word: Word) -> None:
        """Keeps a word; one that cannot be written down counts as long as the server runs."""
        try:
            self.feedback.add(word)
        except OSError as error:
            self.warn(f"feedback: expected a writable file, found {error.strerror}")

    def publish_all(self) -> None:
        """Shows everything again, after something was hidden or brought back."""
        for file in tuple(self.shown):
            self.publisher.publish(file)
        if self.client.pulls:
            self._num_reports += 1
            self.shown = {file: Shown(one.report, one.serial, self._num_reports) for file, one in self.shown.items()}
            self.refresh_client()

    def refresh_client(self) -> None:
        """Asks a client that pulls to pull again."""
        if self.client.refreshes_diagnostics:
            self.spawn(self.workspace_diagnostic_refresh_async(None))
        if self.client.refreshes_lenses and any(folder.settings.code_lens for folder in self.folders):
            self.spawn(self.workspace_code_lens_refresh_async(None))

    # Telling ---------------------------------------------------------------------------------------------------------

    def warn(self, text: str) -> None:
        """Shows a message that the user should see."""
        self.window_show_message(types.ShowMessageParams(types.MessageType.Warning, f"Graph Reviewer: {text}"))

    def log(self, text: str) -> None:
        """Writes to the log, also to that of the editor: worth knowing, not worth an interruption."""
        _log.warning("%s", text)
        self.window_log_message(types.LogMessageParams(types.MessageType.Warning, text))

    def tell_status(self, state: str, text: str) -> None:
        """Says how the server is."""
        self.protocol.notify(STATUS, {"state": state, "message": text})

    def report_server_error(self, error: Exception, source: Any) -> None:  # pygls's signature
        """A message that could not be handled is logged; its sender has had an answer, or expects none."""
        del source
        self.log(f"a message could not be handled: {type(error).__name__}")

    def spawn(self, work: Coroutine[Any, Any, Any]) -> "asyncio.Task[Any]":
        """Runs something beside what is going on; what goes wrong in it is logged."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._finish)
        return task

    def _finish(self, task: "asyncio.Task[Any]") -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            _log.error("a task failed", exc_info=task.exception())

    @property
    def was_shut_down(self) -> bool:
        """Whether the client has asked for the end."""
        return bool(self.protocol._shutdown)  # pygls has no name for it

    async def close(self) -> None:
        """Ends everything that runs."""
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.desk.close()

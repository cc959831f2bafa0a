"""What `workspace/executeCommand` can ask for. Arguments come from outside: each is checked by name."""

from collections.abc import Sequence
from functools import partial

from lsprotocol import types
from pygls.exceptions import JsonRpcInvalidParams

from ide_plugin_server.desk import Urgency
from ide_plugin_server.diagnostics import extent_to_range
from ide_plugin_server.errors import TeamError
from ide_plugin_server.feedback import FORGET, MARK, OPINIONS, Word
from ide_plugin_server.folders import Folder, find_file
from ide_plugin_server.messages import Explain, ListFiles, Remark, Replacement, Silence, Trouble
from ide_plugin_server.server import EditorServer

REVIEW_FILE = "reviewer.reviewFile"
REVIEW_CHANGES = "reviewer.reviewChanges"
REVIEW_WORKSPACE = "reviewer.reviewWorkspace"
EXPLAIN = "reviewer.explain"
SUPPRESS = "reviewer.suppress"
MARK_UNHELPFUL = "reviewer.markUnhelpful"
FORGET_FEEDBACK = "reviewer.forgetFeedback"
RESTART = "reviewer.restart"


def add_commands(server: EditorServer) -> None:
    """Registers every command."""
    desk = Commands(server)
    server.command(REVIEW_FILE)(partial(desk.review_file))
    server.command(REVIEW_CHANGES)(partial(desk.review_changes))
    server.command(REVIEW_WORKSPACE)(partial(desk.review_workspace))
    server.command(EXPLAIN)(partial(desk.explain))
    server.command(SUPPRESS)(partial(desk.suppress))
    server.command(MARK_UNHELPFUL)(partial(desk.mark_unhelpful))
    server.command(FORGET_FEEDBACK)(partial(desk.forget_feedback))
    server.command(RESTART)(partial(desk.restart))


class Commands:
    """The commands of one server."""

    def __init__(self, server: EditorServer) -> None:
        self._server = server

    # Reviews ---------------------------------------------------------------------------------------------------------

    async def review_file(self, *arguments: object) -> None:
        """Reviews a file now, by its name."""
        (uri,) = _read_texts(arguments, "uri")
        server, file = self._server, find_file(uri)
        document = server.documents.find(uri)
        if document is not None:
            found = server.folder_of(document)
            if found is not None:
                server.named.add(found[1])
                server.plan(document, is_now=True)
                await server.agenda.settle(uri)
        elif file is not None:
            folder = server.folders.find(file) or server.folders.add_lone(file)
            await server.open_folder(folder) if folder.is_lone else None
            await server.review_closed(folder, file, is_named=True)
        shown = server.shown.get(file or "")
        if server.desk.is_given_up:
            server.warn(f"{file}: not reviewed: the analysis process keeps dying; reviewer.restart starts it again")
        elif shown is not None and shown.report.unread:
            server.warn(f"{file}: {shown.report.unread}")
        elif file is not None and (home := server.folders.find(file)) is not None and home.state.problem:
            server.warn(f"{file}: {home.state.problem}")
        server.refresh_client()

    async def review_changes(self, *_: object) -> None:
        """Shows the files that differ from the default branch."""
        await self._review_many("Reviewing changed files", changed_only=True)

    async def review_workspace(self, *_: object) -> None:
        """Shows every file."""
        await self._review_many("Reviewing the workspace", changed_only=False)

    async def _review_many(self, title: str, *, changed_only: bool) -> None:
        server = self._server
        for folder in server.folders:
            if folder.is_lone:
                continue
            await server.reading.refresh(folder)  # the client may watch no files, or not have told yet
            request = ListFiles(folder.key, changed_only)
            files = await server.desk.ask(request, Urgency.NEIGHBOUR)
            if isinstance(files, Trouble):
                server.warn(files.text)
                continue
            await server.reading.settle(folder)
            if server.reading.is_cancelled(folder):
                break
            if not await self._show(folder, request, files, title):
                break
        server.refresh_client()

    async def _show(self, folder: Folder, request: ListFiles, files: Sequence[str], title: str) -> bool:
        """Shows files and, from now on, those that come to them; False when the user ended it."""
        before, is_done = folder.listing, False
        if before is None or before.changed_only:
            folder.listing = request
        try:
            async with self._server.bars.show(title) as bar:
                await self._server.watch(folder, files, bar)
                is_done = not bar.is_cancelled
        finally:
            if not is_done:
                folder.listing = before
        return is_done

    async def restart(self, *_: object) -> None:
        """Starts the analysis process again, and asks the teams' services again."""
        await self._server.desk.restart()
        await self._server.following.ask()

    # Findings --------------------------------------------------------------------------------------------------------

    def _find(self, uri: str, fingerprint: str) -> tuple[Folder, str, Remark]:
        """A finding that is shown. Raises JsonRpcInvalidParams when it is not."""
        server = self._server
        document = server.documents.find(uri)
        found = server.folder_of(document) if document is not None else None
        file = found[1] if found is not None else find_file(uri) or ""
        folder = found[0] if found is not None else server.folders.find(file)
        shown = server.shown.get(file)
        remarks = shown.report.remarks if shown is not None else ()
        remark = next((one for one in remarks if one.fingerprint == fingerprint), None)
        if folder is None or remark is None:
            raise JsonRpcInvalidParams(f"fingerprint: expected a finding that is shown in {uri}, found {fingerprint!r}")
        return folder, file, remark

    async def explain(self, *arguments: object) -> str:
        """The explanation of a finding as Markdown; shown as a message unless the client shows it."""
        uri, fingerprint = _read_texts(arguments, "uri", "fingerprint")
        folder, file, _ = self._find(uri, fingerprint)
        server = self._server
        is_markdown = server.options.shows_explanation
        text = await server.desk.ask(Explain(folder.key, file, fingerprint), Urgency.TYPED)
        if isinstance(text, Trouble):
            raise JsonRpcInvalidParams(text.text)
        if not is_markdown:
            plain = await server.desk.ask(Explain(folder.key, file, fingerprint, is_markdown=False), Urgency.TYPED)
            server.window_show_message(types.ShowMessageParams(types.MessageType.Info, str(plain)))
        return str(text)

    async def suppress(self, *arguments: object) -> bool:
        """Inserts a suppression comment; False when there is no place for one, or the client refuses."""
        uri, fingerprint, reason = _read_texts(arguments, "uri", "fingerprint", "reason")
        server = self._server
        await server.agenda.settle(uri)
        folder, file, _ = self._find(uri, fingerprint)
        answer = await server.desk.ask(Silence(folder.key, file, fingerprint, reason), Urgency.TYPED)
        if not answer or isinstance(answer, Trouble):
            why = (
                answer.text
                if isinstance(answer, Trouble)
                else "expected a reason and a place for a comment, found none"
            )
            server.warn(f"{file}: {why}")
            return False
        edit = make_edit(server, uri, answer)
        done = await server.workspace_apply_edit_async(types.ApplyWorkspaceEditParams(edit, "Suppress a finding"))
        return bool(done.applied)

    async def mark_unhelpful(self, *arguments: object) -> None:
        """Keeps what somebody thinks of a finding, hides it, and tells the folder's team where it names one."""
        given = (*arguments, *("", OPINIONS[0])[max(0, len(arguments) - 2) :])  # both may be left out
        uri, fingerprint, reason, opinion = _read_texts(given, "uri", "fingerprint", "reason", "kind")
        if opinion not in OPINIONS:
            raise JsonRpcInvalidParams(f"kind: expected one of {', '.join(OPINIONS)}, found {opinion!r}")
        folder, _, remark = self._find(uri, fingerprint)
        server, team = self._server, self._server.team_of(folder)
        told = team.name if team is not None else ""
        server.keep(Word(MARK, folder.path, fingerprint, remark.label, remark.path, remark.line, reason, opinion, told))
        server.publish_all()
        if team is not None:
            try:
                await server.following.send(team)
            except TeamError as error:
                server.warn(f"the feedback is kept here and did not reach the team yet: {error}")

    def forget_feedback(self, *arguments: object) -> None:
        """Takes one mark back, or all of them."""
        (fingerprint,) = _read_texts(arguments or ("",), "fingerprint")
        for folder in self._server.folders:
            hidden = self._server.feedback.hidden_in(folder.path)
            if hidden if not fingerprint else fingerprint in hidden:
                self._server.keep(Word(FORGET, folder.path, fingerprint))
        self._server.publish_all()


def make_edit(server: EditorServer, uri: str, replacements: Sequence[Replacement]) -> types.WorkspaceEdit:
    """An edit of one document, for the version that it was made for where the client can tell."""
    edits = [types.TextEdit(extent_to_range(one.extent), one.text) for one in replacements]
    if not server.client.has_versioned_edits:
        return types.WorkspaceEdit(changes={uri: edits})
    document = server.documents.find(uri)
    name = types.OptionalVersionedTextDocumentIdentifier(uri, document.version if document is not None else None)
    return types.WorkspaceEdit(document_changes=[types.TextDocumentEdit(name, list(edits))])


def _read_texts(arguments: Sequence[object], *names: str) -> list[str]:
    """Arguments that are all text. Raises JsonRpcInvalidParams otherwise."""
    given = [one for one in arguments if isinstance(one, str)]
    if len(given) != len(names) or len(arguments) != len(names):
        raise JsonRpcInvalidParams(f"arguments: expected {', '.join(names)} as text, found {len(arguments)} values")
    return given

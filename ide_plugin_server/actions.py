"""Code actions: the verified fix, suppressing with a reason, marking as unhelpful, explaining."""

from collections.abc import Iterator, Sequence

from lsprotocol import types

from ide_plugin_server import commands
from ide_plugin_server.convert import Extent, Place
from ide_plugin_server.desk import Urgency
from ide_plugin_server.diagnostics import SOURCE
from ide_plugin_server.messages import Mend, Mending, Remark, Trouble
from ide_plugin_server.server import EditorServer

FIX_ALL = f"{types.CodeActionKind.SourceFixAll.value}.{SOURCE}"
KINDS = (types.CodeActionKind.QuickFix, FIX_ALL)
CLIENT_SUPPRESS = "reviewer.client.suppress"
CLIENT_EXPLAIN = "reviewer.client.explain"
REASONS = ("false positive", "accepted risk")  # for clients that cannot ask for one
_MAX_TITLE = 60


async def list_actions(server: EditorServer, params: types.CodeActionParams) -> list[types.CodeAction]:
    """What can be done about the findings in a range of a document."""
    uri = params.text_document.uri
    await server.agenda.settle(uri)
    current = server.find_current(uri)
    if current is None:
        return []
    key, file, remarks = current.folder.key, current.file, current.report.remarks
    wanted = params.context.only
    hidden = server.hidden_in(current.folder)
    extent = _read_extent(params.range)
    near = [one for one in remarks if one.fingerprint not in hidden and _meets(one.extent, extent)]
    actions: list[types.CodeAction] = []
    if near and _is_wanted(types.CodeActionKind.QuickFix.value, wanted):
        fingerprints = tuple(one.fingerprint for one in near)
        mendings = await server.desk.ask(Mend(key, file, fingerprints), Urgency.NEIGHBOUR)
        for remark in near:
            actions += _list_for(server, uri, remark, () if isinstance(mendings, Trouble) else mendings)
    if wanted is not None and _is_wanted(FIX_ALL, wanted) and remarks:
        mendings = await server.desk.ask(Mend(key, file, (), all_safe=True), Urgency.TYPED)
        if mendings and not isinstance(mendings, Trouble):
            edit = commands.make_edit(server, uri, mendings[0].replacements)
            actions.append(types.CodeAction("Apply all safe fixes of Graph Reviewer", FIX_ALL, edit=edit))
    return actions if server.documents.find(uri) == current.document else []


def _list_for(
    server: EditorServer, uri: str, remark: Remark, mendings: tuple[Mending, ...]
) -> Iterator[types.CodeAction]:
    diagnostic = server.presenter.describe(remark)
    for mending in mendings:
        if remark.fingerprint in mending.fingerprints:
            doubt = "" if mending.is_safe else " (behaviour may change)"
            yield types.CodeAction(
                title=f"Fix {remark.label}: {mending.description}{doubt}",
                kind=types.CodeActionKind.QuickFix,
                diagnostics=[diagnostic],
                is_preferred=mending.is_safe,
                edit=commands.make_edit(server, uri, mending.replacements),
            )
    for title, command, arguments in _list_commands(server, uri, remark):
        yield types.CodeAction(
            title=title,
            kind=types.CodeActionKind.QuickFix,
            diagnostics=[diagnostic],
            command=types.Command(title=title, command=command, arguments=arguments),
        )


def _list_commands(server: EditorServer, uri: str, remark: Remark) -> Iterator[tuple[str, str, list[object]]]:
    """Title, command and arguments of what is done by command."""
    known: list[object] = [uri, remark.fingerprint]
    if server.options.asks_for_reason:
        yield f"Suppress {remark.label} with a reason …", CLIENT_SUPPRESS, known
    elif server.client.applies_edits:
        for reason in REASONS:
            yield f"Suppress {remark.label}: {reason}", commands.SUPPRESS, [*known, reason]
    yield f"Mark {remark.label} as unhelpful", commands.MARK_UNHELPFUL, known
    explain = CLIENT_EXPLAIN if server.options.shows_explanation else commands.EXPLAIN
    yield f"Explain {remark.label}", explain, known


def _is_wanted(kind: str, only: Sequence[types.CodeActionKind | str] | None) -> bool:
    """Whether a client asks for a kind: it names the kind, or one above it."""
    if only is None:
        return True
    names = [str(one.value if isinstance(one, types.CodeActionKind) else one) for one in only]
    return any(kind == name or kind.startswith(f"{name}.") or not name for name in names)


def _read_extent(range_: types.Range) -> Extent:
    return Extent(Place(range_.start.line, range_.start.character), Place(range_.end.line, range_.end.character))


def _meets(one: Extent, other: Extent) -> bool:
    """Whether two ranges share a line: a cursor need not stand on the very expression."""
    return one.start.line <= other.end.line and other.start.line <= one.end.line

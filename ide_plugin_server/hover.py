"""Hovering over a finding explains it; code lenses say how likely a function's worst candidate is."""

from lsprotocol import types

from ide_plugin_server.convert import Place
from ide_plugin_server.desk import Urgency
from ide_plugin_server.diagnostics import extent_to_range
from ide_plugin_server.messages import Explain, Score, Trouble
from ide_plugin_server.server import EditorServer

_MAX_EXPLAINED = 3


async def explain_place(server: EditorServer, params: types.HoverParams) -> types.Hover | None:
    """The explanation of the findings at a place, None where there are none."""
    current = server.find_current(params.text_document.uri)
    if current is None:
        return None
    at = Place(params.position.line, params.position.character)
    hidden = server.hidden_in(current.folder)
    near = [
        one
        for one in current.report.remarks
        if one.fingerprint not in hidden and one.extent.start <= at <= one.extent.end
    ]
    is_markdown = server.client.has_markdown
    texts = []
    for remark in near[:_MAX_EXPLAINED]:
        request = Explain(current.folder.key, current.file, remark.fingerprint, is_markdown=is_markdown)
        text = await server.desk.ask(request, Urgency.TYPED)
        if text and not isinstance(text, Trouble):
            texts.append(str(text))
    if not texts:
        return None
    kind = types.MarkupKind.Markdown if is_markdown else types.MarkupKind.PlainText
    separator = "\n---\n\n" if is_markdown else "\n"
    return types.Hover(types.MarkupContent(kind, separator.join(texts)), extent_to_range(near[0].extent))


async def list_lenses(server: EditorServer, params: types.CodeLensParams) -> list[types.CodeLens]:
    """A lens a function that has candidates; none unless the setting asks for them."""
    uri = params.text_document.uri
    await server.agenda.settle(uri)
    current = server.find_current(uri)
    if current is None or not current.folder.settings.code_lens:
        return []
    return [_make_lens(one) for one in current.report.scores]


def _make_lens(score: Score) -> types.CodeLens:
    title = f"likeliest finding: {score.probability:.2f}"
    return types.CodeLens(extent_to_range(score.extent), types.Command(title=title, command=""))

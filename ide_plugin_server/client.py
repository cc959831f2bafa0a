"""What the client can do, read once from its capabilities."""

from dataclasses import dataclass

from lsprotocol import types
from pygls.capabilities import get_capability

from ide_plugin_server.convert import Encoding


@dataclass(frozen=True, slots=True)
class ClientAbilities:
    """Abilities that the server asks about."""

    encoding: Encoding = Encoding.UTF16
    pulls: bool = False
    has_related: bool = False
    has_pages: bool = False
    has_data: bool = False
    has_tags: bool = False
    has_markdown: bool = False
    has_progress: bool = False
    has_configuration: bool = False
    watches_files: bool = False
    watches_anywhere: bool = False
    registers_configuration: bool = False
    refreshes_diagnostics: bool = False
    refreshes_lenses: bool = False
    applies_edits: bool = False
    has_versioned_edits: bool = False
    has_actions: bool = False


def read_abilities(capabilities: types.ClientCapabilities, encoding: Encoding) -> ClientAbilities:
    """The abilities that a client declares; what it does not declare it has not."""

    def has(path: str) -> bool:
        return bool(get_capability(capabilities, path, False))

    pulls = get_capability(capabilities, "text_document.diagnostic") is not None
    kind = "text_document.diagnostic" if pulls else "text_document.publish_diagnostics"
    formats = get_capability(capabilities, "text_document.hover.content_format") or ()
    return ClientAbilities(
        encoding=encoding,
        pulls=pulls,
        has_related=has(f"{kind}.related_information"),
        has_pages=has(f"{kind}.code_description_support"),
        has_data=has(f"{kind}.data_support"),
        has_tags=get_capability(capabilities, f"{kind}.tag_support") is not None,
        has_markdown=types.MarkupKind.Markdown in formats,
        has_progress=has("window.work_done_progress"),
        has_configuration=has("workspace.configuration"),
        watches_files=has("workspace.did_change_watched_files.dynamic_registration"),
        watches_anywhere=has("workspace.did_change_watched_files.relative_pattern_support"),
        registers_configuration=has("workspace.did_change_configuration.dynamic_registration"),
        refreshes_diagnostics=has("workspace.diagnostics.refresh_support"),
        refreshes_lenses=has("workspace.code_lens.refresh_support"),
        applies_edits=has("workspace.apply_edit"),
        has_versioned_edits=has("workspace.workspace_edit.document_changes"),
        has_actions=get_capability(capabilities, "text_document.code_action.code_action_literal_support") is not None,
    )


def choose_encoding(capabilities: types.ClientCapabilities) -> Encoding:
    """The first of the client's encodings that we know, as pygls chooses too; UTF-16 where it names none."""
    offered = get_capability(capabilities, "general.position_encodings") or ()
    known = {one.value: one for one in Encoding}
    names = (str(getattr(one, "value", one)) for one in offered)  # an enumeration, or text for what it does not know
    return next((known[name] for name in names if name in known), Encoding.UTF16)

"""Reports as diagnostics, with what the client can show."""

from collections.abc import Callable, Collection
from pathlib import Path

from lsprotocol import types

from ide_plugin_server.client import ClientAbilities
from ide_plugin_server.convert import Extent
from ide_plugin_server.messages import FileReport, Note, Remark

SOURCE = "reviewer"
SUPPRESSION = "suppression"  # the code of what is said about suppressions
NOT_REVIEWED = "not-reviewed"  # and of a file whose review failed
_SEVERITIES = {  # as the levels of the SARIF report
    "critical": types.DiagnosticSeverity.Error,
    "high": types.DiagnosticSeverity.Error,
    "medium": types.DiagnosticSeverity.Warning,
    "low": types.DiagnosticSeverity.Information,
}


class Presenter:
    """Turns reports into diagnostics. `find_uri` gives a file's URI as the client writes it."""

    def __init__(self, client: ClientAbilities, find_uri: Callable[[str], str]) -> None:
        self._client, self._find_uri = client, find_uri
        self.pages_folder = ""

    def present(self, report: FileReport, hidden: Collection[str] = ()) -> list[types.Diagnostic]:
        """The diagnostics of a file; findings with a hidden fingerprint are left out."""
        shown = [self.describe(one) for one in report.remarks if one.fingerprint not in hidden]
        failures = [_describe_failure(report.unread)] if report.is_failed else []
        return failures + shown + [self._describe_note(note) for note in report.notes]

    def describe(self, remark: Remark) -> types.Diagnostic:
        """One finding."""
        client = self._client
        return types.Diagnostic(
            range=extent_to_range(remark.extent),
            message=f"{remark.message}.",
            severity=_SEVERITIES[remark.severity],
            code=remark.label,
            code_description=self._describe_page(remark) if client.has_pages else None,
            source=SOURCE,
            related_information=self._describe_path(remark) if client.has_related and remark.hops else None,
            data={"fingerprint": remark.fingerprint} if client.has_data else None,
        )

    def _describe_page(self, remark: Remark) -> types.CodeDescription | None:
        if not self.pages_folder:
            return None
        return types.CodeDescription(href=(Path(self.pages_folder) / f"{remark.label}.md").as_uri())

    def _describe_path(self, remark: Remark) -> list[types.DiagnosticRelatedInformation]:
        return [
            types.DiagnosticRelatedInformation(
                location=types.Location(uri=self._find_uri(hop.file), range=extent_to_range(hop.extent)),
                message=hop.text,
            )
            for hop in remark.hops
        ]

    def _describe_note(self, note: Note) -> types.Diagnostic:
        tags = [types.DiagnosticTag.Unnecessary] if note.is_unused and self._client.has_tags else None
        return types.Diagnostic(
            range=extent_to_range(note.extent),
            message=f"{note.text}.",
            severity=types.DiagnosticSeverity.Hint if note.is_unused else types.DiagnosticSeverity.Information,
            code=SUPPRESSION,
            source=SOURCE,
            tags=tags,
        )


def _describe_failure(why: str) -> types.Diagnostic:
    """Says at the top of a file that there may be findings which nobody has looked for."""
    start = types.Position(0, 0)
    information = types.DiagnosticSeverity.Information
    text = f"not reviewed: {why}."
    return types.Diagnostic(types.Range(start, start), text, information, code=NOT_REVIEWED, source=SOURCE)


def extent_to_range(extent: Extent) -> types.Range:
    """The protocol's own type."""
    start, end = extent.start, extent.end
    return types.Range(types.Position(start.line, start.character), types.Position(end.line, end.character))

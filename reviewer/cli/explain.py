"""`reviewer explain PATH:LINE`: why something is, or is not, reported there."""

import re
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import click

from graph_model.languages import find_language
from reviewer.cli.options import Choices, find_baseline, open_desk, selection_options, write_text
from reviewer.cli.session import Setting, current_session, prepare
from reviewer.discovery import Discovery, discover_files
from reviewer.errors import RequestError
from reviewer.linkage import find_linked
from reviewer.reports.explanation import Explanation, render_explanations
from reviewer.review import ReviewDesk
from reviewer.selection import WithheldReason, find_silencers
from reviewer.source import SourceFile

_PLACE = re.compile(r"(.+?):(\d+)(?::(\d+))?")


@click.command()
@click.argument("place", metavar="PATH:LINE")
@selection_options
def explain(place: str, *, choices: Choices) -> None:
    """Say why a line is, or is not, reported: path, weights, probability, and what would make it go away."""
    match = _PLACE.fullmatch(place)
    if match is None:
        raise click.UsageError(f"expected PATH:LINE, found {place!r}")
    session = current_session(choices.model)
    file, line = session.cwd / match[1], int(match[2])
    setting = prepare(session, [file], choices.given, choices.config)
    path = setting.workspace.path_of(file)
    sources = {source.path: source for source in _read_around(setting, file, path).sources}
    if not 1 <= line <= sources[path].num_lines:
        raise RequestError(f"{place}: expected a line from 1 to {sources[path].num_lines}")
    explanations = _judge_line(
        open_desk(session, setting, find_baseline(session, setting, choices)), sources, path, line
    )
    if not explanations:
        click.echo(f"{place}: nothing to judge here: no candidate of any label touches this line.")
        return
    show_path = partial(session.show_path, setting.workspace)
    write_text(render_explanations(explanations, sources[path], show_path, colour=session.use_colour), session)


def _judge_line(desk: ReviewDesk, sources: Mapping[str, SourceFile], path: str, line: int) -> list[Explanation]:
    """Every candidate whose statement lies on the line."""
    scan = desk.scanner.scan(sources.values(), lambda _: {path})
    if path not in scan.files:
        raise RequestError(f"{path}: {next(one.error for one in scan.failed if one.path == path)}")
    assembler = desk.assembler_for(sources)
    found = [one for one in assembler.build_all(path, scan.files[path]) if line in one.statement]
    policy, suppressions = assembler.policy_of(path), assembler.find_suppressions(path)
    explanations = []
    for finding in desk.mender_for(sources).attach_fixes(found, scan.files, likely_only=False):
        reason = policy.screen(finding.label, finding.probability, in_test=finding.in_test)
        if reason is None and find_silencers(finding, suppressions):
            reason = WithheldReason.SUPPRESSED
        if reason is None and finding.fingerprint in desk.baseline:
            reason = WithheldReason.BASELINE
        explanations.append(Explanation(finding, policy.thresholds.get(finding.label), reason))
    return explanations


def _read_around(setting: Setting, file: Path, path: str) -> Discovery:
    """The file and what may be linked to it in its repository, else its folder.

    Raises RequestError when the file itself is left out.
    """
    around = setting.workspace.repository.root if setting.workspace.repository is not None else file.parent
    found = discover_files(setting.workspace, [around, file], setting.rules)
    for skip in found.skipped:
        if skip.path == path:
            raise RequestError(f"{path}: not reviewed: {skip.reason.value} {skip.detail}".rstrip())
    for failed in found.failed:
        if failed.path == path:
            raise RequestError(f"{path}: {failed.error}")
    language = find_language(path)
    assert language is not None, "a file in no language is skipped"
    families = [(source, find_language(source.path)) for source in found.sources]
    related = [source for source, other in families if other is not None and other.family is language.family]
    linked = find_linked(related, [path])
    return Discovery(tuple(source for source in related if source.path in linked), found.skipped, found.failed)

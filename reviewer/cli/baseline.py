"""`reviewer baseline`: writes what is found now as known, drops what is gone, or tells whether that is needed."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import click

from reviewer.baseline import KnownFinding, Update, list_known, parse_entries, render_baseline, update_baseline
from reviewer.cli.group import COULD_NOT
from reviewer.cli.options import Choices, open_desk, selection_options, write_text
from reviewer.cli.session import Session, Setting, current_session, prepare
from reviewer.discovery import discover_files
from reviewer.errors import RequestError
from reviewer.findings import Finding
from reviewer.plain_files import MAX_REPORT_BYTES, read_plain_file
from reviewer.review import Review
from reviewer.workspace import lies_in

_MAX_LISTED = 20


@click.command()
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@click.option("--prune", is_flag=True, help="Only drop findings that are gone; add none.")
@click.option("--check", "is_check", is_flag=True, help="Write nothing; exit with 1 unless the file is up to date.")
@click.option(
    "--output", "target", type=click.Path(path_type=Path, dir_okay=False), help="File; default: the setting `baseline`."
)
@selection_options
@click.pass_context
def baseline(
    ctx: click.Context, paths: tuple[str, ...], *, prune: bool, is_check: bool, target: Path | None, choices: Choices
) -> None:
    """Write the findings in files and folders (default: the whole root) as known, so that only new ones are shown."""
    session = current_session(choices.model)
    setting = prepare(session, map(Path, paths), choices.given, choices.config)
    file = _find_file(session, setting, target)
    asked = [session.cwd / path for path in paths] or [setting.workspace.root]
    discovery = discover_files(setting.workspace, asked, setting.rules)
    review = open_desk(session, setting).review_files(discovery)
    if review.ledger.is_empty:
        raise RequestError(f"{', '.join(paths) or '.'}: expected a file to review, found none")
    places = [setting.workspace.path_of(path) for path in asked]
    there = open_desk(session, _widen(session, setting)).review_files(discovery).findings
    update = _update(file, review, places, there, adds=not prune)
    name = session.show_path(setting.workspace, setting.workspace.path_of(file))
    if is_check:
        is_current = _tell_differences(name, update, adds=not prune)
    else:
        is_current = True
        write_text(render_baseline(update.entries), session, file)
        num_added = 0 if prune else len(update.added)
        click.echo(f"{name}: {_count(len(update.entries))}, {num_added} new, {len(update.gone)} gone")
    for failed in review.ledger.failed:
        click.echo(f"failed: {session.show_path(setting.workspace, failed.path)}: {failed.error}", err=True)
    ctx.exit(COULD_NOT if review.ledger.failed else int(not is_current))


def _find_file(session: Session, setting: Setting, target: Path | None) -> Path:
    if target is not None:
        return session.cwd / target
    if not setting.configuration.baseline:
        raise RequestError("baseline: expected a file name in the configuration or --output, found none")
    return setting.workspace.root / setting.configuration.baseline


def _widen(session: Session, setting: Setting) -> Setting:
    """The setting under which everything is shown: what is not shown under another one need not be gone."""
    everything = tuple(sorted({label.id for label in session.engine.catalogue}))
    shown = {"select": everything, "ignore": (), "min_probability": 0.0, "include_tests": True, "directories": ()}
    return replace(setting, configuration=setting.configuration.with_command_line(shown))


def _update(file: Path, review: Review, asked: Iterable[str], there: Iterable[Finding], *, adds: bool) -> Update:
    """What the file should hold: entries elsewhere than asked for, or in files that could not be read, stay.

    So do those of which a finding is `there`, whatever is shown of it.
    """
    unread = {path for path, _, _ in review.ledger.list_unread()}
    folders, fingerprints = tuple(asked), {one.fingerprint for one in there}

    def is_judged(one: KnownFinding) -> bool:
        return one.path not in unread and lies_in(one.path, folders) and one.fingerprint not in fingerprints

    try:
        known = parse_entries(read_plain_file(file, MAX_REPORT_BYTES), str(file))
    except FileNotFoundError:
        known = ()
    return update_baseline(known, list_known(review.findings), is_judged, adds=adds)


def _tell_differences(name: str, update: Update, *, adds: bool) -> bool:
    """Whether there are none."""
    differences = [*(("gone", one) for one in update.gone), *(("new", one) for one in update.added if adds)]
    for word, one in differences[:_MAX_LISTED]:
        click.echo(f"{word}: {_name(one)}")
    if len(differences) > _MAX_LISTED:
        click.echo(f"and {len(differences) - _MAX_LISTED} more")
    click.echo(f"{name}: {'not up to date' if differences else 'up to date'}, {_count(len(update.entries))}")
    return not differences


def _name(one: KnownFinding) -> str:
    return f"{one.path}:{one.line} {one.label}"


def _count(num: int) -> str:
    return f"{num} finding{'' if num == 1 else 's'}"

"""`reviewer fix`: applies the fixes that were verified, or shows them."""

import os
from pathlib import Path

import click

from reviewer.cache import write_atomically
from reviewer.cli.group import COULD_NOT
from reviewer.cli.options import Choices, open_desk, selection_options, write_text
from reviewer.cli.session import Session, Setting, current_session, prepare
from reviewer.discovery import discover_files
from reviewer.errors import RequestError
from reviewer.mending import MendedFile, mend_files
from reviewer.reports.patch import render_patch


@click.command()
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@click.option("--diff", "is_dry", is_flag=True, help="Show the changes and make none.")
@click.option("--safe-only", is_flag=True, help="Only fixes after which what was right behaves as before.")
@selection_options
@click.pass_context
def fix(ctx: click.Context, paths: tuple[str, ...], *, is_dry: bool, safe_only: bool, choices: Choices) -> None:
    """Apply fixes to files and folders (default: the working directory). Each was parsed and scored again before."""
    session = current_session(choices.model)
    setting = prepare(session, map(Path, paths), choices.given, choices.config)
    discovery = discover_files(
        setting.workspace, [session.cwd / path for path in paths] or [session.cwd], setting.rules
    )
    desk = open_desk(session, setting)
    review = desk.review_files(discovery)
    sources = {source.path: source for source in discovery.sources}
    scan = desk.scan(discovery.sources)
    wanted = [one for one in review.findings if one.fix is not None and (one.fix.is_safe or not safe_only)]
    mended = mend_files(wanted, sources, scan.files, desk.mender_for(sources))
    if is_dry:
        write_text("".join(render_patch(one.source, one.content, colour=session.use_colour) for one in mended), session)
    else:
        for one in mended:
            _write(one, session, setting)
    num_mended = sum(len(one.findings) for one in mended)
    verb = "would mend" if is_dry else "mended"
    click.echo(f"{verb} {num_mended} of {len(review.findings)} findings in {len(mended)} files", err=True)
    for failed in review.ledger.failed:
        click.echo(f"failed: {session.show_path(setting.workspace, failed.path)}: {failed.error}", err=True)
    ctx.exit(COULD_NOT if review.ledger.failed else 0)


def _write(mended: MendedFile, session: Session, setting: Setting) -> None:
    """Writes a file with its own encoding and permissions, unless it has changed since it was read."""
    file = Path(os.path.realpath(setting.workspace.file_at(mended.source.path)))
    raw = mended.source.encode(mended.source.content)
    if file.read_bytes() != raw:
        raise RequestError(f"{mended.source.path}: expected the content that was reviewed, found another; run it again")
    write_atomically(file, mended.source.encode(mended.content))
    for finding in mended.findings:
        place = f"{session.show_path(setting.workspace, finding.path)}:{finding.region.start.line}"
        assert finding.fix is not None, "only findings with a fix are mended"
        caution = "" if finding.fix.is_safe else " (behaviour may change: look at it)"
        click.echo(f"{place}: mended {finding.label}: {finding.fix.description}{caution}")

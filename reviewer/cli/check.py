"""`reviewer check`: reviews files and folders, standard input, or what is staged."""

import sys
from pathlib import Path

import click

from reviewer.attributes import read_attributes
from reviewer.cli.options import (
    Choices,
    decide_exit_code,
    find_baseline,
    heed_failures,
    open_desk,
    review_options,
    write_review,
)
from reviewer.cli.session import Session, Setting, current_session, prepare
from reviewer.comparison import list_staged
from reviewer.discovery import Discovery, discover_files, gather
from reviewer.errors import RequestError
from reviewer.inspection import inspect_content, inspect_name
from reviewer.snapshots import read_snapshot
from reviewer.workspace import lies_in

STDIN = "-"


@click.command()
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@click.option("--stdin-filename", metavar="NAME", help="What the standard input (-) is called.")
@click.option("--staged", is_flag=True, help="Review staged files as they are in the index.")
@review_options
@click.pass_context
def check(
    ctx: click.Context,
    paths: tuple[str, ...],
    stdin_filename: str | None,
    *,
    staged: bool,
    choices: Choices,
) -> None:
    """Review files and folders (default: the working directory)."""
    session = current_session(choices.model)
    if STDIN in paths:
        if len(paths) > 1 or not stdin_filename or staged:
            raise click.UsageError("'-' stands alone and needs --stdin-filename")
        setting, discovery = _read_stdin(session, stdin_filename, choices)
    else:
        setting = prepare(session, map(Path, paths), choices.given, choices.config)
        discovery = _discover(session, setting, paths, staged=staged)
    with heed_failures(ctx, setting.configuration):
        desk = open_desk(session, setting, find_baseline(session, setting, choices))
        review = desk.review_files(discovery)
    write_review(review, session, setting, choices, discovery.sources)
    if review.ledger.is_empty and not staged:
        raise RequestError(f"{', '.join(paths) or '.'}: expected a file to review, found none")
    ctx.exit(decide_exit_code(review, setting.configuration))


def _discover(session: Session, setting: Setting, paths: tuple[str, ...], *, staged: bool) -> Discovery:
    full = [session.cwd / path for path in paths] or [session.cwd]
    workspace = setting.workspace
    if not staged:
        return discover_files(workspace, full, setting.rules)
    if workspace.repository is None:
        raise RequestError(f"--staged: expected a git repository around {session.cwd}, found none")
    only = list_staged(workspace.repository)
    if paths:
        inner = [workspace.path_of(path) for path in full]
        only = frozenset(one for one in only if lies_in(one, inner))
    return read_snapshot(workspace.repository, None, setting.rules, only)


def _read_stdin(session: Session, name: str, choices: Choices) -> tuple[Setting, Discovery]:
    """Standard input under its name, which need not exist."""
    folder = (session.cwd / name).parent
    setting = prepare(session, [folder if folder.is_dir() else session.cwd], choices.given, choices.config)
    workspace = setting.workspace
    path = workspace.path_of(session.cwd / name)
    raw = sys.stdin.buffer.read(setting.rules.max_bytes + 1)
    attributes = read_attributes(workspace.root, workspace.repository, [path]).get(path, {})
    skip = inspect_name(path, attributes, setting.rules)
    return setting, gather([skip or inspect_content(path, raw, setting.rules, attributes)])

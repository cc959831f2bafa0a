"""Options that several subcommands share, and how their reports are written."""

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial, wraps
from pathlib import Path

import click

from reviewer.baseline import read_baseline
from reviewer.cache import write_atomically
from reviewer.cli.formats import FORMATS, Frame
from reviewer.cli.group import COULD_NOT, find_version
from reviewer.cli.session import Session, Setting
from reviewer.findings import FailOn
from reviewer.review import Review, ReviewDesk
from reviewer.source import SourceFile


@dataclass(frozen=True, slots=True)
class Choices:
    """What the command line says: `given` by field of the configuration, what it leaves open is absent."""

    given: Mapping[str, object]
    config: Path | None = None
    model: Path | None = None
    format: str = "text"
    output: Path | None = None
    baseline: Path | None = None


def _split(_: click.Context, __: click.Parameter, values: Sequence[str]) -> tuple[str, ...]:
    return tuple(name.strip() for value in values for name in value.split(",") if name.strip())


_FORMATS = tuple(FORMATS)
_FILE = click.Path(path_type=Path, dir_okay=False)
_SELECTION = (
    click.option("--select", multiple=True, metavar="NAME", callback=_split, help="Labels or categories to look for."),
    click.option("--ignore", multiple=True, metavar="NAME", callback=_split, help="Labels or categories to leave out."),
    click.option(
        "--min-probability",
        type=click.FloatRange(0, 1),
        metavar="P",
        help="Show what is at least this likely, whatever thresholds and budget say; 0 shows every candidate.",
    ),
    click.option("--include-tests", is_flag=True, help="Show findings in test code too."),
    click.option("--jobs", type=click.IntRange(0), metavar="N", help="Processes; 0 (default): as many as pay off."),
    click.option("--no-cache", is_flag=True, help="Neither read nor write kept results."),
    click.option("--config", type=_FILE, help="Configuration file to use."),
    click.option("--model", type=click.Path(path_type=Path, file_okay=False), help="Folder of another model bundle."),
)
_REPORTING = (
    click.option("--format", "format_", type=click.Choice(_FORMATS), default="text", show_default=True, help="Report."),
    click.option("--output", type=_FILE, help="Write the report to this file."),
    click.option("--fail-on", type=click.Choice([one.value for one in FailOn]), help="Severity that exits with 1."),
    click.option("--baseline", type=_FILE, help="JSON report of an earlier review whose findings are left out."),
)


def selection_options(command: Callable[..., None]) -> Callable[..., None]:
    """Gives a command the options that say what to look for and how, as one argument `choices`."""
    return _gather(command, _SELECTION)


def review_options(command: Callable[..., None]) -> Callable[..., None]:
    """Gives a command those and the options of the report, as one argument `choices`."""
    return _gather(command, (*_SELECTION, *_REPORTING))


def _gather(
    command: Callable[..., None], options: Sequence[Callable[[Callable[..., None]], Callable[..., None]]]
) -> Callable[..., None]:
    @wraps(command)
    def gathered(  # noqa: PLR0913  # one parameter an option
        *args: object,
        select: tuple[str, ...],
        ignore: tuple[str, ...],
        min_probability: float | None,
        include_tests: bool,
        jobs: int | None,
        no_cache: bool,
        config: Path | None,
        model: Path | None,
        format_: str = "text",
        output: Path | None = None,
        fail_on: str | None = None,
        baseline: Path | None = None,
        **kwargs: object,
    ) -> None:
        named = {
            "select": select or None,
            "ignore": ignore or None,
            "min_probability": min_probability,
            "fail_on": None if fail_on is None else FailOn(fail_on),
            "include_tests": True if include_tests else None,
            "jobs": jobs,
            "cache": False if no_cache else None,
        }
        given = {name: value for name, value in named.items() if value is not None}
        command(*args, choices=Choices(given, config, model, format_, output, baseline), **kwargs)

    for option in reversed(options):
        gathered = option(gathered)
    return gathered


def open_desk(session: Session, setting: Setting, choices: Choices) -> ReviewDesk:
    """Where the reviews of this command are made."""
    baseline = read_baseline(session.cwd / choices.baseline) if choices.baseline is not None else frozenset()
    cache = session.open_cache(setting.configuration)
    return ReviewDesk(setting.configuration, session.engine, cache, session.progress, baseline)


def write_review(
    review: Review, session: Session, setting: Setting, choices: Choices, sources: Iterable[SourceFile]
) -> None:
    """The report in its format, and the warnings of the run on standard error. `sources` are what was read."""
    for warning in review.warnings:
        click.echo(f"warning: {warning}", err=True)
    colour = session.use_colour and choices.output is None
    show_path = partial(session.show_path, setting.workspace)
    by_path = {source.path: source for source in sources}
    frame = Frame(find_version(), session.engine.catalogue, show_path, by_path, colour=colour)
    write_text(FORMATS[choices.format](review, frame), session, choices.output)


def write_text(text: str, session: Session, output: Path | None = None) -> None:
    """Text as UTF-8 to a file, whole or not at all, or to standard output."""
    content = text.encode("utf-8", "backslashreplace")
    if output is not None:
        write_atomically(session.cwd / output, content)
    else:
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()


def decide_exit_code(review: Review, fail_on: FailOn) -> int:
    """0, 1 or 2: what could not be done outweighs what was found; skips for a stated reason do not count."""
    if review.ledger.failed:
        return COULD_NOT
    return int(review.is_failed_by(fail_on))

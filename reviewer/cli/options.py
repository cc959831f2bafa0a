"""Options that several subcommands share, and how their reports are written."""

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial, wraps
from pathlib import Path

import click

from reviewer.baseline import parse_baseline, read_baseline
from reviewer.cache import write_atomically
from reviewer.cli.formats import FORMATS, READ_BY_PEOPLE, Frame
from reviewer.cli.group import COULD_NOT, LazyGroup, find_version
from reviewer.cli.session import Session, Setting
from reviewer.configuration import DEFAULT_ORIGIN, Configuration, OnFailure
from reviewer.findings import FailOn
from reviewer.plain_files import read_named_file
from reviewer.review import Review, ReviewDesk
from reviewer.source import SourceFile


@dataclass(frozen=True, slots=True)
class Choices:
    """What the command line says: `given` by field of the configuration, what it leaves open is absent.

    `reports` are further formats with the files that they are written to.
    """

    given: Mapping[str, object]
    config: Path | None = None
    model: Path | None = None
    format: str = "text"
    output: Path | None = None
    baseline: Path | None = None
    uses_baseline: bool = True
    reports: tuple[tuple[str, Path], ...] = ()


def _split(_: click.Context, __: click.Parameter, values: Sequence[str]) -> tuple[str, ...]:
    return tuple(name.strip() for value in values for name in value.split(",") if name.strip())


def _parse_reports(_: click.Context, __: click.Parameter, values: Sequence[str]) -> tuple[tuple[str, Path], ...]:
    reports = []
    for value in values:
        name, sign, file = value.partition("=")
        if name not in FORMATS or not sign or not file:
            raise click.BadParameter(f"expected FORMAT=FILE with one of {', '.join(FORMATS)}, found {value!r}")
        reports.append((name, Path(file)))
    return tuple(reports)


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
    click.option(
        "--model", type=click.Path(path_type=Path, file_okay=False, exists=True), help="Folder of another model bundle."
    ),
)
_REPORTING = (
    click.option("--format", "format_", type=click.Choice(_FORMATS), default="text", show_default=True, help="Report."),
    click.option("--output", type=_FILE, help="Write the report to this file."),
    click.option(
        "--report", "reports", multiple=True, metavar="FORMAT=FILE", callback=_parse_reports, help="Write another too."
    ),
    click.option("--fail-on", type=click.Choice([one.value for one in FailOn]), help="Severity that exits with 1."),
    click.option(
        "--on-failure",
        type=click.Choice([one.value for one in OnFailure]),
        help="What the exit code makes of files, or a whole review, that could not be done.  [default: fail]",
    ),
    click.option("--baseline", type=_FILE, help="Known findings: a baseline other than the committed, or a report."),
    click.option("--no-baseline", is_flag=True, help="Show known findings too."),
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
        on_failure: str | None = None,
        baseline: Path | None = None,
        no_baseline: bool = False,
        reports: tuple[tuple[str, Path], ...] = (),
        **kwargs: object,
    ) -> None:
        named = {
            "select": select or None,
            "ignore": ignore or None,
            "min_probability": min_probability,
            "fail_on": None if fail_on is None else FailOn(fail_on),
            "on_failure": None if on_failure is None else OnFailure(on_failure),
            "include_tests": True if include_tests else None,
            "jobs": jobs,
            "cache": False if no_cache else None,
        }
        given = {name: value for name, value in named.items() if value is not None}
        command(
            *args, choices=Choices(given, config, model, format_, output, baseline, not no_baseline, reports), **kwargs
        )

    for option in reversed(options):
        gathered = option(gathered)
    return gathered


def find_baseline(session: Session, setting: Setting, choices: Choices, commit: str = "") -> frozenset[str]:
    """The fingerprints of known findings: those of --baseline, else of the committed file, if there is one.

    A change does not decide on what is known of it: the file is then read from `commit`. Raises RequestError for one
    that cannot be read, and where the configuration names one that is missing.
    """
    name, repository = setting.configuration.baseline, setting.workspace.repository
    if not choices.uses_baseline:
        return frozenset()
    if choices.baseline is not None:
        return read_baseline(session.cwd / choices.baseline, read_named_file)
    if not name:
        return frozenset()
    if commit:
        assert repository is not None, "there is a commit"
        content = repository.read_objects([f"{commit}:{name}"])[0]
        return frozenset() if content is None else parse_baseline(content, f"{commit[:12]}:{name}")
    file = setting.workspace.root / name
    if file.exists() or setting.configuration.origin_of("baseline") != DEFAULT_ORIGIN:
        return read_baseline(file)
    return frozenset()


def open_desk(session: Session, setting: Setting, baseline: frozenset[str] = frozenset()) -> ReviewDesk:
    """Where the reviews of this command are made; findings of the baseline are withheld."""
    cache = session.open_cache(setting.configuration)
    return ReviewDesk(setting.configuration, session.engine, cache, session.progress, baseline)


def write_review(
    review: Review, session: Session, setting: Setting, choices: Choices, sources: Iterable[SourceFile]
) -> None:
    """The reports in their formats, and the warnings of the run on standard error. `sources` are what was read."""
    for warning in review.warnings:
        click.echo(f"warning: {warning}", err=True)
    show_path = partial(session.show_path, setting.workspace)
    find_time = partial(_find_time, review, session, setting)
    remarks = _find_remarks(review, setting.configuration)
    frame = Frame(
        find_version(),
        session.engine.catalogue,
        show_path,
        {source.path: source for source in sources},
        find_time=find_time,
        remarks=remarks,
    )
    for name, file in choices.reports:
        write_text(FORMATS[name](review, frame), session, file)
    colour = session.use_colour and choices.output is None
    write_text(FORMATS[choices.format](review, replace(frame, colour=colour)), session, choices.output)
    if choices.format not in READ_BY_PEOPLE or choices.output is not None:
        for remark in remarks:
            click.echo(remark, err=True)


def _find_remarks(review: Review, configuration: Configuration) -> tuple[str, ...]:
    """What the exit code conceals, as it was asked to."""
    num = len(review.ledger.failed)
    if not num or configuration.on_failure is OnFailure.FAIL:
        return ()
    return (f"INCOMPLETE: {num} file{'s' if num > 1 else ''} could not be reviewed; on-failure = pass lets it pass.",)


def _find_time(review: Review, session: Session, setting: Setting) -> datetime:
    """The time of a report: what the session was given, else that of the reviewed commit, else of the last one."""
    repository = setting.workspace.repository
    seconds = session.made_at_s
    if seconds is None and repository is not None:
        commit = repository.find_revision(review.head) if review.head else None
        seconds = repository.find_time(commit or "HEAD")
    return datetime.fromtimestamp(seconds or 0, UTC)


def write_text(text: str, session: Session, output: Path | None = None) -> None:
    """Text as UTF-8 to a file, whole or not at all, or to standard output."""
    content = text.encode("utf-8", "backslashreplace")
    if output is not None:
        write_atomically(session.cwd / output, content)
    else:
        try:
            sys.stdout.buffer.write(content)
            sys.stdout.buffer.flush()
        except OSError as error:
            raise OSError(error.errno, error.strerror, "standard output") from error


@contextmanager
def heed_failures(ctx: click.Context, configuration: Configuration) -> Iterator[None]:
    """Lets a review that cannot be made pass where that is asked for. Outside, where it is written, nothing passes."""
    command = ctx.find_root().command
    if not isinstance(command, LazyGroup):
        yield
        return
    command.lets_pass = configuration.on_failure is OnFailure.PASS
    yield
    command.lets_pass = False


def decide_exit_code(review: Review, configuration: Configuration) -> int:
    """0, 1 or 2: what could not be done outweighs what was found; skips for a stated reason do not count."""
    if review.ledger.failed and configuration.on_failure is OnFailure.FAIL:
        return COULD_NOT
    return int(review.is_failed_by(configuration.fail_on))

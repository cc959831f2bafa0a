"""The `reviewer` command: finds subcommands, here and in packages above, and turns errors into exit codes.

0 clean, 1 findings at or above --fail-on, 2 could not do the job. Nothing else leaves this process.
"""

import logging
import os
import sys
import traceback
from collections.abc import Sequence
from importlib import import_module
from typing import Any, NoReturn  # click passes its own arguments through

import click

from reviewer.errors import ConfigurationError, DiffError, RequestError

COMMANDS = {
    "baseline": "reviewer.cli.baseline:baseline",
    "check": "reviewer.cli.check:check",
    "config": "reviewer.cli.config:config",
    "diff": "reviewer.cli.diff:diff",
    "explain": "reviewer.cli.explain:explain",
    "fix": "reviewer.cli.fix:fix",
    "labels": "reviewer.cli.labels:labels",
    "model": "reviewer.cli.model:model",
}
ENTRY_POINTS = "reviewer.commands"
COULD_NOT = 2
_ASKED_WRONGLY = (ConfigurationError, RequestError, DiffError)


class LazyGroup(click.Group):
    """Subcommands by name: our own, then those that packages above register by entry point.

    `lets_pass`: whether a review that cannot be made, through no fault of who asked for it, ends with 0.
    """

    lets_pass = False

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every name, sorted."""
        return sorted({*COMMANDS, *_find_entry_points()})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, imported now; None when there is none of this name."""
        if cmd_name in COMMANDS:
            return _import_command(COMMANDS[cmd_name])
        target = _find_entry_points().get(cmd_name)
        if target is None:
            return None
        try:
            return _import_command(target)
        except ImportError as error:  # an extra that is not installed must not cost the others
            return _make_placeholder(cmd_name, error)

    def main(self, *args: Any, **extra: Any) -> NoReturn:
        """Runs a command line and exits with 0, 1 or 2."""
        self.lets_pass = False
        try:
            result = super().main(*args, **{**extra, "standalone_mode": False})
            sys.stdout.flush()
        except BrokenPipeError:  # the reader of a pipe has left: nobody to tell
            _close_stdout()
            sys.exit(COULD_NOT)
        except click.ClickException as error:
            error.show()
            sys.exit(COULD_NOT)
        except (click.Abort, KeyboardInterrupt):
            click.echo("reviewer: interrupted", err=True)
            sys.exit(COULD_NOT)
        # Not one of the three sanctioned handlers, but an uncaught error would exit with 1, which means findings.
        except Exception as error:  # noqa: BLE001
            click.echo(f"reviewer: {_explain(error)}", err=True)
            if not self.lets_pass or isinstance(error, _ASKED_WRONGLY):
                sys.exit(COULD_NOT)
            click.echo("INCOMPLETE: the review could not be made; on-failure = pass lets it pass.", err=True)
            sys.exit(0)
        sys.exit(result if isinstance(result, int) else 0)


def _import_command(target: str) -> click.Command:
    module, _, attribute = target.partition(":")
    command = getattr(import_module(module), attribute)
    assert isinstance(command, click.Command), f"{target}: expected a click command"
    return command


def _make_placeholder(name: str, error: ImportError) -> click.Command:
    """Stands for a command that cannot be imported, and says so when it is called."""

    def refuse(**_: object) -> None:
        raise click.ClickException(f"{name}: {error}; install the extra that brings it")

    settings = {"ignore_unknown_options": True, "allow_extra_args": True}
    return click.Command(name, callback=refuse, context_settings=settings, help="Not installed here.")


def _explain(error: Exception) -> str:
    from graph_model.errors import GraphModelError  # noqa: PLC0415  # only a failing run needs them
    from reviewer.errors import ReviewerError  # noqa: PLC0415

    if isinstance(error, ReviewerError | GraphModelError):
        return str(error)
    if isinstance(error, OSError) and isinstance(error.filename, str | bytes):
        return f"{os.fsdecode(error.filename)}: {error.strerror}"
    return f"this is a fault of the reviewer, please report it\n{''.join(traceback.format_exception(error))}"


def _find_entry_points() -> dict[str, str]:
    from importlib.metadata import entry_points  # noqa: PLC0415  # 20 ms that our own commands do not need

    return {point.name: point.value for point in entry_points(group=ENTRY_POINTS)}


def _close_stdout() -> None:
    """Keeps the interpreter from writing to a closed pipe at its end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def _print_version(ctx: click.Context, _: click.Parameter, value: bool) -> None:  # click's signature
    if value:
        click.echo(f"reviewer {find_version()}")
        ctx.exit()


def find_version() -> str:
    """The version of this program as installed."""
    from importlib.metadata import PackageNotFoundError, version  # noqa: PLC0415  # as above

    try:
        return version("graph-reviewer")
    except PackageNotFoundError:  # run from a plain checkout
        return "0+unknown"


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--version", is_flag=True, expose_value=False, is_eager=True, callback=_print_version, help="Print it.")
@click.option("-v", "--verbose", is_flag=True, help="Log what happens, with tracebacks, to standard error.")
def group(verbose: bool) -> None:  # click's signature
    """Review code with a graph model: offline, reproducible, and silent without evidence."""
    logging.basicConfig(level=logging.INFO if verbose else logging.CRITICAL, format="%(name)s: %(message)s")


def main(args: Sequence[str] | None = None, session: object = None) -> NoReturn:
    """The entry point of the distribution. `session` replaces the real engine and folders in tests."""
    group.main(args=args, prog_name="reviewer", obj=session)

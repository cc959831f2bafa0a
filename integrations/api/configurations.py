"""Whether a configuration can be used, asked before a review process is started for it."""

import tomllib
from collections.abc import Iterable

from graph_model.catalogue import load_catalogue
from integrations.api.problems import FieldProblem, ProblemError, refuse_fields
from reviewer.configuration import Configuration, parse_configuration
from reviewer.configuration_files import OWN_FILE
from reviewer.errors import ConfigurationError
from reviewer.selection import find_selected


def check_configuration(text: str, field: str) -> None:
    """Raises ProblemError for text that is no configuration, or names a label that does not exist."""
    try:
        table = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, ValueError, RecursionError) as error:
        raise _refuse(field, "TOML", str(error)) from error
    try:
        _select(parse_configuration(table, OWN_FILE))
    except ConfigurationError as error:
        raise _refuse(field, "settings of the reviewer", str(error)) from error


def check_names(names: Iterable[str], field: str) -> None:
    """Raises ProblemError for a name that is neither a label nor a category."""
    try:
        _select(Configuration().with_command_line({"select": tuple(names)}))
    except ConfigurationError as error:
        raise _refuse(field, "labels or categories", str(error)) from error


def _refuse(field: str, expected: str, found: str) -> ProblemError:
    return refuse_fields([FieldProblem(field=field, expected=expected, found=ascii(found)[1:-1][:500])])


def _select(configuration: Configuration) -> None:
    find_selected(configuration, [label.id for label in load_catalogue()], {})

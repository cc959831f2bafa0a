"""Errors of `reviewer`. Each names the thing, what was expected and what was found."""


class ReviewerError(Exception):
    """Base of every error this package raises on purpose; the command line turns it into exit code 2."""


class ConfigurationError(ReviewerError):
    """A setting cannot be used; `where` is the file or option, `key` the setting."""

    def __init__(self, where: str, key: str, problem: str) -> None:
        super().__init__(f"{where}: {key}: {problem}")
        self.where, self.key = where, key


class RepositoryError(ReviewerError):
    """git could not answer; `command` is its subcommand."""

    def __init__(self, command: str, problem: str) -> None:
        super().__init__(f"git {command}: {problem}")
        self.command = command


class DiffError(ReviewerError):
    """A unified diff does not follow its format."""


class RequestError(ReviewerError):
    """What was asked for cannot be done: a path that does not exist, a position outside a file."""

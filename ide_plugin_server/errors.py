"""Errors of the language server."""


class ServerError(Exception):
    """Base of every error that this package raises on purpose."""


class TeamError(ServerError):
    """The team's service did not answer as expected."""


class RefusedError(TeamError):
    """The team's service does not take what was sent, however often it is sent."""

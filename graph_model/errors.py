"""Errors of `graph_model`. Each carries what a handler needs; messages name the thing, the expected and the found."""


class GraphModelError(Exception):
    """Base of every error this package raises on purpose."""


class LanguageError(GraphModelError):
    """No language table reads this file."""


class PackError(GraphModelError):
    """A knowledge pack does not follow its format."""


class CatalogueError(GraphModelError):
    """A catalogue entry does not follow its format."""


class LimitError(GraphModelError):
    """An input is over a stated limit; `limit` names it, `found` and `allowed` are counts."""

    def __init__(self, limit: str, found: int, allowed: int) -> None:
        super().__init__(f"{limit}: expected at most {allowed}, found {found}")
        self.limit, self.found, self.allowed = limit, found, allowed


class BundleError(GraphModelError):
    """A model bundle is damaged, or was made for another schema or catalogue."""


class EditError(GraphModelError):
    """Edits overlap, or one lies outside the text that it is for."""

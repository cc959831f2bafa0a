"""Errors of `dataset_curation`. Messages name the thing, what was expected and what was found."""


class CurationError(Exception):
    """Base of every error this package raises on purpose."""


class OffLimitsError(CurationError):
    """Something that must never reach training was asked for; `name` is the repository or the CVE."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name}: expected material for training, found a part of the outside exam")
        self.name = name


class ManifestError(CurationError):
    """A manifest is damaged, or disagrees with the clones."""


class CloneError(CurationError):
    """A clone is missing, or git can't read it."""


class RecordError(CurationError):
    """A file of curated records is damaged or was written by another version."""

"""What the entry point finds out about where the server runs."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Folders ("": none), the model of the command line, the version, the environment that may hold the team's key."""

    version: str
    cache_folder: str = ""
    data_folder: str = ""
    model: str = ""
    environment: "dict[str, str] | None" = None
    working_folder: str = "."

"""What the entry point finds out about where the server runs."""

from dataclasses import dataclass

from ide_plugin_server.desk import RUN


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Folders ("": none), the model of the command line, the version, the environment that may hold the team's key.

    `analyst` is what the analysis process runs.
    """

    version: str
    cache_folder: str = ""
    data_folder: str = ""
    model: str = ""
    environment: "dict[str, str] | None" = None
    working_folder: str = "."
    analyst: str = RUN

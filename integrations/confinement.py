"""Commands with limits on what they may take, set by the child itself before it becomes the command.

A hook between fork and exec would run in a copy of a process with threads, which may hang:
https://docs.python.org/3/library/subprocess.html#subprocess.Popen
"""

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

# argv: memory, file size (0: no limit), then the command. PR_SET_PDEATHSIG (1) lets it die with the service on Linux.
_SET_LIMITS = """
import os, resource, signal, sys
memory, file_size = int(sys.argv[1]), int(sys.argv[2])
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
if memory:
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
if file_size:
    resource.setrlimit(resource.RLIMIT_FSIZE, (file_size, file_size))
if sys.platform == "linux":
    import ctypes
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)
os.execvp(sys.argv[3], sys.argv[3:])
"""


@dataclass(frozen=True, slots=True)
class Confinement:
    """Limits in bytes; 0 is none."""

    max_memory_bytes: int = 0
    max_file_bytes: int = 0

    def wrap(self, command: Sequence[str]) -> list[str]:
        """The command that sets the limits and becomes the given one."""
        limits = (str(self.max_memory_bytes), str(self.max_file_bytes))
        return [sys.executable, "-I", "-S", "-c", _SET_LIMITS, *limits, *command]


def make_environment(home: Path) -> dict[str, str]:
    """What a confined command gets of our environment: the path. No credentials, nobody's configuration of git."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
    }

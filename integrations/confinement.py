"""Commands with limits on what they may take, set by the child itself before it becomes the command.

A hook between fork and exec would run in a copy of a process with threads, which may hang:
https://docs.python.org/3/library/subprocess.html#subprocess.Popen
"""

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

# argv: memory, file size (0: no limit), whether without network, then the command. On Linux a user and a network
# namespace of its own (0x10000000, 0x40000000) leave a process no way out, where the system lets anybody make them; ids
# stay what they are. PR_SET_PDEATHSIG (1) comes after it, as new credentials undo it, and lets it die with the service.
# https://man7.org/linux/man-pages/man7/user_namespaces.7.html https://man7.org/linux/man-pages/man2/prctl.2.html
_SET_LIMITS = """
import os, resource, signal, sys
memory, file_size, is_alone = int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
if sys.platform == "linux":
    import ctypes
    libc = ctypes.CDLL(None)
    uid, gid = os.geteuid(), os.getegid()
    if is_alone and libc.unshare(0x10000000 | 0x40000000) == 0:
        for name, text in (("setgroups", "deny"), ("uid_map", f"{uid} {uid} 1"), ("gid_map", f"{gid} {gid} 1")):
            try:
                with open(f"/proc/self/{name}", "w") as file:
                    file.write(text)
            except OSError:
                pass
    libc.prctl(1, signal.SIGKILL)
if memory:
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
if file_size:
    resource.setrlimit(resource.RLIMIT_FSIZE, (file_size, file_size))
os.execvp(sys.argv[4], sys.argv[4:])
"""


@dataclass(frozen=True, slots=True)
class Confinement:
    """Limits in bytes; 0 is none. Without `has_network` a command reaches no address, where the system allows that."""

    max_memory_bytes: int = 0
    max_file_bytes: int = 0
    has_network: bool = False

    def wrap(self, command: Sequence[str]) -> list[str]:
        """The command that sets the limits and becomes the given one."""
        limits = (str(self.max_memory_bytes), str(self.max_file_bytes), str(int(not self.has_network)))
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

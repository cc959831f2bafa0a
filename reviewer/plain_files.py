"""Reads files that a repository may have laid: regular ones only, and no more than is sensible.

A repository can hold a link to a device that never ends, or to a pipe that nobody writes to.
"""

import errno
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

MAX_SETTINGS_BYTES = 1 << 20  # configuration, ignore patterns, attributes
MAX_REPORT_BYTES = 64 << 20  # known findings, a few hundred thousand of them
Reader = Callable[[Path, int], bytes]  # of a file and the most bytes
_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


def read_plain_file(file: Path, max_bytes: int) -> bytes:
    """The content of a regular file, links followed; raises OSError for anything else, and for one that is larger."""
    descriptor = os.open(file, _FLAGS)  # without waiting for the other end of a pipe
    try:
        mode = os.fstat(descriptor).st_mode
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(file))
        if not stat.S_ISREG(mode):
            raise OSError(errno.EINVAL, "expected a regular file", str(file))
        with os.fdopen(descriptor, "rb", closefd=False) as stream:
            return _read(stream, file, max_bytes)
    finally:
        os.close(descriptor)


def read_named_file(file: Path, max_bytes: int) -> bytes:
    """The content of a file that a user named, which may be a pipe; raises OSError, for one that is larger too."""
    with file.open("rb") as stream:
        return _read(stream, file, max_bytes)


def _read(stream: BinaryIO, file: Path, max_bytes: int) -> bytes:
    content = stream.read(max_bytes + 1)
    if len(content) > max_bytes:
        raise OSError(errno.EFBIG, f"expected at most {max_bytes >> 20} MiB", str(file))
    return content

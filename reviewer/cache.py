"""Results kept on disk under the hash of everything they depend on. Safe to delete, and with several processes.

An entry is a digest of its body, then the body: a pickled value. Reading admits only the plain value classes of this
project and numpy arrays, so that a foreign file in the folder cannot run code; whatever is damaged is thrown away.
"""

import contextlib
import hashlib
import io
import logging
import os
import pickle
import secrets
import stat
import time
from collections.abc import Iterable
from dataclasses import dataclass, field, is_dataclass
from enum import Enum
from pathlib import Path

_log = logging.getLogger(__name__)
DEFAULT_MAX_BYTES = 1_000_000_000
_SWEEP_EVERY_S = 24 * 3600
_TOUCH_AFTER_S = 24 * 3600
_TRUSTED_ROOTS = ("graph_model", "reviewer")
_NUMPY = {
    ("numpy", "dtype"),
    ("numpy", "ndarray"),
    ("numpy._core.multiarray", "_reconstruct"),
    ("numpy._core.multiarray", "scalar"),
    ("numpy._core.numeric", "_frombuffer"),
    ("numpy.core.multiarray", "_reconstruct"),
}


def hash_parts(*parts: str | bytes) -> str:
    """The key of these parts: a hash that tells ("ab", "c") from ("a", "bc")."""
    digest = hashlib.sha256()
    for part in parts:
        raw = part.encode("utf-8", "surrogateescape") if isinstance(part, str) else part
        digest.update(len(raw).to_bytes(8, "big"))
        digest.update(raw)
    return digest.hexdigest()


class _ValueReader(pickle.Unpickler):
    """Unpickles plain values only."""

    def find_class(self, module: str, name: str) -> object:
        if (module, name) in _NUMPY:
            return super().find_class(module, name)
        if module.split(".", maxsplit=1)[0] in _TRUSTED_ROOTS:
            found = super().find_class(module, name)
            if isinstance(found, type) and (is_dataclass(found) or issubclass(found, (Enum, tuple))):
                return found
        raise pickle.UnpicklingError(f"{module}.{name}: expected a value class")


@dataclass(slots=True)
class Cache:
    """A folder of entries; `folder` None keeps nothing. `warnings` collects what was thrown away, for the report."""

    folder: Path | None
    max_bytes: int = DEFAULT_MAX_BYTES
    warnings: list[str] = field(default_factory=list)

    def load(self, key: str, kind: type[object]) -> object | None:
        """The value under a key if it is there, sound, and of this class."""
        if self.folder is None:
            return None
        file = self._file(key)
        try:
            raw = file.read_bytes()
        except OSError:
            return None
        try:
            value = _decode(raw)
            if not isinstance(value, kind):
                raise pickle.UnpicklingError(f"expected {kind.__name__}, found {type(value).__name__}")
        # A damaged pickle raises nearly anything; it was only a copy.
        except Exception as error:  # noqa: BLE001
            self._discard(file, error)
            return None
        self._touch(file)
        return value

    def store(self, key: str, value: object) -> None:
        """Keeps a value, whole or not at all; a disk that refuses is a warning."""
        if self.folder is None:
            return
        file = self._file(key)
        try:
            body = pickle.dumps(value, protocol=5)
            write_atomically(file, hashlib.sha256(body).digest() + body, is_private=True)
        except OSError as error:
            self._warn(f"cache: {file.parent.parent}: expected a writable folder, found {error.strerror}")
            self.folder = None

    def sweep(self) -> None:
        """Once a day, removes the entries that were not used for longest until the rest fits in `max_bytes`."""
        if self.folder is None or not self.folder.is_dir():
            return
        stamp = self.folder / "swept"
        with contextlib.suppress(OSError):
            if time.time() - stamp.stat().st_mtime < _SWEEP_EVERY_S:
                return
        with contextlib.suppress(OSError):
            stamp.touch()
            self.trim()

    def trim(self) -> None:
        """Removes the least recently used entries until the rest fits in `max_bytes`."""
        entries = sorted(self._entries())
        total = sum(num_bytes for _, num_bytes, _ in entries)
        for _, num_bytes, name in entries:
            if total <= self.max_bytes:
                return
            with contextlib.suppress(OSError):
                os.unlink(name)
            total -= num_bytes

    def _entries(self) -> Iterable[tuple[float, int, str]]:
        for file in self.folder.glob("??/*") if self.folder is not None else ():
            with contextlib.suppress(OSError):
                status = file.stat()
                yield status.st_mtime, status.st_size, str(file)

    def _file(self, key: str) -> Path:
        assert self.folder is not None
        return self.folder / key[:2] / key[2:]

    def _touch(self, file: Path) -> None:
        with contextlib.suppress(OSError):
            if time.time() - file.stat().st_mtime > _TOUCH_AFTER_S:
                os.utime(file)

    def _discard(self, file: Path, error: Exception) -> None:
        with contextlib.suppress(OSError):
            file.unlink()
        self._warn(f"cache: {file.name[:16]}: thrown away a damaged entry ({error})")

    def _warn(self, text: str) -> None:
        _log.warning("%s", text)
        self.warnings.append(text)


def _decode(raw: bytes) -> object:
    digest, body = raw[:32], raw[32:]
    if hashlib.sha256(body).digest() != digest:
        raise pickle.UnpicklingError("its digest does not match")
    return _ValueReader(io.BytesIO(body)).load()


def write_atomically(file: Path, content: bytes, *, is_private: bool = False) -> None:
    """Writes a file so that others see the old one or the whole new one.

    An old file keeps its permissions. A new one gets those that the process gives its files, or, if private, is for its
    owner only.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    name = file.with_name(f".tmp-{secrets.token_hex(8)}")
    kept = None if is_private or os.name != "posix" else _find_mode(file)
    is_open = not is_private and kept is None  # else nobody reads it before it has its permissions
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    handle = os.open(name, flags, 0o666 if is_open else 0o600)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
        if kept is not None:
            os.chmod(name, kept)
        os.replace(name, file)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(name)
        raise


def _find_mode(file: Path) -> int | None:
    """The permissions of a file, None where there is none."""
    try:
        return stat.S_IMODE(file.stat().st_mode)
    except FileNotFoundError:
        return None

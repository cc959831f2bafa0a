import os
import pickle
import subprocess
import sys
import time
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest

from reviewer.cache import Cache, hash_parts, write_atomically
from reviewer.source import Span

VALUE = Span(1, 2)


@dataclass
class Foreign:
    """Not of this project."""

    text: str = "x"


def entry(cache: Cache) -> Path:
    assert cache.folder is not None
    (found,) = cache.folder.glob("??/*")
    return found


def test_what_is_stored_is_loaded(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "deep" / "cache")
    key = hash_parts("a")
    assert cache.load(key, Span) is None
    cache.store(key, VALUE)
    assert cache.load(key, Span) == VALUE
    assert Cache(cache.folder).load(key, Span) == VALUE
    assert cache.warnings == []


def test_arrays_come_back(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    array = np.arange(6, dtype=np.int16).reshape(2, 3)
    cache.store(hash_parts("a"), array)
    loaded = cache.load(hash_parts("a"), np.ndarray)
    assert isinstance(loaded, np.ndarray)
    assert (loaded == array).all()


@pytest.mark.parametrize(
    "damage",
    [
        lambda raw: b"",
        lambda raw: raw[:-1],
        lambda raw: raw[:40] + bytes([raw[40] ^ 1]) + raw[41:],
        lambda raw: b"\xff" * 100,
        lambda raw: sha256(b"nonsense").digest() + b"nonsense",
        lambda raw: sealed(Foreign()),
        lambda raw: sealed(os.system),
        lambda raw: sealed("of another class"),
    ],
)
def test_a_damaged_entry_is_thrown_away_with_a_warning(tmp_path: Path, damage: object) -> None:
    cache = Cache(tmp_path)
    key = hash_parts("a")
    cache.store(key, VALUE)
    file = entry(cache)
    assert callable(damage)
    file.write_bytes(damage(file.read_bytes()))
    assert cache.load(key, Span) is None
    assert not file.exists()
    assert len(cache.warnings) == 1
    assert "thrown away a damaged entry" in cache.warnings[0]
    cache.store(key, VALUE)
    assert cache.load(key, Span) == VALUE


def sealed(value: object) -> bytes:
    body = pickle.dumps(value)
    return sha256(body).digest() + body


def test_reading_runs_no_code(tmp_path: Path) -> None:
    class Evil:
        def __reduce__(self) -> tuple[object, ...]:
            return (os.system, (f"touch {tmp_path}/ran",))

    cache = Cache(tmp_path / "cache")
    cache.store(hash_parts("a"), VALUE)
    entry(cache).write_bytes(sealed(Evil()))
    assert cache.load(hash_parts("a"), object) is None
    assert not (tmp_path / "ran").exists()


def test_nothing_is_kept_without_a_folder() -> None:
    cache = Cache(None)
    cache.store(hash_parts("a"), VALUE)
    assert cache.load(hash_parts("a"), Span) is None
    cache.sweep()
    cache.trim()


def test_a_folder_that_cannot_be_written_is_a_warning(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file")
    cache = Cache(tmp_path / "cache")
    cache.store(hash_parts("a"), VALUE)
    cache.store(hash_parts("b"), VALUE)
    assert len(cache.warnings) == 1
    assert "expected a writable folder" in cache.warnings[0]
    assert cache.load(hash_parts("a"), Span) is None


def test_the_least_recently_used_go_first(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    keys = [hash_parts(str(number)) for number in range(4)]
    for age, key in enumerate(keys):
        cache.store(key, VALUE)
        file = tmp_path / key[:2] / key[2:]
        os.utime(file, (time.time() - age * 100_000,) * 2)
    assert cache.load(keys[3], Span) == VALUE  # used: young again
    num_bytes = (tmp_path / keys[0][:2] / keys[0][2:]).stat().st_size
    cache.max_bytes = 2 * num_bytes
    cache.sweep()
    assert [cache.load(key, Span) is not None for key in keys] == [True, False, False, True]


def test_sweeping_is_for_once_a_day(tmp_path: Path) -> None:
    cache = Cache(tmp_path, max_bytes=0)
    cache.store(hash_parts("a"), VALUE)
    cache.sweep()
    assert cache.load(hash_parts("a"), Span) is None
    cache.store(hash_parts("a"), VALUE)
    cache.sweep()
    assert cache.load(hash_parts("a"), Span) == VALUE


def test_keys_tell_parts_apart() -> None:
    assert hash_parts("ab", "c") != hash_parts("a", "bc")
    assert hash_parts("a", b"\xff") != hash_parts("a", b"\xfe")
    assert hash_parts("\udce9") == hash_parts(b"\xe9")


def test_a_failing_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "report"
    write_atomically(file, b"old")

    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(OSError, match="No space"):
        write_atomically(file, b"new")
    assert [found.name for found in tmp_path.iterdir()] == ["report"]
    assert file.read_bytes() == b"old"


WRITER = """
import sys
from pathlib import Path
from reviewer.cache import Cache, hash_parts
from reviewer.source import Span
cache = Cache(Path(sys.argv[1]))
for number in range(300):
    key = hash_parts(str(number % 7))
    cache.store(key, Span(number % 7, 9))
    found = cache.load(key, Span)
    assert found is not None and found.start == number % 7, found
assert not cache.warnings, cache.warnings
"""


def test_two_processes_share_it(tmp_path: Path) -> None:
    command = [sys.executable, "-c", WRITER, str(tmp_path / "cache")]
    running = [subprocess.Popen(command, stderr=subprocess.PIPE) for _ in range(2)]
    for process in running:
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors.decode()

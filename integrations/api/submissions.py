"""What was submitted, judged: paths that stay inside, bytes within limits. Pure; nothing is written here."""

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from integrations.api.configurations import check_configuration, check_names
from integrations.api.problems import refuse_field
from integrations.api.requests import AnalyzeRequest, ScanRequest, SubmittedFile

_MAX_PATH_BYTES, _MAX_PART_BYTES = 500, 255
_DRIVE = re.compile(r"[A-Za-z]:/")
_FORBIDDEN_PARTS = frozenset({"", ".", ".."})


@dataclass(frozen=True, slots=True)
class SubmissionLimits:
    """How much one request may bring."""

    max_files: int = 1_000
    max_file_bytes: int = 1_000_000
    max_bytes: int = 10_000_000
    max_configuration_bytes: int = 64_000


@dataclass(frozen=True, slots=True)
class HeadFile:
    """A file of the head; `before` is its content in the base, None where it is new there."""

    path: str
    content: bytes
    before: bytes | None


@dataclass(frozen=True, slots=True)
class Submission:
    """Files, or a change: where `is_change`, the base is said by each file's `before`, or by `diff`."""

    files: tuple[HeadFile, ...]
    is_change: bool = False
    diff: bytes | None = None
    configuration: bytes = b""
    select: tuple[str, ...] = ()
    repository: str = ""

    def hash(self) -> str:
        """The same for the same bytes, wherever and whenever."""
        parts = [self.is_change, self.diff, self.configuration, self.select, self.repository]
        digest = hashlib.sha256(json.dumps([repr(part) for part in parts]).encode())
        for file in self.files:
            digest.update(repr((file.path, file.content, file.before)).encode())
        return digest.hexdigest()


def read_submission(request: ScanRequest, limits: SubmissionLimits, field: str = "") -> Submission:
    """The submission behind a request; `field` leads the names of fields. Raises ProblemError."""
    if len(request.files) > limits.max_files:
        raise refuse_field(f"{field}files", f"at most {limits.max_files} files", f"{len(request.files)} files")
    check_paths([file.path for file in request.files], field)
    is_analysis = isinstance(request, AnalyzeRequest)
    has_before = any("before" in file.model_fields_set for file in request.files)
    diff = request.diff if isinstance(request, AnalyzeRequest) else None
    if has_before and (diff is not None or not is_analysis):
        raise refuse_field(f"{field}files.before", "no base beside a diff or in a scan", "one")
    files = tuple(_read_file(file, limits, f"{field}files[{idx}]") for idx, file in enumerate(request.files))
    total = sum(len(one.content) + len(one.before or b"") for one in files) + len((diff or "").encode())
    if total > limits.max_bytes:
        raise refuse_field(f"{field}files", f"at most {limits.max_bytes} bytes in all", f"{total} bytes")
    ordered = tuple(sorted(files, key=lambda one: one.path))
    repository = request.repository or ""
    if not isinstance(request, AnalyzeRequest):
        return Submission(ordered, select=("security",), repository=repository)
    configuration = request.configuration.encode()
    if len(configuration) > limits.max_configuration_bytes:
        expected = f"at most {limits.max_configuration_bytes} bytes"
        raise refuse_field(f"{field}configuration", expected, f"{len(configuration)} bytes")
    check_configuration(request.configuration, f"{field}configuration")
    check_names(request.select, f"{field}select")
    raw_diff = None if diff is None else diff.encode()
    return Submission(ordered, has_before or diff is not None, raw_diff, configuration, request.select, repository)


def check_paths(paths: Sequence[str], field: str = "") -> None:
    """Refuses paths that could leave a folder, name git's own, or exclude each other. Raises ProblemError."""
    seen: set[str] = set()
    for idx, path in enumerate(paths):
        problem = _find_path_problem(path)
        if problem is not None:
            raise refuse_field(f"{field}files[{idx}].path", problem, path)
        if path in seen:
            raise refuse_field(f"{field}files[{idx}].path", "each path once", path)
        seen.add(path)
    folders = {parent for path in paths for parent in _list_parents(path)}
    for idx, path in enumerate(paths):
        if path in folders:
            raise refuse_field(f"{field}files[{idx}].path", "a path that is no other's folder", path)


def _find_path_problem(path: str) -> str | None:
    parts = path.split("/")
    sizes = [len(part.encode("utf-8", "surrogatepass")) for part in parts]
    if path.startswith("/") or _DRIVE.match(path):
        return "a relative path"
    if "\\" in path or any(ord(letter) < 32 or ord(letter) == 127 for letter in path):
        return "a path without backslashes and control characters"
    if _FORBIDDEN_PARTS.intersection(parts):
        return "a path without empty parts, '.' and '..'"
    if any(part.casefold() in (".git", "git~1") for part in parts):
        return "a path outside git's own folder"
    if sum(sizes) + len(sizes) > _MAX_PATH_BYTES or max(sizes) > _MAX_PART_BYTES:
        return f"a path of at most {_MAX_PATH_BYTES} bytes with parts of at most {_MAX_PART_BYTES}"
    return None


def _list_parents(path: str) -> Iterable[str]:
    parts = path.split("/")
    return ("/".join(parts[:end]) for end in range(1, len(parts)))


def _read_file(file: SubmittedFile, limits: SubmissionLimits, field: str) -> HeadFile:
    content = _decode(file.content, file.encoding, f"{field}.content", limits)
    if "before" not in file.model_fields_set:
        return HeadFile(file.path, content, content)
    before = None if file.before is None else _decode(file.before, file.encoding, f"{field}.before", limits)
    return HeadFile(file.path, content, before)


def _decode(text: str, encoding: str, field: str, limits: SubmissionLimits) -> bytes:
    try:
        raw = text.encode() if encoding == "text" else base64.b64decode(text.encode(), validate=True)
    except binascii.Error as error:
        raise refuse_field(field, f"base64 ({error})", text) from error
    if len(raw) > limits.max_file_bytes:
        raise refuse_field(field, f"at most {limits.max_file_bytes} bytes", f"{len(raw)} bytes")
    return raw

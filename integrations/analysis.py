"""The review process: `reviewer diff` or `reviewer check` in a process of its own, with limits, without credentials.

What it reads comes from strangers. It gets no variable of ours but the path, cannot write large files, and is killed
when it takes too long or too much memory; that is a failure, never a smaller review.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from integrations.checkouts import Checkout
from integrations.confinement import Confinement, make_environment
from integrations.errors import AnalysisError
from integrations.policies import POLICY_FILES, parse_policy
from integrations.reports import ReviewReport, parse_report
from reviewer.repositories import Repository

_RUN = "import sys; from reviewer.cli import main; main(sys.argv[1:])"
_MAX_REPORT_BYTES = 50_000_000
_MAX_FILE_BYTES = 500_000_000  # of anything that it writes: report, messages, cache
_MAX_SAID_BYTES = 4_000
_FAILED_FILES = 2  # exit code of a review that lost a file: its report still counts


@dataclass(frozen=True, slots=True)
class AnalysisLimits:
    """What one review may take. Time is for a watchdog: what it stops has failed."""

    timeout_s: float = 900.0
    max_memory_bytes: int = 6_000_000_000


@dataclass(frozen=True, slots=True)
class PolicyFile:
    """The configuration file of the base: its name and content; an empty one where the base has none."""

    name: str
    content: bytes


def read_policy_file(checkout: Checkout) -> PolicyFile:
    """The file that decides: `.reviewer.toml` at the top of the base, else its `pyproject.toml` with our table.

    Raises ConfigurationError for a file that cannot be read: it could ask for more than the defaults.
    """
    for name in POLICY_FILES:
        content = checkout.read_base_file(name)
        if content is not None and parse_policy(content, name) is not None:
            return PolicyFile(name, content)
    return PolicyFile(POLICY_FILES[0], b"")


@dataclass(frozen=True, slots=True)
class Rules:
    """What decides beside the code. `dismissed` are fingerprints; an empty `select` leaves it to the policy.

    `attributes_from` is the commit that says which files are generated or copied; empty: the change itself.
    `heeds_own`: whether suppressions count that the change makes.
    """

    policy: PolicyFile = PolicyFile(POLICY_FILES[0], b"")
    dismissed: frozenset[str] = frozenset()
    select: tuple[str, ...] = ()
    attributes_from: str = ""
    heeds_own: bool = True


class Analyst:
    """Runs review processes; `cache_folder` is shared by all of them."""

    def __init__(self, cache_folder: Path, limits: AnalysisLimits | None = None, model: Path | None = None) -> None:
        self._cache_folder, self._limits, self._model = cache_folder, limits or AnalysisLimits(), model
        self._confinement = Confinement(self._limits.max_memory_bytes, _MAX_FILE_BYTES)

    def review(
        self, checkout: Checkout, policy: PolicyFile, dismissed: Iterable[str], *, heeds_own: bool = True
    ) -> ReviewReport:
        """What the change introduced, by policy and attributes of its base, less what was dismissed.

        `heeds_own`: whether suppressions count that the change makes. Raises AnalysisError.
        """
        rules = Rules(policy, frozenset(dismissed), attributes_from=checkout.base, heeds_own=heeds_own)
        return parse_report(self.report_change(checkout, rules))

    def report_change(self, checkout: Checkout, rules: Rules) -> bytes:
        """The JSON of `reviewer diff` on a change. Raises AnalysisError."""
        command = ["diff", "--base", checkout.merge_base, "--head", checkout.head]
        if rules.attributes_from:
            command += ["--attributes-from", rules.attributes_from]
        if not rules.heeds_own:
            command.append("--ignore-own-suppressions")
        return self._report(command, checkout.repository, rules)

    def report_index(self, repository: Repository, rules: Rules) -> bytes:
        """The JSON of `reviewer check` on the files in a repository's index. Raises AnalysisError."""
        return self._report(["check", "--staged"], repository, rules)

    def _report(self, command: list[str], repository: Repository, rules: Rules) -> bytes:
        with tempfile.TemporaryDirectory(prefix="reviewer-") as name:
            scratch = Path(name)
            (scratch / rules.policy.name).write_bytes(rules.policy.content)
            baseline = {"findings": [{"fingerprint": one} for one in sorted(rules.dismissed)]}
            (scratch / "dismissed.json").write_text(json.dumps(baseline), "utf-8")
            output = scratch / "report.json"
            arguments = [*command, "--format", "json", "--fail-on", "never", "--jobs", "1", "--output", str(output)]
            arguments += ["--config", str(scratch / rules.policy.name), "--baseline", str(scratch / "dismissed.json")]
            arguments += [f"--select={one}" for one in rules.select]
            if self._model is not None:
                arguments += ["--model", str(self._model)]
            return self._read(output, self._run(arguments, repository.root, scratch))

    def _run(self, arguments: list[str], folder: Path, scratch: Path) -> str:
        """Waits for the process; its last words. They go to a file, so that no flood of them takes our memory."""
        with (scratch / "messages").open("w+b") as messages:
            process = subprocess.Popen(
                self._confinement.wrap([sys.executable, "-I", "-c", _RUN, *arguments]),
                cwd=folder,
                env={**make_environment(scratch), "REVIEWER_CACHE_DIR": str(self._cache_folder)},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=messages,
                start_new_session=True,
            )
            try:
                process.wait(timeout=self._limits.timeout_s)
            except subprocess.TimeoutExpired as error:
                limit_s = self._limits.timeout_s
                raise AnalysisError(f"review: expected an end within {limit_s:.0f} s, found none") from error
            finally:
                if process.poll() is None:
                    os.killpg(process.pid, signal.SIGKILL)
                    process.wait()
            said = _read_end(messages)
        if process.returncode not in (0, _FAILED_FILES):
            raise AnalysisError(f"review: exit code {process.returncode}: {said or 'no message'}")
        return said

    def _read(self, output: Path, said: str) -> bytes:
        if not output.exists():
            raise AnalysisError(f"review: expected a report, found none: {said or 'no message'}")
        if output.stat().st_size > _MAX_REPORT_BYTES:
            raise AnalysisError(f"review: expected a report of at most {_MAX_REPORT_BYTES} bytes")
        return output.read_bytes()


def _read_end(messages: BinaryIO) -> str:
    """The last line of what a process said."""
    size = messages.seek(0, os.SEEK_END)
    messages.seek(max(0, size - _MAX_SAID_BYTES))
    lines = messages.read().decode("utf-8", "replace").strip().splitlines()
    return lines[-1] if lines else ""

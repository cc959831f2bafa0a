"""Alarms per 1,000 lines on popular, well-kept packages that no corpus holds; every alarm is counted as wrong.

That is an upper bound: some alarms are right. Bandit (Python) and ESLint with eslint-plugin-security (JavaScript,
TypeScript) read the same files in the same run.
"""

import json
import subprocess
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import click

from benchmarks.review import RunError, find_program, review, write_json

_TESTS = (
    "test",
    "tests",
    "__tests__",
    "spec",
    "specs",
    "testing",
    "examples",
    "example",
    "benchmarks",
    "docs",
    "fixtures",
)
_ESLINT_CONFIG = """
import security from "eslint-plugin-security";
import parser from "@typescript-eslint/parser";
export default [
  { files: ["**/*.js", "**/*.mjs", "**/*.cjs", "**/*.jsx", "**/*.ts", "**/*.tsx"],
    languageOptions: { parser, parserOptions: { ecmaFeatures: { jsx: true } } }, ...security.configs.recommended },
];
"""


@dataclass(slots=True)
class Tally:
    """One package, one language."""

    lines: int = 0
    files: list[str] = field(default_factory=list)
    alarms: Counter[str] = field(default_factory=Counter)
    peer: dict[str, int] = field(default_factory=dict)


def is_product_code(path: str) -> bool:
    """Whether a path is shipped code, by the folders and names that tests and samples use."""
    parts = path.lower().split("/")
    name = parts[-1]
    return not any(part in _TESTS or part.endswith(".tests") for part in parts[:-1]) and not (
        name.startswith(("test_", "conftest"))
        or ".test." in name
        or ".spec." in name
        or name.endswith(("test.java", "tests.cs"))
    )


def measure(package: Path) -> dict[str, Tally]:
    """Alarms of the default review by language."""
    report = review(package, ["--no-cache", "--select", "security"])
    tallies: dict[str, Tally] = defaultdict(Tally)
    language_of: dict[str, str] = {}
    for one in report["files"]["reviewed"]:
        if is_product_code(one["path"]):
            family = "javascript" if one["language"] in ("typescript", "tsx") else one["language"]
            language_of[one["path"]] = family
            tallies[family].lines += one["lines"]
            tallies[family].files.append(one["path"])
    for finding in report["findings"]:
        family = language_of.get(finding["location"]["path"])
        if family is not None:
            tallies[family].alarms[finding["label"]] += 1
    return tallies


def count_bandit(package: Path, files: Sequence[str]) -> int | None:
    """Bandit's results of any severity on the same files; None when it is not installed."""
    program = find_program("bandit")
    if program is None:
        return None
    total = 0
    for chunk in _chunks(files):
        done = subprocess.run([program, "-q", "-f", "json", *chunk], cwd=package, capture_output=True, check=False)
        total += len(json.loads(done.stdout or b'{"results": []}')["results"])
    return total


def count_eslint(package: Path, files: Sequence[str], peers: Path | None) -> int | None:
    """eslint-plugin-security's messages on the same files; None without a folder where npm installed it."""
    if peers is None:
        return None
    config = peers / "eslint.config.mjs"
    config.write_text(_ESLINT_CONFIG, encoding="utf-8")
    total = 0
    for chunk in _chunks([str((package / f).resolve()) for f in files]):
        command = [
            "node",
            str(peers / "node_modules/eslint/bin/eslint.js"),
            "-c",
            str(config),
            "--no-ignore",
            "-f",
            "json",
            *chunk,
        ]
        done = subprocess.run(command, cwd="/", capture_output=True, check=False)
        results = json.loads(done.stdout or b"[]")
        total += sum(str(m.get("ruleId") or "").startswith("security/") for r in results for m in r["messages"])
    return total


def _chunks(files: Sequence[str], size: int = 200) -> Iterator[Sequence[str]]:
    for start in range(0, len(files), size):
        yield files[start : start + size]


@click.command()
@click.argument("packages", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option(
    "--peers",
    type=click.Path(path_type=Path, exists=True),
    help="Folder with eslint, eslint-plugin-security and @typescript-eslint/parser in node_modules.",
)
@click.option("--output", type=click.Path(path_type=Path), default=None, help="JSON for machines.")
def alarms(packages: tuple[Path, ...], peers: Path | None, output: Path | None) -> None:
    """Security findings per 1,000 lines at the shipped thresholds on work trees of PACKAGES, by language."""
    totals: dict[str, Tally] = defaultdict(Tally)
    rows = []
    for package in packages:
        try:
            tallies = measure(package)
        except RunError as error:
            click.echo(f"{package.name}: {error}", err=True)
            continue
        for language, tally in sorted(tallies.items()):
            counts = {"bandit": count_bandit(package, tally.files)} if language == "python" else {}
            if language == "javascript":
                counts["eslint"] = count_eslint(package, tally.files, peers)
            tally.peer = {name: count for name, count in counts.items() if count is not None}
            _add(totals[language], tally)
            rows.append({"package": package.name, "language": language, **_describe(tally)})
            click.echo(f"{package.name:40} {language:11} {_line(tally)}", err=True)
    for language, tally in sorted(totals.items()):
        click.echo(f"{language:11} {_line(tally)}   {dict(tally.alarms.most_common(6))}")
    write_json(output, {"packages": rows, "totals": {name: _describe(tally) for name, tally in totals.items()}})


def _add(total: Tally, one: Tally) -> None:
    total.lines += one.lines
    total.alarms.update(one.alarms)
    for name, count in one.peer.items():
        total.peer[name] = total.peer.get(name, 0) + count


def _rate(count: int, lines: int) -> float:
    return round(1000 * count / max(lines, 1), 3)


def _line(tally: Tally) -> str:
    peers = "".join(f"   {name} {_rate(count, tally.lines):.3f}" for name, count in sorted(tally.peer.items()))
    total = tally.alarms.total()
    return f"{tally.lines:8} lines   {total:5} alarms   {_rate(total, tally.lines):.3f} per 1,000{peers}"


def _describe(tally: Tally) -> dict[str, object]:
    return {
        "lines": tally.lines,
        "alarms": tally.alarms.total(),
        "per_1000": _rate(tally.alarms.total(), tally.lines),
        "labels": dict(tally.alarms),
        "peers_per_1000": {name: _rate(count, tally.lines) for name, count in tally.peer.items()},
    }

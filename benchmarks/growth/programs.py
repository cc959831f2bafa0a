"""The programs to time, their injected versions, and how each language runs one."""

import shutil
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

from dataset_curation.injection.defects import propose_defects
from dataset_curation.injection.structures import open_scene, propose_structures
from dataset_curation.injection.trials import edit_content
from graph_model.languages import BY_NAME, Language

_TIMEOUT_S = 120


@dataclass(frozen=True, slots=True)
class Program:
    """A sound program of ours, the kind of defect it has room for, and the sizes of input to time it with."""

    kind: str
    language: str
    sizes: tuple[int, ...]
    text: str


@cache
def load_programs() -> tuple[Program, ...]:
    """The programs of `programs.toml`, in its order."""
    tables = tomllib.loads(files("benchmarks.growth").joinpath("programs.toml").read_text("utf-8"))
    return tuple(
        Program(one["kind"], one["language"], tuple(one["sizes"]), one["text"].lstrip()) for one in tables["programs"]
    )


def inject(program: Program) -> str:
    """The program with its kind of defect. Raises ValueError unless there is exactly one place for it."""
    content, language = program.text.encode(), BY_NAME[program.language]
    scene = open_scene(f"main{language.suffixes[0]}", content, language)
    proposals = [*propose_defects(content, language.family), *propose_structures(scene)]
    edited = [edit_content(content, one.edits, language) for one in proposals if one.kind == program.kind]
    held = {one for one in edited if one is not None}
    if len(held) != 1:
        raise ValueError(f"{program.kind} ({program.language}): expected one place, found {len(held)}")
    return held.pop().decode()


def can_run(language: Language) -> bool:
    """Whether this machine has what runs programs of a language."""
    needed = {"python": (sys.executable,), "javascript": ("node",), "java": ("javac", "java")}[language.name]
    return all(shutil.which(one) for one in needed)


def prepare(text: str, language: str, folder: Path) -> list[str]:
    """Writes a program to a folder of its own, compiles it where that is needed; returns the command that runs it."""
    folder.mkdir(parents=True)
    if language == "java":
        (folder / "Main.java").write_text(text, "utf-8")
        subprocess.run(["javac", "-nowarn", "Main.java"], cwd=folder, check=True, capture_output=True)
        return ["java", "-Xshare:auto", "-cp", str(folder), "Main"]
    path = folder / ("main.py" if language == "python" else "main.js")
    path.write_text(text, "utf-8")
    return [sys.executable if language == "python" else "node", str(path)]


def time_once(command: list[str], size: int) -> float:
    """The seconds that a program says its work took."""
    ran = subprocess.run([*command, str(size)], check=True, capture_output=True, text=True, timeout=_TIMEOUT_S)
    return float(ran.stdout)

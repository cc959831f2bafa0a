"""A project that is linked again after each change gives what linking it from scratch gives."""

import random
from pathlib import Path

import pytest

from graph_model.analysis import FileAnalysis, analyse_file
from graph_model.catalogue import load_catalogue
from graph_model.languages import find_language
from graph_model.linking import Linker, link_files

ROOT = Path(__file__).parents[2]
ENDINGS = {"python": ".py", "javascript": ".js", "typescript": ".ts", "java": ".java", "csharp": ".cs"}


def analyse(path: str, text: str) -> FileAnalysis:
    language = find_language(path)
    assert language is not None
    return analyse_file(path, text.encode(), language, smells=False)


def read_examples(language: str) -> dict[str, str]:
    """Small files of one language: a function of one is often called in another by the same name."""
    found = {}
    for label in load_catalogue():
        for number, example in enumerate(label.examples):
            if example.language == language:
                found[f"{label.id.partition('/')[2]}{number}{ENDINGS[language]}"] = example.bad
    return found


def read_project() -> dict[str, str]:
    files = sorted((ROOT / "integrations").glob("*.py")) + sorted((ROOT / "integrations" / "api").glob("*.py"))
    return {file.relative_to(ROOT).as_posix(): file.read_text("utf-8") for file in files[:25]}


WEB = {
    "web/app.js": "const express = require('express');\nconst db = require('./db');\nconst app = express();\n"
    "app.get('/', (req, res) => { db.find(req.query.name); res.send('ok'); });\n",
    "web/db.js": "const { exec } = require('child_process');\nfunction find(name) { exec('ls ' + name); }\n"
    "module.exports = { find };\n",
    "web/index.js": "module.exports = function run(x) { return x; };\n",
}


def edit(text: str, chooser: random.Random) -> str:
    """A line less, a line twice, a name changed, or a character in between."""
    lines = text.splitlines(keepends=True)
    idx = chooser.randrange(len(lines)) if lines else 0
    kind = chooser.randrange(4)
    if kind == 0:
        lines[idx : idx + 1] = []
    elif kind == 1:
        lines[idx : idx + 1] = [*lines[idx : idx + 1], *lines[idx : idx + 1]]
    elif kind == 2:
        return text.replace("find", "seek") if "find" in text else text.replace("def ", "def a", 1)
    else:
        lines[idx : idx + 1] = [line[: len(line) // 2] + "x" + line[len(line) // 2 :] for line in lines[idx : idx + 1]]
    return "".join(lines)


@pytest.mark.parametrize(
    ("texts", "num_edits"),
    [
        (read_examples("python"), 40),
        (read_examples("java"), 40),
        ({**read_examples("javascript"), **WEB}, 40),
        (read_examples("csharp"), 40),
        (WEB, 60),
        (read_project(), 12),
    ],
    ids=["python", "java", "javascript", "csharp", "modules", "project"],
)
def test_files_that_come_go_and_change_are_linked_as_from_scratch(texts: dict[str, str], num_edits: int) -> None:
    chooser = random.Random(7)
    analyses = {path: analyse(path, text) for path, text in texts.items()}
    current = dict(texts)
    linker = Linker()
    for path in sorted(analyses, key=lambda path: path[::-1]):  # not in the order that it keeps
        linker.put(analyses[path])
    for _ in range(num_edits):
        path = chooser.choice(sorted(texts))
        if path in analyses and chooser.random() < 0.15:
            linker.remove(path)
            del analyses[path]
        else:
            current[path] = edit(current[path], chooser) if path in analyses else texts[path]
            analyses[path] = analyse(path, current[path])
            linker.put(analyses[path])
        expected = link_files(analyses.values())
        found = {path: linker.find_candidates(path) for path in analyses}
        assert found == expected

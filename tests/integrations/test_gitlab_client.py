"""What our GitLab client posts, checked by the fake: ranges of lines, suggestions, and merge requests not yet read."""

import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from integrations.errors import HostError
from integrations.gitlab.client import GitLabAccess, GitLabHost
from integrations.hosts import Change, ChangeRef, HostKind, NewThread, Place, RepositoryRef
from integrations.placing import place_finding
from integrations.testing.fake_gitlab import FakeGitLab
from integrations.testing.gitlab_people import NewMergeRequest
from integrations.testing.gitlab_state import Note
from integrations.testing.local_repository import LocalRepository
from integrations.wording import write_finding
from reviewer.comparison import list_changes
from reviewer.repositories import Repository

if TYPE_CHECKING:
    from tests.integrations.conftest import Samples

PATH = "team/shop"
BASE = "".join(f"line {number}\n" for number in range(1, 21))
HEAD = BASE.replace("line 5\n", "").replace("line 9\n", "line 9\nnew 1\nnew 2 – größer\nnew 3\n")


class Scene:
    """A project on a fake GitLab, and our client."""

    def __init__(self, folder: Path, fake: FakeGitLab) -> None:
        self.fake = fake
        self.source = LocalRepository.create(folder / "source")
        self.host = GitLabHost(GitLabAccess(fake.url, fake.token))
        fake.add_project(PATH, self.source.folder)

    def open(self, old: dict[str, str | None], new: dict[str, str | None]) -> Change:
        base = self.source.commit(old, "base")
        head = self.source.commit(new, "head", onto=base)
        self.fake.people.open(PATH, NewMergeRequest(base, head))
        return self.host.load_change(ChangeRef(RepositoryRef(HostKind.GITLAB, PATH), 1))

    def notes(self) -> list[Note]:
        return [one.notes[0] for one in self.fake.merge_request(PATH, 1).discussions]

    def position(self) -> dict[str, Any]:
        (note,) = self.notes()
        assert note.position is not None
        return note.position


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    with FakeGitLab() as fake:
        yield Scene(tmp_path, fake)
        assert fake.violations == []


def thread(start: int, end: int, next_old_line: int | None = 10, body: str = "words") -> NewThread:
    return NewThread("f1", Place("ä.py", start, end, "ä.py", next_old_line=next_old_line), body)


def test_several_lines_are_named_by_both_ends(scene: Scene) -> None:
    change = scene.open({"ä.py": BASE}, {"ä.py": HEAD})
    assert scene.host.post_threads(change, [thread(9, 11)]) == []
    position = scene.position()
    name = "2627eea3ca853a3cbcb5efcf7427f7f935f0a4a0"
    assert position["line_range"] == {
        "start": {"line_code": f"{name}_10_9", "type": "new", "old_line": None, "new_line": 9},
        "end": {"line_code": f"{name}_10_11", "type": "new", "old_line": None, "new_line": 11},
    }
    assert (position["new_line"], "old_line" in position) == (11, False)


@pytest.mark.parametrize("one", [thread(10, 10), thread(9, 11, None)], ids=["one line", "a code that is not known"])
def test_other_places_are_named_by_their_last_line(scene: Scene, one: NewThread) -> None:
    change = scene.open({"ä.py": BASE}, {"ä.py": HEAD})
    assert scene.host.post_threads(change, [one]) == []
    assert (scene.position()["new_line"], "line_range" in scene.position()) == (one.place.end_line, False)


def test_a_gitlab_that_does_not_take_the_range_gets_its_last_line(scene: Scene) -> None:
    change = scene.open({"ä.py": BASE}, {"ä.py": HEAD})
    scene.fake.refuse_line_numbers()
    assert scene.host.post_threads(change, [thread(9, 11)]) == []
    assert (scene.position()["new_line"], "line_range" in scene.position()) == (11, False)


def test_a_line_that_the_diff_has_not_is_refused_for_good(scene: Scene) -> None:
    change = scene.open({"ä.py": BASE}, {"ä.py": HEAD})
    wrong = thread(1, 2)
    assert scene.host.post_threads(change, [wrong, thread(9, 11)]) == [wrong]
    assert len(scene.notes()) == 1


def test_threads_hang_on_the_head_that_was_reviewed(scene: Scene) -> None:
    change = scene.open({"ä.py": BASE}, {"ä.py": HEAD})
    later = scene.source.commit({"ä.py": "short\n"}, "later", onto=change.head)
    scene.fake.people.push(PATH, 1, later)
    assert scene.host.post_threads(change, [thread(9, 11)]) == []
    assert scene.position()["head_sha"] == change.head


def test_a_merge_request_that_is_not_read_yet_is_asked_about_again(scene: Scene) -> None:
    scene.fake.read_slowly(2)
    ref = ChangeRef(RepositoryRef(HostKind.GITLAB, PATH), 1)
    with pytest.raises(HostError, match="not read its commits") as caught:
        scene.open({"ä.py": BASE}, {"ä.py": HEAD})
    assert caught.value.status == 409  # tried again, with longer and longer pauses
    unread = Change(ref, "", "b" * 40, "", "main", "alice")
    with pytest.raises(HostError, match="no version of bbbb") as caught:
        scene.host.post_threads(unread, [thread(9, 11)])
    assert caught.value.status == 409  # tried again, with longer and longer pauses
    with pytest.raises(HostError, match="not read its commits"):
        scene.host.load_change(ref)
    assert scene.host.load_change(ref).is_open


def make_text(chance: random.Random, lines: list[str]) -> list[str]:
    """Other lines: some left out, some added, some exchanged."""
    made = []
    for line in lines:
        made += chance.choices([[line], [], ["new"], [line, "new", "new", "more"]], weights=[6, 1, 1, 1])[0]
    return made or lines


def join_lines(files: dict[str, list[str]]) -> dict[str, str | None]:
    return {path: "\n".join([*lines, ""]) for path, lines in files.items()}


def test_codes_are_those_of_the_diff_whatever_changed(scene: Scene, samples: "Samples") -> None:
    chance = random.Random(4)
    old = {f"{number}.py": [f"line {line}" for line in range(chance.randrange(9))] for number in range(60)}
    new = {path: make_text(chance, lines) or ["new", "new"] for path, lines in old.items()} | {"new.py": ["a", "b"]}
    change = scene.open(join_lines(old), join_lines(new))
    files = list_changes(Repository(scene.source.folder), change.base, change.head, 1_000_000)
    spots = [
        place_finding(samples.finding(path=one.path, line=hunk.new[0], end_line=hunk.new[-1]), one, {})
        for one in files
        for hunk in one.hunks
        if len(hunk.new) > 1
    ]
    threads = [NewThread("f1", spot.place, "words") for spot in spots if spot is not None]
    assert scene.host.post_threads(change, threads) == []
    ranges = [note.position["line_range"] for note in scene.notes() if note.position and "line_range" in note.position]
    assert len(ranges) > len(threads) * 0.7 > 20


def take_suggestion(note: Note, text: str) -> str:
    """What GitLab makes of a suggestion: app/models/concerns/suggestible.rb, lib/gitlab/diff/suggestion.rb."""
    assert note.position is not None
    found = re.search(r"^(`{3,})suggestion:-(\d+)\+(\d+)\n(.*?)\n\1$", note.body, re.DOTALL | re.MULTILINE)
    assert found is not None
    lines, at = text.split("\n"), note.position["new_line"]
    first, last = at - min(int(found[2]), 100), at + min(int(found[3]), 100)
    return "\n".join([*lines[: first - 1], *([found[4]] if found[4].strip() else []), *lines[last:]])


@pytest.mark.parametrize(
    ("start", "end", "text", "expected"),
    [
        ((10, 1), (10, 4), "old", "line 9\nnew 1\nold 2 – größer\nnew 3\n"),
        ((9, 4), (11, 5), "lines", "line 9\nnewlines3\n"),
        ((9, 1), (11, 6), "one\n```\ntwo", "line 9\none\n```\ntwo\n"),
        ((10, 1), (11, 6), "", "line 9\nnew 1\n"),
    ],
    ids=["one line", "three lines", "a fence in it", "lines deleted"],
)
def test_a_suggestion_replaces_the_lines_of_the_fix(
    scene: Scene, samples: "Samples", start: tuple[int, int], end: tuple[int, int], text: str, expected: str
) -> None:
    change = scene.open({"ä.py": BASE}, {"ä.py": HEAD})
    (file,) = list_changes(Repository(scene.source.folder), change.base, change.head, 1_000_000)
    finding = samples.finding(path="ä.py", line=start[0], fix=samples.fix(("ä.py", start, end, text)))
    spot = place_finding(finding, file, {"ä.py": tuple(HEAD.split("\n"))})
    assert spot is not None
    body = write_finding(finding, suggestion=spot.suggestion)
    assert scene.host.post_threads(change, [NewThread("f1", spot.place, body)]) == []
    (note,) = scene.notes()
    assert take_suggestion(note, HEAD) == HEAD.replace("line 9\nnew 1\nnew 2 – größer\nnew 3\n", expected)

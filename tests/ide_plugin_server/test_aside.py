"""Files that the analysis process dies of: they are named and left out, and the others go on."""

import asyncio
import sys
from pathlib import Path

import pytest

from ide_plugin_server.aside import Aside, Caution, InHand
from ide_plugin_server.desk import Desk, Urgency
from ide_plugin_server.messages import Ping, Trouble
from ide_plugin_server.testing import NEOVIM, Editor, EditorSession, play

LOADING = "import yaml\n\n\ndef load(text):\n    return yaml.load(text)\n"
POISON = "x = 'poison ä'\n"

# The process dies of what it reads, as of a parser that breaks.
ANALYST = """
import os
from ide_plugin_server.analyst import main
from reviewer.tracking import Tracker

read = Tracker.read


def read_or_die(self, path, **options):
    if b"poison" in self.sources[path].content:
        os._exit(139)
    read(self, path, **options)


Tracker.read = read_or_die
main()
"""
SERVER = f"""
import sys
from ide_plugin_server.handlers import add_handlers
from ide_plugin_server.server import EditorServer
from ide_plugin_server.surroundings import Surroundings

server = EditorServer(Surroundings("0", analyst={ANALYST!r}))
add_handlers(server)
server.start_io(sys.stdin.buffer, sys.stdout.buffer)
"""
COMMAND = (sys.executable, "-c", SERVER)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    found = tmp_path / "project"
    found.mkdir()
    (found / "good.py").write_text(LOADING)
    (found / "größe.py").write_text(POISON)
    return found


def codes(session: EditorSession, uri: str) -> list[object]:
    return [one.code for one in session.published[uri][-1].diagnostics]


def test_a_file_that_kills_is_named_and_the_others_go_on(folder: Path) -> None:
    async def scenario(session: EditorSession) -> None:
        good = session.open(folder / "good.py")
        await session.wait_ready()  # the folder is read without it
        (message,) = session.messages
        assert "größe.py: not reviewed until it changes: the analysis process died of it twice" in message
        await session.wait_until(lambda: bool(session.published.get(good)))
        poison = session.open(folder / "größe.py")
        await session.push(poison)
        assert codes(session, poison) == ["not-reviewed"]
        version = session.change(good, LOADING + "\n")
        assert len(await session.push(good, version)) == 1
        version = session.change(poison, LOADING)
        (found,) = await session.push(poison, version)
        assert found.code == "security/unsafe-deserialization"
        await session.execute("reviewer.reviewWorkspace")
        assert len(session.messages) == 1
        assert "failed" not in session.statuses

    play(folder, scenario, Editor(command=COMMAND))


def test_a_file_that_kills_with_other_content_too_is_left_out_until_the_restart(folder: Path) -> None:
    async def scenario(session: EditorSession) -> None:
        await session.wait_ready()
        uri = session.open(folder / "größe.py", POISON + "\n")
        await session.push(uri)
        assert "not reviewed until reviewer.restart" in session.messages[-1]
        for text in (POISON * 2, LOADING):
            version = session.change(uri, text)
            await session.push(uri, version)
            assert codes(session, uri) == ["not-reviewed"]
        assert len(session.messages) == 2
        await session.execute("reviewer.restart")
        await session.wait_until(lambda: codes(session, uri) == ["security/unsafe-deserialization"])

    play(folder, scenario, Editor(command=COMMAND))


def test_a_closed_file_that_kills_says_so_in_the_review_of_the_workspace(folder: Path) -> None:
    async def scenario(session: EditorSession) -> None:
        await session.wait_ready()
        await session.execute("reviewer.reviewWorkspace")
        assert codes(session, (folder / "größe.py").as_uri()) == ["not-reviewed"]
        assert codes(session, (folder / "good.py").as_uri()) == ["security/unsafe-deserialization"]

    play(folder, scenario, Editor(NEOVIM, command=COMMAND))


# Says that it turns to another file at each start, and dies of it.
SUICIDE = """
import os, pickle, sys
from ide_plugin_server.aside import InHand
from ide_plugin_server.messages import HEADER, LeaveOut

while True:
    size = HEADER.unpack(sys.stdin.buffer.read(HEADER.size))[0]
    request = pickle.loads(sys.stdin.buffer.read(size))
    if isinstance(request, LeaveOut):
        num_left_out, said = len(request.files), [None]
    else:
        said = [InHand(f"{num_left_out}.py", "a")]
    for one in said:
        body = pickle.dumps(one)
        os.write(1, HEADER.pack(len(body)) + body)
    if said != [None]:
        os._exit(3)
"""


def test_a_process_that_dies_of_every_file_is_given_up() -> None:
    told: list[str] = []

    async def ask() -> object:
        desk = Desk(lambda: (), lambda *_: None, lambda: None, told.append, SUICIDE)
        answer = await desk.ask(Ping(), Urgency.TYPED)
        assert desk.is_given_up
        await desk.close()
        return answer

    assert isinstance(asyncio.run(ask()), Trouble)
    *files, last = told
    assert [one.partition(":")[0] for one in files] == ["0.py", "1.py", "2.py", "3.py"]
    assert "keeps dying (exit code 3 at 4.py)" in last


def test_what_the_process_lives_through_is_not_to_blame() -> None:
    aside, held = Aside(), InHand("a.py", "1")
    assert aside.note_death(held) is None
    aside.absolve([InHand("b.py", "1"), held])
    assert aside.note_death(held) is None
    assert aside.note_death(held) == held
    assert aside.list_left_out() == (held,)


def test_a_file_is_left_out_by_its_content_or_altogether() -> None:
    held: list[InHand] = []
    Caution(held.append).turn_to("a.py", b"")
    some = Caution(left_out=held)
    assert some.leaves_out("a.py", b"")
    assert not some.leaves_out("a.py", b"\r\n")
    assert not some.leaves_out("b.py", b"")
    assert Caution(left_out=[InHand("a.py", "")]).leaves_out("a.py", b"\r\n")
    assert not Caution().leaves_out("a.py", b"")

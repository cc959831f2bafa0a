"""The analysis process by itself: what goes in and out of its pipes."""

import gc
import io
import pickle
import weakref
from collections.abc import Iterator

import pytest

from ide_plugin_server.analyst import serve
from ide_plugin_server.messages import HEADER, Ping, Trouble


class Knot:
    """Something that only a collection frees."""

    def __init__(self) -> None:
        self.itself = self


def pack(*requests: object) -> io.BytesIO:
    """Requests as the server writes them."""
    bodies = [pickle.dumps(request) for request in requests]
    return io.BytesIO(b"".join(HEADER.pack(len(body)) + body for body in bodies))


def unpack(answers: bytes) -> list[object]:
    """What was answered."""
    found = []
    while answers:
        end = HEADER.size + HEADER.unpack(answers[: HEADER.size])[0]
        found.append(pickle.loads(answers[HEADER.size : end]))
        answers = answers[end:]
    return found


@pytest.fixture
def uncollected() -> Iterator[None]:
    """No collection but those that are asked for."""
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("uncollected")
def test_garbage_goes_behind_an_answer() -> None:
    knot = weakref.ref(Knot())
    assert knot() is not None
    serve(pack(Ping()), io.BytesIO())
    assert knot() is None


def test_every_request_has_its_answer_until_the_source_ends() -> None:
    sink = io.BytesIO()
    source = pack(Ping(), "größe", Ping())
    serve(io.BytesIO(source.getvalue() + b"\x00"), sink)
    first, second, third = unpack(sink.getvalue())
    assert (first, third) == (None, None)
    assert isinstance(second, Trouble)

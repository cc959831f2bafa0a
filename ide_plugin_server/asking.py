"""One question to a service over HTTP, asked by a process of its own, which ends when its time is up.

The limits of a socket hold for each piece that arrives, and a thread is waited for at the end of the server.
"""

import asyncio
import contextlib
import http.client
import json
import os
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from ide_plugin_server.errors import TeamError

LIMIT_S = 30.0  # for everything: the service's name, the connection, and the whole answer
MAX_BYTES = 50_000_000
_CODE = "from ide_plugin_server.asking import main; main()"
_LATE = 75  # the exit code of a process whose time was up
_NONE = 0  # in place of a status: no answer came, and the body says why


@dataclass(frozen=True, slots=True)
class Question:
    """What is sent; with `content` by POST. `limit_s`: how long the whole exchange may take."""

    url: str
    headers: Mapping[str, str]
    content: str | None = None
    limit_s: float = LIMIT_S


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; the body only where the status says that all is well."""

    status: int
    body: bytes = b""


async def ask(question: Question) -> Answer:
    """The service's answer. Raises TeamError where none came in time; when cancelled, nothing goes on."""
    pipe = asyncio.subprocess.PIPE
    try:
        process = await asyncio.create_subprocess_exec(sys.executable, "-I", "-c", _CODE, stdin=pipe, stdout=pipe)
    except OSError as error:
        raise TeamError(f"expected a process to ask with, found {error.strerror}") from error
    try:
        told, _ = await process.communicate(json.dumps(asdict(question)).encode())
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    if process.returncode == _LATE:
        raise TeamError(f"expected an answer within {question.limit_s:g} s, found none")
    status, _, body = told.partition(b"\n")
    if process.returncode != 0 or not status.isdigit():
        raise TeamError(f"expected an answer, found exit code {process.returncode}")
    if int(status) == _NONE:
        raise TeamError(body.decode())
    return Answer(int(status), body)


def main() -> None:
    """The life of the process: a question on standard input, the status and what came with it on standard output."""
    question = Question(**json.load(sys.stdin.buffer))
    clock = threading.Timer(question.limit_s, os._exit, (_LATE,))
    clock.daemon = True
    clock.start()
    try:
        answer = _exchange(question)
    except (OSError, ValueError, http.client.HTTPException) as error:
        answer = Answer(_NONE, f"expected an answer, found {error}".encode(errors="replace"))
    clock.cancel()
    sys.stdout.buffer.write(b"%d\n" % answer.status + answer.body)


def _exchange(question: Question) -> Answer:
    content = question.content.encode() if question.content is not None else None
    # The scheme is http or https: the settings take nothing else.
    request = urllib.request.Request(question.url, content, dict(question.headers))
    try:
        with urllib.request.build_opener(_NoRedirects).open(request) as answer:
            body: bytes = answer.read(MAX_BYTES + 1)
            if len(body) > MAX_BYTES:
                raise ValueError(f"more than {MAX_BYTES} bytes")
            answer.read()  # gives nothing, and raises where the answer broke off
            return Answer(answer.status, body)
    except urllib.error.HTTPError as error:
        error.close()
        return Answer(error.code)


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """The key goes to the service that the settings name, and nowhere else."""

    def redirect_request(self, *_: object) -> None:
        """Follows nothing: the answer is an error."""

"""The real service as a process of its own: started, killed and started again on the same data, spoken to over HTTP."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path

from integrations.testing.fake_github import FakeGitHub
from integrations.testing.fake_gitlab import FakeGitLab

_RUN = "import sys; from integrations.cli import serve; serve(sys.argv[1:])"
_WAIT_S = 180.0  # a fast machine writes more than a host takes in a minute, and is then held for one
_START_S = 90.0
_STOP_S = 60.0
_POLL_S = 0.02
_QUICK = {"REVIEWER_SETTLE_S": "0.3", "REVIEWER_SWEEP_S": "1"}  # the fakes are near and do not lag unless told to


class BotError(Exception):
    """The service did not do what a test waits for; the message carries the end of its log."""


class ServedBot:
    """A service on a free loopback port, with its data and log in a folder. A context: stopped at its end."""

    def __init__(self, folder: Path, settings: Mapping[str, str]) -> None:
        self.folder, self._settings = folder, dict(settings)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self._port = int(probe.getsockname()[1])
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "ServedBot":
        try:
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None and self._process.poll() is None:
            self.stop()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def log(self) -> str:
        """Everything that it has logged."""
        return (self.folder / "service.log").read_text("utf-8", "replace")

    def start(self) -> None:
        """Starts it and waits until it is ready."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith("REVIEWER_")}
        environment |= self._settings | {"REVIEWER_DATA_DIR": str(self.folder / "data")}
        with (self.folder / "service.log").open("ab") as log:
            command = [sys.executable, "-c", _RUN, "--port", str(self._port)]
            self._process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        self.wait_until(self.is_ready, _START_S)

    def is_ready(self) -> bool:
        """Whether it says that it is ready."""
        try:
            with urllib.request.urlopen(f"{self.url}/readyz", timeout=5) as answer:
                return bool(answer.status == 200)
        except (OSError, urllib.error.URLError):
            return False

    def kill(self) -> None:
        """`kill -9`: nothing of it runs on."""
        assert self._process is not None, "a bot is started before it is killed"
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    def stop(self) -> int:
        """Asks it to end and gives its exit code."""
        assert self._process is not None, "a bot is started before it is stopped"
        self._process.terminate()
        return self._process.wait(_STOP_S)

    def wait_until(self, is_so: Callable[[], bool], timeout_s: float = _WAIT_S) -> None:
        """Waits for something that the service brings about; raises BotError when it does not."""
        end = time.monotonic() + timeout_s
        while not is_so():
            if time.monotonic() > end or (self._process is not None and self._process.poll() is not None):
                raise BotError(f"not within {timeout_s:.0f} s; the log ends with:\n{self.log[-3000:]}")
            time.sleep(_POLL_S)

    def wait_until_idle(self, timeout_s: float = _WAIT_S) -> None:
        """Waits until every delivery is handled; what it asked for may still run."""
        self.wait_until(lambda: "reviewer_deliveries_waiting 0.0" in self.read("/metrics"), timeout_s)

    def wait_until_quiet(self, timeout_s: float = _WAIT_S) -> None:
        """Waits until no review is in line or runs either: what one test began is not counted by the next."""
        self.wait_until_idle()
        self.wait_until(lambda: "reviewer_reviews_unfinished 0.0" in self.read("/metrics"), timeout_s)

    def read(self, path: str) -> str:
        """The body of a GET."""
        with urllib.request.urlopen(f"{self.url}{path}", timeout=10) as answer:
            return str(answer.read().decode())


def github_settings(fake: FakeGitHub, folder: Path) -> dict[str, str]:
    """Settings of a bot that is an app on a fake GitHub; its key is written to the folder."""
    key = folder / "app.pem"
    key.write_text(fake.private_key_pem, "utf-8")
    return _QUICK | {
        "REVIEWER_GITHUB_APP_ID": str(fake.app_id),
        "REVIEWER_GITHUB_PRIVATE_KEY_FILE": str(key),
        "REVIEWER_GITHUB_WEBHOOK_SECRET": fake.webhook_secret,
        "REVIEWER_GITHUB_API_URL": fake.api_url,
        "REVIEWER_GITHUB_URL": fake.url,
        "REVIEWER_GITHUB_PAUSE_S": "0",
    }


def gitlab_settings(fake: FakeGitLab) -> dict[str, str]:
    """Settings of a bot that is a user on a fake GitLab."""
    return _QUICK | {
        "REVIEWER_GITLAB_URL": fake.url,
        "REVIEWER_GITLAB_TOKEN": fake.token,
        "REVIEWER_GITLAB_WEBHOOK_SECRET": fake.webhook_secret,
    }

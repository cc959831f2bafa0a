import sys
from pathlib import Path

import pytest

from ide_plugin_server.cli import find_data_folder


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have other folders")
def test_feedback_lies_where_the_system_keeps_data(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("REVIEWER_EDITOR_DATA_DIR", raising=False)
    monkeypatch.setenv("REVIEWER_DATA_DIR", "/of/the/service")  # another folder, see docs/bot.md
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_DATA_HOME", "relative")
    assert find_data_folder() == tmp_path / ".local" / "share" / "graph-reviewer"
    monkeypatch.setenv("XDG_DATA_HOME", "/var/data")
    assert find_data_folder() == Path("/var/data/graph-reviewer")


def test_feedback_lies_where_the_variable_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REVIEWER_EDITOR_DATA_DIR", "/own")
    assert find_data_folder() == Path("/own")

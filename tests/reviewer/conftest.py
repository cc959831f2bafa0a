from pathlib import Path

import pytest

from reviewer.testing import Project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A plain folder."""
    root = tmp_path / "project"
    root.mkdir()
    return Project(root)


@pytest.fixture
def repository(project: Project) -> Project:
    """An empty repository."""
    project.init()
    return project

from pathlib import Path

import pytest

from graph_model.bundle import save_bundle
from graph_model.catalogue import load_catalogue
from graph_model.ladder import Rung
from graph_model.testing import make_bundle
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


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle that finds every candidate likely."""
    folder = tmp_path_factory.mktemp("model")
    catalogue = load_catalogue()
    labels = [label.id for label in catalogue]
    save_bundle(make_bundle(labels, rungs=dict.fromkeys(labels, Rung.PRIOR), catalogue_hash=catalogue.hash), folder)
    return folder

"""The change that the tests of the fake hosts start from."""

import pytest

from integrations.testing.local_repository import ExampleChange, example_change


@pytest.fixture(scope="session")
def source(tmp_path_factory: pytest.TempPathFactory) -> ExampleChange:
    # Shared, as git is slow to set up: a test that adds commits says what they are based on.
    return example_change(tmp_path_factory.mktemp("change") / "source")

import os
from pathlib import Path
from typing import Any

import pytest

from integrations.errors import SettingsError
from integrations.settings import Settings, load_settings

GITHUB = {"GITHUB_APP_ID": "1", "GITHUB_WEBHOOK_SECRET": "hush", "GITHUB_PRIVATE_KEY_FILE": "key.pem"}
GITLAB = {"GITLAB_URL": "https://gitlab.example", "GITLAB_WEBHOOK_SECRET": "hush", "GITLAB_TOKEN": "t0ken"}


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """None of whoever runs the tests."""
    for name in os.environ:
        if name.startswith("REVIEWER_"):
            monkeypatch.delenv(name)


def load(monkeypatch: pytest.MonkeyPatch, values: dict[str, str]) -> Settings:
    for name, value in values.items():
        monkeypatch.setenv(f"REVIEWER_{name}", value)
    return load_settings()


def test_every_setting_has_a_default_but_the_hosts_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load(monkeypatch, GITHUB)
    assert settings.github_api_url == "https://api.github.com"
    assert settings.github_secrets == ("hush",)
    assert settings.gitlab_secrets == ()
    assert settings.database == f"sqlite:///{Path('reviewer-data').absolute()}/reviewer.sqlite"


@pytest.mark.parametrize("values", [GITHUB, GITLAB, {**GITHUB, **GITLAB}], ids=["GitHub", "GitLab", "both"])
def test_one_host_is_enough(monkeypatch: pytest.MonkeyPatch, values: dict[str, str]) -> None:
    assert bool(load(monkeypatch, values).github_app_id) is ("GITHUB_APP_ID" in values)


@pytest.mark.parametrize(
    ("values", "without"),
    [
        (GITHUB, "GITHUB_WEBHOOK_SECRET"),
        (GITHUB, "GITHUB_PRIVATE_KEY_FILE"),
        (GITLAB, "GITLAB_WEBHOOK_SECRET"),
        (GITLAB, "GITLAB_TOKEN"),
    ],
)
@pytest.mark.parametrize("is_empty", [False, True], ids=["unset", "empty"])
def test_a_host_without_its_secret_is_refused(
    monkeypatch: pytest.MonkeyPatch, values: dict[str, str], without: str, is_empty: bool
) -> None:
    given = {name: value for name, value in values.items() if name != without}
    with pytest.raises(SettingsError, match=f"REVIEWER_{without}"):
        load(monkeypatch, {**given, without: ""} if is_empty else given)


@pytest.mark.parametrize("name", ["GITHUB_WEBHOOK_SECRET", "GITLAB_WEBHOOK_SECRET"])
@pytest.mark.parametrize("value", [" ", ",", " , "])
def test_a_secret_of_nothing_is_none(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"REVIEWER_{name}"):
        load(monkeypatch, {**GITHUB, **GITLAB, name: value})


def test_no_host_at_all_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SettingsError, match="REVIEWER_GITHUB_APP_ID, REVIEWER_GITLAB_URL or REVIEWER_API_ONLY=true"):
        load(monkeypatch, {})


def test_two_secrets_serve_a_rotation(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load(monkeypatch, {**GITHUB, "GITHUB_WEBHOOK_SECRET": "new, old ,"}).github_secrets == ("new", "old")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("NUM_WORKERS", "-1"),
        ("NUM_WORKERS", "two"),
        ("SWEEP_S", "0"),
        ("GITHUB_API_URL", "ftp://example.org"),
        ("GITHUB_URL", "file:///etc"),
        ("GITLAB_URL", "git@example.org"),
        ("REVIEW_MEMORY_BYTES", "1"),
        ("LOG_LEVEL", "LOUD"),
        ("RETENTION_DAYS", "0"),
    ],
)
def test_a_value_that_cannot_be_meant_is_refused_by_name(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    with pytest.raises(SettingsError, match=f"^REVIEWER_{name}: "):
        load(monkeypatch, {**GITHUB, **GITLAB, name: value})


@pytest.mark.parametrize(
    ("name", "value", "field", "expected"),
    [
        ("GITHUB_API_URL", "https://ghe.example/api/v3/", "github_api_url", "https://ghe.example/api/v3"),
        ("LOG_LEVEL", "debug", "log_level", "DEBUG"),
        ("MODEL", "", "model", None),
        ("NUM_WORKERS", "", "num_workers", 2),
        ("DATABASE_URL", "postgresql://u:p@db/x", "database", "postgresql+psycopg://u:p@db/x"),
        ("DATABASE_URL", "postgres://u:p@db/x", "database", "postgresql+psycopg://u:p@db/x"),
        ("DATABASE_URL", "postgresql+psycopg://u@db/x", "database", "postgresql+psycopg://u@db/x"),
        ("DATABASE_URL", "sqlite:////tmp/x", "database", "sqlite:////tmp/x"),
    ],
)
def test_values_are_taken_as_people_write_them(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, field: str, expected: Any
) -> None:
    assert getattr(load(monkeypatch, {**GITHUB, name: value}), field) == expected


def test_secrets_are_not_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    secrets = {
        "GITHUB_WEBHOOK_SECRET": "hush-1",
        "GITLAB_WEBHOOK_SECRET": "hush-2",
        "GITLAB_TOKEN": "hush-3",
        "DATABASE_URL": "postgresql://u:hush-4@db/x",
    }
    settings = load(monkeypatch, {**GITHUB, **GITLAB, **secrets})
    assert "hush" not in f"{settings} {settings!r}"


@pytest.mark.parametrize("wrong", [{"GITLAB_TOKEN": ""}, {"NUM_WORKERS": "x"}, {"GITHUB_URL": "hush://u:hush@x"}])
def test_a_refusal_prints_no_secret_either(monkeypatch: pytest.MonkeyPatch, wrong: dict[str, str]) -> None:
    with pytest.raises(SettingsError) as caught:
        load(monkeypatch, {**GITHUB, **GITLAB, **wrong})
    assert "hush" not in f"{caught.value} {caught.value.__cause__} {caught.value.__cause__!r}"


def test_settings_stay_as_they_were_read(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load(monkeypatch, GITHUB)
    with pytest.raises(ValueError, match="frozen"):
        settings.num_workers = 9

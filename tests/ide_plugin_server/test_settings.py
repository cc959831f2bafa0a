import pytest

from ide_plugin_server.settings import (
    EditorSettings,
    InitializationOptions,
    Preference,
    Run,
    TeamSettings,
    parse_options,
    parse_settings,
)


def test_every_setting_has_its_place() -> None:
    parsed = parse_settings(
        {
            "enable": False, "run": "onSave", "debounceMs": 50, "preference": "editor", "codeLens": True,
            "maxWorkspaceFiles": 10, "configuration": "c.toml", "model": "m", "select": ["all"], "ignore": "weak-hash",
            "minProbability": 0.5, "includeTests": True,
            "team": {"url": "https://team.example", "repository": "github:a/b"},
        },
        is_trusted=True,
    )  # fmt: skip
    assert parsed.problems == ()
    assert parsed.settings == EditorSettings(
        enable=False, run=Run.ON_SAVE, debounce_ms=50, preference=Preference.EDITOR, code_lens=True,
        max_workspace_files=10, configuration="c.toml", model="m",
        team=TeamSettings("https://team.example", "github:a/b"),
        overrides=(
            ("ignore", ("weak-hash",)), ("include_tests", True), ("min_probability", 0.5), ("select", ("all",)),
        ),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"debounceMs": -1}, "reviewer.debounceMs: expected a whole number from 0 to 60000, found -1"),
        ({"debounceMs": True}, "reviewer.debounceMs: expected a whole number from 0 to 60000, found True"),
        ({"run": "always"}, "reviewer.run: expected one of onType, onSave, found 'always'"),
        ({"enable": "yes"}, "reviewer.enable: expected true or false, found 'yes'"),
        ({"minProbability": 2}, "reviewer.minProbability: expected a number from 0 to 1, found 2"),
        ({"colour": 1}, "reviewer.colour: unknown setting"),
        ({"team": {"url": "file:///etc"}}, "reviewer.team: expected an address that starts with http:// or https://"),
        ({"team": {"uri": "x"}}, "reviewer.team: expected only url, repository, tokenVariable"),
        ({"team": 3}, "reviewer.team: expected a table of text"),
        ([], "reviewer: expected a table of settings, found []"),
    ],
)
def test_what_cannot_be_used_is_named_and_left_out(given: object, problem: str) -> None:
    parsed = parse_settings(given, is_trusted=True)
    assert parsed.settings == EditorSettings()
    assert len(parsed.problems) == 1
    assert parsed.problems[0].startswith(problem)


@pytest.mark.parametrize("key", ["configuration", "model", "team"])
def test_files_models_and_services_need_a_trusted_workspace(key: str) -> None:
    value = {"url": "https://evil.example", "repository": "github:a/b"} if key == "team" else "/tmp/elsewhere"
    parsed = parse_settings({key: value}, is_trusted=False)
    assert parsed.settings == EditorSettings()
    assert parsed.problems == (f"reviewer.{key}: has no effect in a workspace that is not trusted",)
    assert parse_settings({key: value}, is_trusted=True).problems == ()


@pytest.mark.parametrize("given", [None, {}, {"model": None, "team": {}, "configuration": ""}])
def test_what_nobody_has_set_is_the_default(given: object) -> None:
    parsed = parse_settings(given, is_trusted=False)
    assert parsed.settings == EditorSettings()
    assert parsed.problems == ()


@pytest.mark.parametrize("given", [None, 7, [], {"trusted": "yes", "settings": 3, "asksForReason": 1}])
def test_options_that_are_not_understood_are_defaults(given: object) -> None:
    assert parse_options(given) == InitializationOptions()

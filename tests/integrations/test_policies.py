import pytest

from integrations.policies import Heeding, Mode, Policy, parse_policy
from reviewer.errors import ConfigurationError

OWN, PROJECT = ".reviewer.toml", "pyproject.toml"


@pytest.mark.parametrize(
    ("modes", "mode"),
    [
        ({}, Mode.COMMENT),
        ({"all": Mode.MONITOR}, Mode.MONITOR),
        ({"all": Mode.MONITOR, "security": Mode.COMMENT}, Mode.COMMENT),
        ({"security": Mode.COMMENT, "security/sql-injection": Mode.BLOCK}, Mode.BLOCK),
        ({"performance": Mode.BLOCK, "sql-injection": Mode.BLOCK}, Mode.COMMENT),
    ],
)
def test_the_closest_name_decides(modes: dict[str, Mode], mode: Mode) -> None:
    assert Policy(tuple(modes.items())).mode_of("security/sql-injection") is mode


@pytest.mark.parametrize(
    ("content", "file", "policy"),
    [
        ("", OWN, Policy()),
        ('select = ["security"]\n', OWN, Policy()),
        ("[bot]\n", OWN, Policy()),
        ("[bot]\r\ndrafts = true", OWN, Policy(reviews_drafts=True)),
        (
            '[bot.modes]\nsecurity = "block"\nall = "monitor"\n',
            OWN,
            Policy((("all", Mode.MONITOR), ("security", Mode.BLOCK))),
        ),
        ('[bot]\nsuppressions = "nobody"\n', OWN, Policy(suppressions=Heeding.NOBODY)),
        ("# größer\n[bot]\ndrafts = false\n", OWN, Policy()),
        ("[tool.reviewer]\n", PROJECT, Policy()),
        ("[tool]\nreviewer = { bot = { drafts = true } }\n", PROJECT, Policy(reviews_drafts=True)),
        ('[tool.reviewer.bot.modes]\nall = "comment"\n', PROJECT, Policy((("all", Mode.COMMENT),))),
    ],
)
def test_a_policy_is_read(content: str, file: str, policy: Policy) -> None:
    assert parse_policy(content.encode(), file) == policy


@pytest.mark.parametrize("content", ["", "[tool]\n", "[tool.ruff]\n", "# tool.reviewer\n", "[bot]\ndrafts = true\n"])
def test_a_project_file_without_our_table_is_not_ours(content: str) -> None:
    assert parse_policy(content.encode(), PROJECT) is None


@pytest.mark.parametrize(
    ("content", "file", "named"),
    [
        (b"\xff", OWN, "file"),
        (b"bot = ", OWN, "file"),
        (b"[bot]\ndraft = true", OWN, "bot.draft"),
        (b"[bot]\ndrafts = 1", OWN, "bot.drafts"),
        (b"bot = 3", OWN, "bot"),
        (b"[bot]\nsuppressions = 'all'", OWN, "bot.suppressions"),
        (b"[bot]\nsuppressions = []", OWN, "bot.suppressions"),
        (b"[bot]\nmodes = 3", OWN, "bot.modes"),
        (b"[bot.modes]\nsecurity = 'deny'", OWN, "bot.modes.security"),
        (b"[bot.modes]\nsecurity = ['block']", OWN, "bot.modes.security"),
        (b"[bot.modes]\nsecurty = 'block'", OWN, "bot.modes.securty"),
        (b"[bot.modes]\n'security/sql-injektion' = 'block'", OWN, "bot.modes.security/sql-injektion"),
        (b"tool = 3", PROJECT, "tool"),
        (b"[tool]\nreviewer = 3", PROJECT, "reviewer"),
    ],
)
def test_a_policy_that_cannot_be_meant_is_refused_by_name(content: bytes, file: str, named: str) -> None:
    with pytest.raises(ConfigurationError, match=named.replace(".", r"\.")) as caught:
        parse_policy(content, file)
    assert file in str(caught.value)

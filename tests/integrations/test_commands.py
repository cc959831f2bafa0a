import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.commands import DISMISSALS, HELP, Command, Word, parse_command


@pytest.mark.parametrize(
    ("text", "word", "reason"),
    [
        *((f"/reviewer {word.value}", word, "") for word in Word),
        ("/reviewer", Word.HELP, ""),
        ("/reviewer\n", Word.HELP, ""),
        ("/reviewer\r\nreview", Word.HELP, ""),
        ("  \n /reviewer review", Word.REVIEW, ""),
        ("/Reviewer REVIEW", Word.REVIEW, ""),
        ("/reviewer\treview", Word.REVIEW, ""),
        ("/reviewer review, please", Word.REVIEW, ""),
        ("/reviewer ignore not worth it", Word.IGNORE, "not worth it"),
        ("/reviewer ignore   größer 😋  \r\nmore", Word.IGNORE, "größer 😋"),
        ("/reviewer fp it is escaped", Word.FALSE_POSITIVE, "it is escaped"),
        ("/reviewer ar known", Word.ACCEPT_RISK, "known"),
        ("/reviewer accept-risk @team <b>", Word.ACCEPT_RISK, "@team <b>"),
    ],
)
def test_a_command_is_read(text: str, word: Word, reason: str) -> None:
    command = parse_command(text)
    assert command is not None
    assert (command.word, command.reason) == (word, reason)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "looks good",
        "please /reviewer review",
        "> /reviewer review",
        "`/reviewer review`",
        "/reviewers",
        "/reviewer-x review",
        "/reviewer: review",
        "/review",
        "reviewer review",
    ],
)
def test_any_other_comment_is_no_command(text: str) -> None:
    assert parse_command(text) is None


@pytest.mark.parametrize("given_word", ["approve", "false_positive", "é", "x" * 50])
def test_a_word_that_does_not_exist_is_kept_as_it_was_given(given_word: str) -> None:
    assert parse_command(f"/reviewer {given_word}") == Command(None, given_word)


def test_what_is_given_is_cut_so_that_an_answer_can_quote_it() -> None:
    command = parse_command(f"/reviewer {'x' * 60_000} {'y' * 60_000}")
    assert command == Command(None, "x" * 50, "y" * 500)


@pytest.mark.parametrize("bad", ["\x00", "\x1b", "\ud83d"], ids=["NUL", "escape", "half a pair"])
def test_a_reason_keeps_no_character_that_a_database_refuses(bad: str) -> None:
    command = parse_command(f"/reviewer ignore a{bad}b")
    assert command == Command(Word.IGNORE, "ignore", "a b")


@given(st.text(alphabet=st.characters(), max_size=80))
def test_no_comment_breaks_the_parser(text: str) -> None:
    for start in ("", "/reviewer", "/reviewer ", "/reviewer ignore "):
        command = parse_command(start + text)
        assert command is None or "\n" not in command.reason


def test_every_word_is_explained_and_every_dismissal_asks_for_a_reason() -> None:
    assert set(HELP) == set(Word)
    assert {word for word, text in HELP.items() if "REASON" in text} == DISMISSALS

"""Comment commands: `/reviewer WORD [REASON]` at the start of a comment. Parsing only; `conversations` acts on them."""

import re
from dataclasses import dataclass
from enum import Enum

_COMMAND = re.compile(r"\s*/reviewer(?:[ \t]+([\w-]+))?(?:[ \t]+([^\r\n]*))?", re.I)
_MAX_REASON_CHARS = 500
_MAX_WORD_CHARS = 50
_UNKEEPABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")  # no database takes all of these as text


class Word(Enum):
    """What can be asked of the bot."""

    REVIEW = "review"
    EXPLAIN = "explain"
    IGNORE = "ignore"
    FALSE_POSITIVE = "false-positive"
    ACCEPT_RISK = "accept-risk"
    PAUSE = "pause"
    RESUME = "resume"
    CONFIG = "config"
    HELP = "help"


DISMISSALS = frozenset({Word.IGNORE, Word.FALSE_POSITIVE, Word.ACCEPT_RISK})
SHORT = {"fp": Word.FALSE_POSITIVE, "ar": Word.ACCEPT_RISK}

HELP = {
    Word.REVIEW: "review this change now",
    Word.EXPLAIN: "in a thread: what led to the finding",
    Word.IGNORE: "REASON, in a thread: do not report this again",
    Word.FALSE_POSITIVE: "REASON, in a thread: it is wrong",
    Word.ACCEPT_RISK: "REASON, in a thread: it is right, and stays",
    Word.PAUSE: "no more reviews of this change",
    Word.RESUME: "review this change again",
    Word.CONFIG: "show the policy in effect",
    Word.HELP: "this list",
}


@dataclass(frozen=True, slots=True)
class Command:
    """A command as it was written; `word` None: one that does not exist."""

    word: Word | None
    given: str
    reason: str = ""


def parse_command(text: str) -> Command | None:
    """The command that a comment starts with, None for any other comment; a bare `/reviewer` asks for help."""
    match = _COMMAND.match(text)
    if match is None:
        return None
    after = text[match.end(1) if match[1] else match.end() :][:1]
    if match[1] is None and after.strip():  # `/reviewers`, `/reviewer-x`
        return None
    given = (match[1] or Word.HELP.value).lower()
    word = SHORT.get(given) or next((one for one in Word if one.value == given), None)
    reason = _UNKEEPABLE.sub(" ", match[2] or "").strip()
    return Command(word, given[:_MAX_WORD_CHARS], reason[:_MAX_REASON_CHARS])

"""Plain texts that stand for a pattern: none may be missed that the pattern would find."""

import re

import pytest

from dataset_curation.injection.defects import load_defects
from dataset_curation.injection.needles import find_needles, may_match


@pytest.mark.parametrize(
    ("pattern", "needles"),
    [
        (r"\bhashlib\.sha(?:224|256)\(", {"hashlib.sha2"}),  # the parser takes out what branches share
        (r"(?<![\w.])(?P<call>File|Stream)\.x", {"File", "Stream"}),
        (r"(?:longest)?abc", {"abc"}),
        (r"(?:longest)+abc", {"longest"}),
        (r"(?:longest|[a-z])abc", {"abc"}),
        (r"ab|cd", set()),
        (r"(?i)longest", set()),
        (r"(?i:longest)abc", {"abc"}),
        (r"abc(?=longest)(?!longest)", {"abc"}),
        (r"[a]bc\d", {"abc"}),
        (r"a(?:bcd)*?e", set()),
    ],
)
def test_needles_are_what_no_match_is_without(pattern: str, needles: set[str]) -> None:
    assert find_needles(re.compile(pattern)) == needles


def test_a_text_without_needles_may_match() -> None:
    assert may_match((), "")
    assert may_match({"ü", "abc"}, "1 abc")
    assert not may_match({"abc"}, "ab c")


def test_every_defect_has_needles() -> None:
    assert [one.name for one in load_defects() if not find_needles(one.pattern)] == []

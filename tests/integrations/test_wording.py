import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from integrations.hosts import Conclusion
from integrations.reports import ReportedFinding
from integrations.wording import (
    MAX_COMMENT_CHARS,
    escape_markdown,
    find_marker,
    hash_words,
    is_gone,
    make_marker,
    quote_code,
    quote_inline,
    title_of,
    write_all_gone,
    write_finding,
    write_gone,
    write_summary,
)

if TYPE_CHECKING:
    from tests.integrations.conftest import Samples

RENDERER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
# What both hosts look for in rendered text. https://docs.github.com/en/get-started/writing-on-github
# https://docs.gitlab.com/user/markdown/#gitlab-specific-references
LURES = re.compile(
    r"@[\w-]|[#!~&$%^]\w|[~%]\"|\*iteration|\w-\d|://[^\s\u200b]|:\w+:|www\.[^\s\u200b]|\[(?:issue|epic):\w", re.I
)
HOSTILE = (
    "@octocat",
    "me@example.org",
    "owner/name#3",
    "#1 GH-12 !2 ~bug %1 &3 $4 ^alert#5 *iteration:1 JIRA-7",
    "https://evil.example/?q=1",
    "WWW.evil.example",
    "[click](https://evil.example)",
    "![image](https://evil.example/a.png)",
    "<img src=x onerror=alert(1)>",
    "<!-- graph-reviewer:finding:spoofed -->",
    "</details><script>x</script>",
    "`code` ``more`` ```\nfence\n```",
    "````suggestion\nrm -rf\n````",
    "~~~\nfence\n~~~",
    "# heading\n\n- list\n\n> quote\n\n1. one\n\n---\n\n===",
    "  - indented list",
    "    indented code",
    "/merge",
    "| a | b |\n|---|---|\n| c | d |",
    "**bold** _it_ ~~gone~~ :tada: &lt; &#64; \\@x",
    "line\r\nline\rline\u2028line\x00\x1b[31m",
    "é 😋 錯誤 \u202e",
    "",
)
texts = st.one_of(
    st.sampled_from(HOSTILE),
    st.text(max_size=60),
    st.lists(
        st.sampled_from([*"`~@#!:/<>[]()*_-+=|&$%^\\.\n\r\t 1aw", "www.", "http", "<!--", "-->"]), max_size=25
    ).map("".join),
)


def flatten(text: str) -> str:
    return re.sub(r"[\s\x00-\x1f\x7f]+", " ", text).strip()


def walk(tokens: list[Token]) -> list[Token]:
    return [one for token in tokens for one in (token, *walk(token.children or []))]


def render(markdown: str) -> list[Token]:
    return walk(RENDERER.parse(markdown))


def types(markdown: str) -> list[str]:
    return [token.type for token in render(markdown)]


@given(texts)
@pytest.mark.parametrize("before", ["", "**To mend it:** ", "- `a.py:1` "], ids=["alone", "behind words", "in a list"])
def test_escaped_text_renders_as_plain_text(before: str, text: str) -> None:
    frame = [one for one in types(f"{before}x") if one not in ("text", "inline")]
    assert [one for one in types(f"{before}x{escape_markdown(text)}") if one not in ("text", "inline")] == frame


@given(texts)
def test_escaped_text_at_the_start_of_a_comment_is_one_paragraph_of_text(text: str) -> None:
    rendered = render(escape_markdown(text))
    assert {one.type for one in rendered} <= {"paragraph_open", "inline", "text", "paragraph_close"}
    shown = "".join(one.content for one in rendered if one.type == "text")
    assert shown.replace("\u200b", "") == flatten(text).replace("\u200b", "")


@given(texts)
def test_nothing_that_a_host_makes_a_link_of_survives(text: str) -> None:
    written = escape_markdown(text)
    shown = "".join(one.content for one in render(written) if one.type == "text")
    assert LURES.search(shown) is None
    assert not written.startswith("/")  # GitLab reads quick actions in what was sent
    assert "<" not in written
    assert "\n" not in written


@pytest.mark.parametrize("text", ["a - b", "100 % of 3.5", "C# and F# too", "x == y - 1", "well-known", "naïve 😋"])
def test_ordinary_text_gets_no_invisible_characters(text: str) -> None:
    assert "&#8203;" not in escape_markdown(text)


@given(texts, st.sampled_from(["", "python", "toml"]))
@example("```\nout\n```", "")
@example("\r```\rout", "")
def test_a_code_block_cannot_be_closed_by_its_code(code: str, language: str) -> None:
    (block,) = [one for one in render(f"before\n\n{quote_code(code, language)}") if one.type == "fence"]
    assert types(f"{quote_code(code, language)}\n\nbehind")[-1] == "paragraph_close"
    assert block.info == language
    normal = code.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "\ufffd")
    assert block.content == f"{normal}\n"


@given(texts)
def test_an_inline_span_cannot_be_closed_by_its_code(code: str) -> None:
    inside = [one for one in render(f"- x {quote_inline(code)} behind") if one.type not in ("inline",)]
    assert [one.type for one in inside if one.type in ("text", "code_inline", "html_inline", "link_open")] == [
        "text",
        "code_inline",
        "text",
    ]
    assert next(one for one in inside if one.type == "code_inline").content.strip() == flatten(code)


def test_long_code_is_cut() -> None:
    assert len(quote_code("x" * 10_000)) < 500
    assert "…" in quote_code("x" * 10_000)


@given(st.text(alphabet="abcdefXYZ0189_.+:-", min_size=1), st.sampled_from(["finding", "words", "summary"]), texts)
def test_a_marker_is_found_again_behind_any_text(value: str, kind: str, text: str) -> None:
    assert find_marker(f"{text}\n{make_marker(kind, value)}", kind) == value


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("", ""),
        ("plain", ""),
        ("<!-- graph-reviewer:words:1 -->", ""),
        ("<!-- other:finding:1 -->", ""),
        ("<!-- graph-reviewer:finding:no value -->", ""),
        ("<!-- graph-reviewer:finding:1 --><!-- graph-reviewer:finding:2 -->", "2"),
    ],
)
def test_only_our_last_marker_of_a_kind_counts(body: str, found: str) -> None:
    assert find_marker(body, "finding") == found


SPOOF = make_marker("finding", "spoofed") + make_marker("words", "spoofed")


def _spoof_step(samples: "Samples") -> ReportedFinding:
    return samples.finding(evidence=[samples.step(SPOOF), samples.step(SPOOF)])


@pytest.mark.parametrize(
    "make",
    [
        lambda samples: samples.finding(title=SPOOF, message=SPOOF, remedy=SPOOF),
        _spoof_step,
        lambda samples: samples.finding(evidence=[samples.step("x", path=SPOOF)] * 2),
    ],
    ids=["in the words", "in the code", "in a path"],
)
def test_a_marker_in_the_reviewed_code_is_not_ours(
    samples: "Samples", make: "Callable[[Samples], ReportedFinding]"
) -> None:
    finding = make(samples)
    body = write_finding(finding, suggestion=SPOOF)
    assert find_marker(body, "finding") == finding.fingerprint
    assert find_marker(body, "words") == hash_words(finding)


def test_a_comment_whose_finding_is_gone_keeps_its_title_and_stays_known(samples: "Samples") -> None:
    body = write_finding(samples.finding(message="größer"))
    gone = write_gone(body)
    assert gone.startswith("~~**SQL injection** (high, 91% likely) · `security/sql-injection`~~\n\nNo longer found")
    assert [find_marker(gone, kind) for kind in ("finding", "code")] == [
        find_marker(body, kind) for kind in ("finding", "code")
    ]
    assert (is_gone(gone), is_gone(body), is_gone("")) == (True, False, False)


def test_a_finding_says_what_why_where_and_how_to_answer(samples: "Samples") -> None:
    finding = samples.finding(evidence=[samples.step("name = ask()"), samples.step("run(name)", path="ü b.py")])
    body = write_finding(finding, suggestion="run(quote(name))")
    assert body.startswith("**SQL injection** (high, 91% likely) · `security/sql-injection`")
    assert "Foreign data reaches the query." in body
    assert "2. hop `ü b.py:1` `run(name)`" in body
    assert "```suggestion\nrun(quote(name))\n```" in body
    assert "/reviewer false-positive REASON" in body
    assert body.index("The path") < body.index("To mend it") < body.index("suggestion") < body.index("<!--")


@pytest.mark.parametrize(("line", "is_said"), [(1, True), (2, False), (4, False), (5, True)])
def test_a_comment_on_another_line_says_where_the_finding_is(samples: "Samples", line: int, is_said: bool) -> None:
    text = write_finding(samples.finding(line=2, end_line=4, anchor={"path": "a.py", "line": line}))
    assert ("introduces it; it is at `a.py:2`." in text) is is_said


def test_one_place_needs_no_path(samples: "Samples") -> None:
    assert "The path" not in write_finding(samples.finding(evidence=[samples.step("x")]))
    assert "The path" not in write_finding(samples.finding(evidence=[samples.step("x", role="source")] * 2))


@pytest.mark.parametrize(("path", "line", "is_said"), [("a.py", 2, False), ("a.py", 9, True), ("b.py", 2, True)])
def test_a_comment_that_hangs_elsewhere_says_where_its_finding_is(
    samples: "Samples", path: str, line: int, is_said: bool
) -> None:
    finding = samples.finding(anchor={"path": path, "line": line})
    told = "The change on this line introduces it; it is at `a.py:2`."
    assert (told in write_finding(finding).splitlines()) is is_said


def test_a_line_that_a_flow_passes_several_times_in_a_row_is_shown_once(samples: "Samples") -> None:
    first = [samples.step("name = ask()", role=role) for role in ("source", "hop", "return", "hop")]
    last = [samples.step("f(name)", line=2), samples.step("run(name)", line=3, role="sink")]
    body = write_finding(samples.finding(evidence=[*first, *last]))
    rows = [line for line in body.splitlines() if line[:2] in ("1.", "2.", "3.", "4.")]
    assert rows == [
        "1. source and return `a.py:1` `name = ask()`",
        "2. hop `a.py:2` `f(name)`",
        "3. sink `a.py:3` `run(name)`",
    ]


@pytest.mark.parametrize(
    ("message", "written"),
    [
        ("Address requested by Net.Http.GetAsync is foreign", "Address requested by `Net.Http.GetAsync` is foreign."),
        ("Built by db.b().c from größe.länge", "Built by `db.b().c` from `größe.länge`."),
        ("A value; see e.g. 3.5 and * more", "A value; see e.g. 3.5 and &#42; more."),
        ("Mail me@a.example", "Mail me&#64;&#8203;`a.example`."),
    ],
)
def test_the_names_of_an_api_are_shown_as_code(samples: "Samples", message: str, written: str) -> None:
    assert written in write_finding(samples.finding(message=message)).splitlines()


def test_code_in_a_remedy_is_shown_as_code(samples: "Samples") -> None:
    remedy = "Pass the stream itself: `sum(x for ...)`, `Any(...)`; a ` alone is one (ASP.NET)"
    body = write_finding(samples.finding(remedy=remedy))
    said = "Pass the stream itself: `sum(x for ...)`, `Any(...)`; a &#96; alone is one (ASP.NET)"
    assert f"**To mend it:** {said}" in body.splitlines()


@pytest.mark.parametrize("text", ["It is (as ever) done: yes!", "System.Net.Http", "a, b; c."])
def test_ordinary_punctuation_stays_readable_in_plain_text(text: str) -> None:
    assert escape_markdown(text) == text


@given(texts)
def test_a_suggestion_cannot_close_its_fence(samples: "Samples", text: str) -> None:
    body = write_finding(samples.finding(), suggestion=text)
    fences = [one for one in render(body) if one.type == "fence"]
    assert [one.info for one in fences] == ["suggestion"]
    assert fences[0].content == f"{text}\n".replace("\r\n", "\n").replace("\r", "\n").replace("\0", "\ufffd")


@given(texts, texts)
def test_no_code_of_a_finding_becomes_markup(samples: "Samples", code: str, path: str) -> None:
    def shape(code: str, path: str) -> list[str]:
        steps = [samples.step(code, path), samples.step(code, path, line=2)]
        finding = samples.finding(title=f"t{code}", message=f"m{code}", remedy=f"r{code}", evidence=steps)
        # What stands between backticks, and the names of an API, are shown as code, which no host looks into.
        return [one for one in types(write_finding(finding)) if one not in ("code_inline", "text")]

    assert shape(code, path) == shape("x", "y")


@pytest.mark.parametrize(
    ("steps", "suggestion", "kept", "dropped"),
    [
        (300, "short", "suggestion", "The path"),
        (2, "x" * 70_000, "The path", "suggestion"),
        (300, "x" * 70_000, "To mend it", "suggestion"),
    ],
    ids=["a long path", "a long line", "both"],
)
def test_a_comment_keeps_its_end_whatever_is_too_long(
    samples: "Samples", steps: int, suggestion: str, kept: str, dropped: str
) -> None:
    words = {"title": "@" * 5_000, "message": "@" * 50_000, "remedy": "#1" * 50_000}
    extras: tuple[dict[str, Any], ...] = ({}, words)
    for extra in extras:
        evidence = [samples.step("`" * 500, path="@" * 200, line=line) for line in range(steps)]
        finding = samples.finding(evidence=evidence, **extra)
        body = write_finding(finding, suggestion=suggestion)
        assert len(body) <= MAX_COMMENT_CHARS
        assert find_marker(body, "finding") == "f1"
        assert dropped not in body
        assert extra or kept in body


@pytest.mark.parametrize("field", ["title", "message", "remedy", "severity", "label"])
def test_the_hash_of_the_words_changes_with_each_of_them(samples: "Samples", field: str) -> None:
    assert hash_words(samples.finding()) != hash_words(samples.finding().model_copy(update={field: "other"}))


def test_the_hash_of_the_words_stays_when_lines_or_code_move(samples: "Samples") -> None:
    assert hash_words(samples.finding()) == hash_words(samples.finding("f2", 9, code="x", probability=0.5))


# The summary


def test_there_is_no_summary_when_there_is_nothing_to_say(samples: "Samples") -> None:
    files = {"skipped": [{"path": "a.bin", "reason": "binary"}]}
    assert write_summary(samples.report(files=files), (), ()) is None


@pytest.mark.parametrize(
    ("severities", "said"),
    [
        (["high"], "1 finding (1 high)."),
        (["low", "high", "low", "critical"], "4 findings (1 critical, 1 high, 2 low)."),
    ],
)
def test_the_summary_counts_what_is_shown(samples: "Samples", severities: list[str], said: str) -> None:
    findings = [samples.finding(f"f{number}", severity=severity) for number, severity in enumerate(severities)]
    text = write_summary(samples.report(*findings), findings, ())
    assert text is not None
    assert text.splitlines()[:3] == ["### Review of `bbbbbbbbbbbb`", "", said]
    assert find_marker(text, "summary") == "one"


def test_the_summary_accounts_for_everything_that_has_no_comment(samples: "Samples") -> None:
    files = {
        "reviewed": [
            {"path": "half.py", "language": "python", "lines": 3, "problems": [{"kind": "syntax-error"}]},
            {"path": "whole.py", "language": "python", "lines": 3},
        ],
        "skipped": [{"path": "made.py", "reason": "too_large"}],
        "failed": [{"path": "bad.py", "error": "<b>boom</b> @team"}],
    }
    report = samples.report(files=files, withheld=[samples.withheld("over_budget"), samples.withheld("unlikely", "w2")])
    unplaced = samples.finding(path="far.py", line=7)
    text = write_summary(report, (), [unplaced], num_monitored=2)
    assert text is not None
    assert "- `far.py:7` SQL injection (high, 91% likely)" in text
    assert "<summary>Beyond the limit (1)</summary>" in text
    assert "- `bad.py`: &#60;b&#62;boom&#60;/b&#62; &#64;&#8203;team" in text
    assert "- `half.py`" in text
    assert "whole.py" not in text
    assert "- `made.py`: too large" in text
    assert "2 more are only monitored" in text
    assert text.count("<details>") == text.count("</details>") == 5


def test_suppressions_of_the_change_are_said_even_without_findings(samples: "Samples") -> None:
    notes = [{"path": "a.py", "line": 4, "problem": problem, "label": "weak-hash"} for problem in ("not_in_force", "x")]
    text = write_summary(samples.report(withheld=[samples.withheld("suppressed_here")], suppressions=notes), (), ())
    assert text is not None
    here = "<summary>Suppressed by this change (1)</summary>\n\n- `a.py:3` `performance/query-in-loop`"
    assert here in text
    assert "<summary>Suppressions of this change that do not count (1)</summary>\n\n- `a.py:4` `weak-hash`" in text


def test_a_failed_file_is_said_even_without_findings(samples: "Samples") -> None:
    text = write_summary(samples.report(files={"failed": [{"path": "a.py", "error": "died"}]}), (), ())
    assert text is not None
    assert "No findings shown." in text


@pytest.mark.parametrize("length", [10, 1_000, 9_900, 20_000])
def test_a_summary_of_a_huge_change_keeps_its_end(samples: "Samples", length: int) -> None:
    paths = [f"{number}{'`' * length}" for number in range(120)]
    files = {
        "reviewed": [{"path": one, "language": "python", "lines": 1, "problems": [{}]} for one in paths],
        "skipped": [{"path": one, "reason": "binary"} for one in paths],
        "failed": [{"path": one, "error": "@" * 1_000} for one in paths],
    }
    withheld = [samples.withheld(reason, path=one) for one in paths for reason in ("over_budget", "suppressed_here")]
    notes = [{"path": one, "line": 1, "problem": "not_in_force", "label": "x"} for one in paths]
    report = samples.report(files=files, withheld=withheld, suppressions=notes)
    unplaced = [samples.finding(f"f{one}", path=one, title="@" * 1_000) for one in paths]
    for text in (write_summary(report, (), unplaced), write_all_gone(report)):
        assert text is not None
        assert len(text) <= MAX_COMMENT_CHARS
        assert find_marker(text, "summary") == "one"
        assert text.count("<details>") == text.count("</details>")
        assert "more\n" in text


@given(texts)
def test_no_name_in_a_summary_becomes_markup(samples: "Samples", name: str) -> None:
    def shape(name: str) -> list[str]:
        files = {
            "reviewed": [{"path": name, "language": "python", "lines": 1, "problems": [{}]}],
            "skipped": [{"path": name, "reason": "binary"}],
            "failed": [{"path": name, "error": f"e{name}"}],
        }
        notes = [{"path": name, "line": 1, "problem": "not_in_force", "label": name}]
        withheld = [samples.withheld("over_budget", path=name)]
        report = samples.report(files=files, withheld=withheld, suppressions=notes)
        text = write_summary(report, (), [samples.finding(path=name, title=f"t{name}")])
        assert text is not None
        return types(text)

    assert shape(name) == shape("x")


@pytest.mark.parametrize(
    ("conclusion", "count", "title"),
    [
        (Conclusion.RUNNING, 0, "Reviewing"),
        (Conclusion.CLEAN, 0, "No findings"),
        (Conclusion.FINDINGS, 1, "1 finding"),
        (Conclusion.BLOCKED, 2, "2 findings"),
        (Conclusion.INCOMPLETE, 0, "No findings; not everything could be reviewed"),
    ],
)
def test_the_title_of_a_status(conclusion: Conclusion, count: int, title: str) -> None:
    assert title_of(conclusion, count) == title

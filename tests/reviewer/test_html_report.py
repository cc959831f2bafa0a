"""The HTML report in a real browser. Every page of every test asks for nothing, logs nothing and breaks no policy."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from graph_model.candidates.model import StepRole
from graph_model.catalogue import load_catalogue
from reviewer.findings import Anchor, EvidenceStep, Finding, Fix, TextEdit, make_region
from reviewer.ledger import Failed, FileProblem, Ledger, Reviewed, Skip, SkipReason
from reviewer.reports.html import render_html
from reviewer.review import Review
from reviewer.selection import WithheldReason, withhold
from reviewer.source import SourceFile
from reviewer.suppression import SuppressionNote, SuppressionProblem
from reviewer.testing import BROWSER_FLAGS, Project, find_browser

AXE = Path(__file__).resolve().parents[2] / ".venv" / "host-descriptions" / "axe" / "axe.min.js"
CATALOGUE = load_catalogue()
DESKTOP, PHONE = {"width": 1280, "height": 900}, {"width": 360, "height": 640}
WATCH = """() => {
    window.broken = [];
    addEventListener("securitypolicyviolation", (event) => window.broken.push(event.violatedDirective));
}"""
FILES = {
    "web/orders.py": """\
def orders(request):
    value = source()
    log(value)
    value = strip(value)
    sink("security/sql-injection", 0.9, value)
""",
    "web/pages.js": """\
function page() {
  text = fetch("web/orders.py")
  sink("security/cross-site-scripting", 0.6, text)
}
""",
    "jobs/Report.java": 'loop = source()\nsink("performance/sort-in-loop", 0.75, loop)\n',
    "setup.py": 'x = source()\nsink("maintainability/long-function", 0.55, x)  # Größe 😀\r\n',
    "notes.md": "# no code\n",
}


@dataclass(frozen=True)
class Visit:
    """A page, and what it did beside showing itself."""

    page: Page
    asked: list[str]
    logged: list[str]

    def shown(self) -> list[str]:
        """Places of the findings in sight, in order, once the page has done what it was told."""
        self.page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        places = self.page.locator("article:visible").evaluate_all(
            "all => all.map(one => `${one.dataset.path}:${one.dataset.line}`)"
        )
        assert isinstance(places, list)
        return places


Open = Callable[..., Visit]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=find_browser(), args=BROWSER_FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser: Browser, tmp_path: Path) -> Iterator[Open]:
    """Opens a report; at the end of the test nothing else was asked for, logged or refused."""
    file = tmp_path / "report.html"
    visits: list[Visit] = []

    def open_page(text: str, fragment: str = "", **options: Any) -> Visit:
        file.write_bytes(text.encode())
        context = browser.new_context(**{"viewport": DESKTOP, **options})
        page = context.new_page()
        visit = Visit(page, [], [])
        page.on("request", lambda request: visit.asked.append(request.url))
        page.on("console", lambda message: visit.logged.append(message.text))
        page.on("pageerror", lambda error: visit.logged.append(str(error)))
        page.add_init_script(f"({WATCH})()")
        visits.append(visit)
        page.goto(f"{file.as_uri()}{fragment}")
        return visit

    yield open_page
    for visit in visits:
        assert {address.partition("#")[0] for address in visit.asked} <= {file.as_uri(), "data:,"}
        assert visit.logged == []
        assert visit.page.evaluate("window.broken || []") == []
        visit.page.context.close()


@pytest.fixture
def report(project: Project) -> str:
    """The report on a small project, made by the command."""
    project.write(FILES)
    result = project.run("check", "--format", "html", "--select", "all", "--min-probability", "0.1")
    assert result.exit_code == 1, result.output
    return result.stdout


def make_finding(source: SourceFile, line: int, **changes: Any) -> Finding:
    """A finding whose source is the file's first line and whose sink is the line."""
    span = source.line_span(line)
    region = make_region(source, span.start, span.end)
    first = make_region(source, 0, source.line_span(1).end)
    label = CATALOGUE.get_label(changes.get("label", "security/sql-injection"))
    values: dict[str, Any] = {
        "label": label.id,
        "title": label.title,
        "severity": label.severity,
        "cwe": label.cwe,
        "message": "Built from foreign text",
        "region": region,
        "statement": region.lines,
        "symbol": "",
        "api": "execute",
        "code": source.line_text(line),
        "probability": 0.5,
        "fingerprint": f"{line:032x}",
        "steps": (EvidenceStep(first, StepRole.SOURCE, "", ""), EvidenceStep(region, StepRole.SINK, "", "")),
        "weights": (),
        "remedy": label.remedy,
        "anchor": Anchor(source.path, line),
    }
    return Finding(**{**values, **changes})


def make_review(findings: tuple[Finding, ...], **changes: Any) -> Review:
    ledger = Ledger((Reviewed(findings[0].path, "python", 10),)) if findings else Ledger()
    values: dict[str, Any] = {"withheld": (), "notes": (), "ledger": ledger, "model_identity": "m", "thresholds": ()}
    return Review(findings=findings, **{**values, **changes})


def render(review: Review, *sources: SourceFile) -> str:
    return render_html(review, CATALOGUE, "1.2", {source.path: source for source in sources})


def print_on(page: Page) -> None:
    """Shows the page as paper would, once it has noticed."""
    page.emulate_media(media="print")
    expect(page.locator("details:not([open])")).to_have_count(0)


def make_many(num: int) -> str:
    """A report with so many findings in one file."""
    source = SourceFile.from_bytes("many.py", b"".join(b"call_%d('<&>')\n" % number for number in range(1, num + 1)))
    return render(make_review(tuple(make_finding(source, line) for line in range(1, num + 1))), source)


def test_same_review_same_bytes(project: Project) -> None:
    project.write(FILES)
    first, second = (
        project.run("check", "--format", "html", "--select", "all", "--min-probability", "0", *more).stdout
        for more in (("--jobs", "1"), ("--jobs", "2", "--no-cache"))
    )
    assert first == second
    assert str(project.root) not in first


def test_the_headline_and_the_account_say_what_was_done(report: str, open_page: Open) -> None:
    page = open_page(report).page
    assert page.title() == "4 findings (1 critical, 1 high, 1 medium, 1 low)"
    assert page.locator("h1").inner_text() == "4 findings"
    facts = page.locator(".head dl").inner_text()
    assert "4 files, 13 lines · Python 2 files, Java 1 file, JavaScript 1 file" in facts
    assert "fake-1" in facts
    account = page.locator("#account").inner_text()
    assert "Not reviewed: 1 (1 in no language that is read)" in account
    assert page.locator("main, h1, h2, h3").count() > 6


def test_the_path_is_drawn_across_files_and_told_in_words(report: str, open_page: Open) -> None:
    page = open_page(report).page
    first = page.locator("article[data-path='web/orders.py']")
    assert first.locator("mark").all_inner_texts() == [
        "value = source()",
        "value = strip(value)",
        'sink("security/sql-injection", 0.9, value)',
    ]
    assert first.locator("svg.rail text").all_text_contents() == ["1", "2", "3"]
    assert first.locator(".steps b").all_inner_texts() == ["source", "hop", "sink"]
    rows = first.locator(".rows > .on").evaluate_all("rows => rows.map(row => row.getBoundingClientRect())")
    dots = first.locator("svg.rail rect").evaluate_all("dots => dots.map(dot => dot.getBoundingClientRect())")
    for row, dot in zip(rows, dots, strict=True):  # each dot stands in the middle of its row
        assert abs(row["y"] + row["height"] / 2 - dot["y"] - dot["height"] / 2) < 1
    other = page.locator("article[data-path='web/pages.js']")
    assert other.locator(".file").all_inner_texts() == ["web/orders.py", "web/pages.js"]


EVERYTHING = ["web/orders.py:5", "web/pages.js:3", "jobs/Report.java:2", "setup.py:2"]


def test_filters_narrow_and_count(report: str, open_page: Open) -> None:
    visit = open_page(report)
    page = visit.page
    filters = page.locator("#filters")
    assert visit.shown() == EVERYTHING
    for name, value, left in (
        ("severity", "critical", EVERYTHING[:1]),
        ("category", "security", EVERYTHING[:2]),
        ("label", "security/cross-site-scripting", EVERYTHING[1:2]),
        ("language", "java", EVERYTHING[2:3]),
        ("path", "WEB/", EVERYTHING[:2]),
        ("fix", "without", []),
        ("p", "0.7", [EVERYTHING[0], EVERYTHING[2]]),
        ("q", "STRIP(VALUE)", EVERYTHING[:1]),
        ("q", "größe 😀", EVERYTHING[3:]),
    ):
        control = filters.locator(f"[name={name}]")
        if name in ("severity", "category"):
            filters.locator(f"[name={name}][value={value}]").check()
        elif name in ("path", "p", "q"):
            control.fill(value)
        else:
            control.select_option(value)
        assert visit.shown() == left, (name, value)
        assert page.locator("#shown").inner_text() == f"{len(left)} of 4 findings"
        page.get_by_role("button", name="Reset").click()
        assert visit.shown() == EVERYTHING


def test_counts_say_what_a_choice_would_leave(report: str, open_page: Open) -> None:
    visit = open_page(report)
    page = visit.page
    page.locator("[name=category][value=security]").check()
    visit.shown()
    counts = page.locator("output[data-count]").evaluate_all("all => all.map(one => [one.dataset.count, one.value])")
    assert dict(counts) == {
        "severity=critical": "1", "severity=high": "1", "severity=medium": "0", "severity=low": "0",
        "category=security": "2", "category=performance": "1", "category=maintainability": "1",
    }  # fmt: skip
    options = page.locator("[name=language] option").all_text_contents()
    assert options == ["all", "Java (0)", "JavaScript (1)", "Python (1)"]


def test_order_and_folders(report: str, open_page: Open) -> None:
    visit = open_page(report)
    page = visit.page
    page.locator("[name=order]").select_option("path")
    assert visit.shown() == ["jobs/Report.java:2", "setup.py:2", "web/orders.py:5", "web/pages.js:3"]
    page.locator("[name=order]").select_option("probability")
    assert visit.shown() == ["web/orders.py:5", "jobs/Report.java:2", "web/pages.js:3", "setup.py:2"]
    page.get_by_role("button", name="web/", exact=True).click()
    assert visit.shown() == ["web/orders.py:5", "web/pages.js:3"]


def test_an_address_leads_to_a_finding_and_keeps_filters(report: str, open_page: Open) -> None:
    visit = open_page(report)
    page = visit.page
    address = page.locator("article[data-path='setup.py'] h3 a").get_attribute("href")
    page.locator("[name=q]").fill("strip")
    visit.shown()
    assert page.evaluate("location.hash") == "#q=strip"
    page.reload()
    assert visit.shown() == EVERYTHING[:1]
    page.evaluate(f"location.hash = '{address}'")  # a finding that the filters hide
    assert visit.shown() == EVERYTHING
    assert page.evaluate("document.activeElement.getAttribute('href')") == address
    for _ in range(2):
        assert page.evaluate("location.hash") == address
        page.reload()
        assert visit.shown() == EVERYTHING


def test_the_keyboard_folds_a_finding(report: str, open_page: Open) -> None:
    page = open_page(report).page
    title = page.locator("article h3 a").first
    body = page.locator("article .body").first
    assert (title.get_attribute("aria-expanded"), body.is_visible()) == ("true", True)
    title.focus()
    page.keyboard.press("Enter")
    assert (title.get_attribute("aria-expanded"), body.is_visible()) == ("false", False)
    page.get_by_role("button", name="Unfold all").press("Enter")
    assert body.is_visible()
    assert page.get_by_role("button", name="Fold all").is_visible()


def test_a_patch_is_copied_as_it_is(open_page: Open) -> None:
    source = SourceFile.from_bytes("a.py", b"x = 1\r\n\trun('<b>', \"&\")\r\n")
    edit = TextEdit(make_region(source, 8, 11), "safe")
    review = make_review((make_finding(source, 2, fix=Fix((edit,), 0.1, description="another name")),))
    page = open_page(render(review, source), permissions=["clipboard-read", "clipboard-write"]).page
    page.get_by_role("button", name="Copy the patch").click()
    page.get_by_role("button", name="Copied").wait_for()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.endswith("-\trun('<b>', \"&\")\r\n+\tsafe('<b>', \"&\")\r\n")
    page.get_by_role("button", name="Copy the comment").click()
    page.get_by_role("button", name="Copied").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == "# reviewer: ignore[security/sql-injection] the reason"


def test_a_patch_that_no_page_copies_names_the_command(open_page: Open) -> None:
    source = SourceFile.from_bytes("a b.py", "x = 1\nrun('\u202e')\n".encode())
    edit = TextEdit(make_region(source, 6, 9), "safe")
    page = open_page(render(make_review((make_finding(source, 2, fix=Fix((edit,), 0.1)),)), source)).page
    assert page.get_by_role("button", name="Copy the patch").count() == 0
    assert "reviewer fix --diff 'a b.py'" in page.locator(".fix").inner_text()
    long = SourceFile.from_bytes("a.py", b"x = 1\n" + b"y" * 30_000)
    edit = TextEdit(make_region(long, 6, 9), "safe")
    text = render(make_review((make_finding(long, 2, fix=Fix((edit,), 0.1)),)), long)
    assert "Its diff is long" in text
    assert "To keep this page small: 1 long line of code cut, 1 long diff left out." in text


EVIL = """</script></style></noscript></textarea><script>alert(1)</script><img src=x onerror=alert(2)>"'`--><!--"""
HIDDEN = "\u202e\u2066\x00\x1b[31m\udce9"


@pytest.mark.parametrize("num", [1, 201])
@pytest.mark.parametrize("has_script", [True, False])
def test_foreign_text_stays_text(num: int, has_script: bool, open_page: Open) -> None:
    text = f"{EVIL}{HIDDEN}"
    path = os.fsdecode(f"{EVIL.replace('/', '|')}{HIDDEN}.py".encode("utf-8", "surrogateescape"))
    content = f"{EVIL}\u202e\x00 \n".encode() + b"\xff\xfe" + EVIL.encode() + b"\n"
    source = SourceFile(path, content + b"x" * 100_000)
    found = [
        make_finding(source, 2, message=text, symbol=text, api=text, fingerprint=f"{number:032x}")
        for number in range(num)
    ]
    steps = tuple(replace(step, note=text, code=text) for step in found[0].steps)
    problem = FileProblem(text, 1, 2, text)
    review = make_review(
        (replace(found[0], steps=steps), *found[1:]),
        withheld=(withhold(found[0], WithheldReason.SUPPRESSED),),
        notes=(SuppressionNote(path, 1, SuppressionProblem.UNKNOWN_LABEL, text),),
        ledger=Ledger(
            (Reviewed(path, "python", 3, (problem,)),),
            (Skip(path, SkipReason.TOO_LARGE, text), Skip(f"a.{text}", SkipReason.NO_LANGUAGE)),
            (Failed(path, text),),
        ),
        model_identity=text,
        base=text,
        head=text,
    )
    page = open_page(render(review, source), java_script_enabled=has_script).page
    if has_script:
        page.locator("article h3 a").first.click()
        page.locator("article h3 a").first.click()
    assert page.locator("script").count() == 2
    assert page.locator("img, textarea, [onerror]").count() == 0
    code = page.locator(".rows").first.text_content()
    assert code is not None
    assert "</script></style>" in code
    assert "\\x202e\\x00" in code
    whole = page.content()
    assert not any(char in whole for char in "\u202e\u2066\x1b\x00")
    if has_script:
        page.locator("#fold").click()
        print_on(page)
    assert page.locator(".rows").count() == num


def test_a_long_list_builds_what_is_asked_for(open_page: Open) -> None:
    visit = open_page(make_many(201))
    page = visit.page
    assert page.locator(".body").count() == 0
    page.locator("[name=q]").fill("call_201('<&>')")
    assert visit.shown() == ["many.py:199", "many.py:200", "many.py:201"]  # each shows the lines around it
    page.locator("article:visible h3 a").first.click()
    assert "call_199('<&>')" in page.locator("article:visible .rows").inner_text()
    page.goto(f"{page.url.partition('#')[0]}#finding-{200:032x}")
    page.reload()
    last = page.locator(f"#finding-{200:032x}")
    expect(last.locator(".body")).to_be_in_viewport()
    assert page.locator(".body").count() < 100


def test_batches_of_a_long_list_hold_what_filters_and_order_leave(open_page: Open) -> None:
    source = SourceFile.from_bytes("many.py", b"call()\n" * 201)
    found = tuple(make_finding(source, line, probability=line / 1_000) for line in range(1, 202))
    visit = open_page(render(make_review(found), source))
    page = visit.page
    batches = page.locator(".batch")
    likeliest = [f"many.py:{line}" for line in range(201, 0, -1)]
    assert visit.shown() == likeliest
    page.locator("[name=p]").fill("0.1")
    assert visit.shown() == likeliest[:102]
    assert page.locator(".batch:visible").count() == 3
    heights = batches.evaluate_all("all => all.map(one => one.style.containIntrinsicHeight)")
    assert heights == ["auto 237.5rem", "auto 237.5rem", "auto 9.5rem", "auto 0rem", "auto 0rem"]
    page.locator("[name=order]").select_option("path")
    assert visit.shown() == likeliest[101::-1]
    page.get_by_role("button", name="Reset").click()
    assert visit.shown() == likeliest
    assert batches.evaluate_all("all => all.map(one => one.children.length)") == [50, 50, 50, 50, 1]


def test_a_finding_of_a_batch_that_is_led_to_is_framed_whole(open_page: Open) -> None:
    """A part that is drawn on its own cuts off what its contents draw outside of it: here two pixels."""
    page = open_page(make_many(201), fragment=f"#finding-{51:032x}").page
    batch = page.locator(".batch").nth(1)
    article = batch.locator("article").first
    assert article.evaluate("one => one.matches(':target')")
    outer, inner = (one.evaluate("one => one.getBoundingClientRect().toJSON()") for one in (batch, article))
    room = [inner["left"] - outer["left"], inner["top"] - outer["top"], outer["right"] - inner["right"]]
    assert min(room) >= 2


def test_paper_shows_everything(report: str, open_page: Open, tmp_path: Path) -> None:
    for text, num in ((report, 4), (make_many(201), 201)):
        page = open_page(text).page
        page.locator("#fold").click()
        print_on(page)
        assert page.locator(".body:visible").count() == num
        assert page.locator("#filters").is_hidden()
        assert page.locator(".copy:visible").count() == 0
        assert page.locator("#account td:visible").count() > 0
        page.emulate_media(media="screen")
        expect(page.locator("#account details[open]")).to_have_count(0)
    page.pdf(path=tmp_path / "report.pdf", format="A4")
    assert (tmp_path / "report.pdf").read_bytes().count(b"/Type /Page\n") > 20


@pytest.mark.parametrize("num", [3, 201])
def test_without_script_everything_is_there(num: int, open_page: Open) -> None:
    page = open_page(make_many(num), java_script_enabled=False).page
    assert page.locator(".body:visible").count() == num
    assert page.locator("#filters").is_hidden()
    assert page.locator(".copy:visible").count() == 0


@pytest.mark.parametrize(("scheme", "viewport"), [("light", DESKTOP), ("dark", PHONE)])
def test_everybody_can_use_it(scheme: str, viewport: dict[str, int], report: str, open_page: Open) -> None:
    page = open_page(report, color_scheme=scheme, viewport=viewport).page
    page.evaluate("for (const details of document.querySelectorAll('details')) details.open = true")
    page.evaluate(AXE.read_text("utf-8"))
    found = page.evaluate("axe.run().then((result) => result.violations)")
    assert [(one["id"], one["nodes"][0]["html"]) for one in found] == []


def test_a_phone_scrolls_code_and_not_the_page(report: str, open_page: Open) -> None:
    source = SourceFile.from_bytes("a/" * 60 + "b.py", b"first\n" + b"x" * 99 + b"\n")
    long = make_finding(source, 2, symbol="S" * 201, message="M" * 201)
    ledger = Ledger((Reviewed(source.path, "python", 2),), (), (Failed("f" * 201, "e" * 201),))
    wide = render(make_review((long,), ledger=ledger, base="b" * 40, head="h" * 40), source)
    for text in (report, wide):
        page = open_page(text, viewport=PHONE).page
        page.evaluate("for (const details of document.querySelectorAll('details')) details.open = true")
        assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    assert page.locator(".rows").first.evaluate("rows => rows.scrollWidth > rows.clientWidth")


def test_what_makes_a_review_incomplete_comes_first(open_page: Open) -> None:
    page = open_page(render(make_review((), ledger=Ledger((), (), (Failed("a.py", "ValueError: x"),))))).page
    alarm = page.locator("main > :first-child").locator("p, li")
    assert alarm.all_inner_texts() == ["This review is incomplete: 1 file failed.", "a.py: ValueError: x"]
    assert page.locator("#findings p").all_inner_texts() == ["Nothing was found."]
    page = open_page(render(make_review(()))).page
    assert page.locator("main > :first-child").inner_text() == "Nothing was reviewed."


def test_a_change_names_its_ends_and_where_it_introduced_a_finding(repository: Project, open_page: Open) -> None:
    sink = 'sink("security/sql-injection", 0.9, value)'
    safe = f"def f():\n    value = source()\n    value = clean(value)\n    log(value)\n    {sink}\n"
    base = repository.commit({"a.py": safe})
    head = repository.commit({"a.py": safe.replace("    value = clean(value)\n", "")})
    result = repository.run("diff", "--format", "html", "--base", base, "--head", head)
    page = open_page(result.stdout).page
    assert f"{base} to {head}" in page.locator(".head dl").inner_text()
    assert page.locator(".rows em").all_inner_texts() == ["introduced here"]


def test_withheld_and_skipped_are_told_with_reasons(open_page: Open) -> None:
    source = SourceFile.from_bytes("a.py", b"x\ny\n")
    ledger = Ledger(
        (Reviewed("a.py", "python", 2, (FileProblem("syntax-error", 2, 2, "odd"),)),),
        tuple(Skip(f"{number}.py", SkipReason.VENDORED, "by name") for number in range(1_200)),
    )
    withheld = (withhold(make_finding(source, 2), WithheldReason.SUPPRESSED),)
    notes = (SuppressionNote("a.py", 1, SuppressionProblem.UNUSED, "security"),)
    review = make_review((), ledger=ledger, withheld=withheld, notes=notes, thresholds=(("security/weak-hash", 0.7),))
    page = open_page(render(review, source)).page
    page.evaluate("for (const details of document.querySelectorAll('details')) details.open = true")
    account = page.locator("#account").inner_text()
    for said in (
        "Not reviewed: 1,200 (1,200 vendored)",
        "200 more are in the JSON report of the same review.",
        "Read in part: 1 file",
        "syntax-error odd",
        "Looked at and not shown: 1 candidate",
        "suppressed in the code",
        "Suppressions to look at: 1",
        "suppresses nothing",
        "Looked for: 1 label",
    ):
        assert said in account

"""Label pages: what they say, and that a stale one is noticed."""

import re
from dataclasses import replace
from pathlib import Path
from posixpath import normpath

from click.testing import CliRunner

from graph_model.catalogue import build_catalogue, load_catalogue
from graph_model.catalogue.pages import INDEX, find_stale_pages, main, render_label_page, render_pages, write_pages

LABEL = load_catalogue().get_label("security/dom-cross-site-scripting")


def test_page_says_what_goes_wrong_and_what_to_do() -> None:
    page = render_label_page(LABEL)
    assert page.startswith(f"# {LABEL.title}\n\n`security/dom-cross-site-scripting` · high severity · [CWE-79]")
    assert "[CWE-79](https://cwe.mitre.org/data/definitions/79.html)" in page
    assert "JavaScript and TypeScript only" in page
    assert LABEL.summary in page
    assert LABEL.remedy in page
    assert f"```javascript\n{LABEL.examples[0].bad}```" in page
    assert f"```javascript\n{LABEL.examples[0].good}```" in page


def test_page_without_cwe_and_for_every_language_leaves_both_out() -> None:
    page = render_label_page(replace(LABEL, cwe=None, languages=()))
    assert "CWE" not in page
    assert "only" not in page.splitlines()[2]


def test_index_lists_every_label() -> None:
    pages = render_pages(load_catalogue())
    assert len(pages) == len(load_catalogue()) + 1
    for label in load_catalogue():
        assert f"| [`{label.id}`]({label.id}.md) | {label.title} |" in pages[INDEX]


def test_writing_twice_changes_nothing(tmp_path: Path) -> None:
    pages = render_pages(build_catalogue([LABEL]))
    assert write_pages(pages, tmp_path) == (INDEX, "security/dom-cross-site-scripting.md")
    assert write_pages(pages, tmp_path) == ()


def test_changed_and_left_over_pages_are_stale(tmp_path: Path) -> None:
    pages = render_pages(build_catalogue([LABEL]))
    write_pages(pages, tmp_path)
    (tmp_path / "security" / "gone.md").write_text("# Gone\n", "utf-8")
    (tmp_path / INDEX).write_text("# Étiquettes", "utf-8")
    assert find_stale_pages(pages, tmp_path) == (INDEX, "security/gone.md")
    write_pages(pages, tmp_path)
    assert find_stale_pages(pages, tmp_path) == ()
    assert not (tmp_path / "security" / "gone.md").exists()


def test_command_writes_and_checks(tmp_path: Path) -> None:
    runner = CliRunner()
    stale = runner.invoke(main, ["--check", str(tmp_path)])
    assert stale.exit_code == 1
    assert f"{len(load_catalogue()) + 1} label pages are not current; run make docs" in stale.output
    written = runner.invoke(main, [str(tmp_path)])
    assert written.exit_code == 0
    assert f"written: {tmp_path / INDEX}" in written.output
    current = runner.invoke(main, ["--check", str(tmp_path)])
    assert (current.exit_code, current.output) == (0, "")


def test_links_of_every_page_lead_to_pages() -> None:
    pages = render_pages(load_catalogue())
    for path, text in pages.items():
        links = [link for link in re.findall(r"\]\(([^)]+)\)", text) if not link.startswith("https://")]
        assert links
        assert all(normpath(f"{path}/../{link}") in pages for link in links)

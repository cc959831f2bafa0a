"""Draws the pictures of the HTML report that the documentation shows; `make docs` runs it.

The project in them is the faulty half of the catalogue's examples and one longer flow, reviewed with the shipped model.
"""

import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Browser, sync_playwright

from graph_model.catalogue import Category, load_catalogue
from graph_model.languages import BY_NAME
from reviewer.testing import BROWSER_FLAGS, find_browser

_DOCS = Path(__file__).resolve().parents[1] / "docs"
_CATEGORIES = (Category.SECURITY, Category.PERFORMANCE, Category.MAINTAINABILITY)
_CHOICE = ("--select", ",".join(one.value for one in _CATEGORIES), "--min-probability", "0.1", "--no-cache")
_FLOW_NAME = "shop/orders.py"
_FLOW_TEXT = """\
import sqlite3

from flask import Flask, request

app = Flask(__name__)


@app.get("/orders")
def orders():
    name = request.args["customer"]
    condition = make_condition(name)
    query = "select id, total from orders where " + condition
    with sqlite3.connect("shop.db") as connection:
        rows = connection.execute(query).fetchall()
    return {"orders": rows}


def make_condition(customer):
    quoted = "'" + customer + "'"
    return "customer = " + quoted
"""
_FLOW = f"article[data-path='{_FLOW_NAME}'][data-label='security/sql-injection']"


def main() -> None:
    """Writes docs/report.png, docs/report-finding.png and docs/report-phone.png."""
    with TemporaryDirectory() as name, sync_playwright() as driver:
        report = review_examples(Path(name))
        browser = driver.chromium.launch(executable_path=find_browser(), args=BROWSER_FLAGS)
        draw_pages(browser, report.as_uri())
        browser.close()


def review_examples(folder: Path) -> Path:
    """The report on the faulty half of every example, a file each, and on one longer flow."""
    project, report = folder / "examples", folder / "report.html"
    files = {_FLOW_NAME: _FLOW_TEXT}
    for label in load_catalogue():
        for example in label.examples if label.category in _CATEGORIES else ():
            language = BY_NAME[example.language]
            name = f"{label.id.partition('/')[2]}{language.suffixes[0]}"
            files[f"{label.category.value}/{language.family.value}/{name}"] = example.bad.lstrip()
    for path, text in files.items():
        (project / path).parent.mkdir(parents=True, exist_ok=True)
        (project / path).write_text(text, "utf-8")
    command = [Path(sys.executable).parent / "reviewer", "check", "--format", "html", "--output", report, *_CHOICE]
    subprocess.run([*command, "--fail-on", "never"], cwd=project, check=True)
    return report


def draw_pages(browser: Browser, address: str) -> None:
    """The page on a screen, one finding of it, and the page on a phone."""
    page = browser.new_page(viewport={"width": 1120, "height": 900})
    page.goto(address)
    page.screenshot(path=_DOCS / "report.png")
    page.locator(f"{_FLOW} h3 a").click()
    page.mouse.move(0, 0)
    page.evaluate("document.activeElement.blur()")
    page.locator(_FLOW).screenshot(path=_DOCS / "report-finding.png")
    phone = browser.new_page(viewport={"width": 360, "height": 640})
    phone.goto(address)
    phone.locator(f"{_FLOW} h3 a").click()
    phone.locator(_FLOW).evaluate("element => { document.activeElement.blur(); element.scrollIntoView(); }")
    phone.screenshot(path=_DOCS / "report-phone.png")


if __name__ == "__main__":
    main()

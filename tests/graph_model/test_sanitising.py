"""Unescaped markup that a sanitiser has been over, or that is no markup of the page."""

import pytest

from graph_model.analysis import analyse_file
from graph_model.languages import BY_NAME
from graph_model.linking import link_files

_LABEL = "security/unescaped-template"
_HEAD = """import React, { useMemo, useState } from "react";
import DOMPurify from "dompurify";
import { marked } from "marked";
import { CSS } from "./styles";
"""


def find(text: str, language: str) -> list[str]:
    path = "m" + BY_NAME[language].suffixes[0]
    linked = link_files([analyse_file(path, text.encode(), BY_NAME[language])])
    return [candidate.label for candidate in linked[path] if candidate.label == _LABEL]


SHOW = "return <p dangerouslySetInnerHTML={{ __html: html }} />;"
CLEAN = [
    f"function A({{ t }}) {{ const html = DOMPurify.sanitize(marked(t)); {SHOW} }}",
    f"function A({{ t }}) {{ const html = t ? DOMPurify.sanitize(t).trim() : 'ü'; {SHOW} }}",
    f"function A({{ t }}) {{ const html = useMemo(() => DOMPurify.sanitize(t), [t]); {SHOW} }}",
    f"const render = (t) => DOMPurify.sanitize(marked(t));\nfunction A({{ t }}) {{ const html = render(t); {SHOW} }}",
    (
        "function A({ t }) { const [html, setHtml] = useState('');"
        f" load(t).then((x) => setHtml(DOMPurify.sanitize(x))); {SHOW} }}"
    ),
    (
        "function A({ t }) { const [html, setHtml] = useState('');"
        f" const got = async () => {{ const y = DOMPurify.sanitize(await load(t)); setHtml(y); }}; {SHOW} }}"
    ),
    (
        "function mark(x, on) { if (!on) return x; return `<b>${x}</b>`; }\n"
        f"function A({{ t }}) {{ const html = mark(DOMPurify.sanitize(t), true); {SHOW} }}"
    ),
    "function A({ t }) { return <p dangerouslySetInnerHTML={{ __html: toSafe(escapeHtml(t)).innerHTML }} />; }",
    "function A() { return <style dangerouslySetInnerHTML={{ __html: CSS }} />; }",
    'function A({ t }) { return <script type="application/ld+json" dangerouslySetInnerHTML={{ __html: t }} />; }',
    (
        "function A() { const made = () => ({ __html: DOMPurify.sanitize(t) });"
        " return <p dangerouslySetInnerHTML={made()} />; }"
    ),
    "export const done = (main) => ({ innerHTML: main.text });",
    "export function fill(el, t) { el.innerHTML = t; el.insertAdjacentHTML('beforeend', `<p>${t}</p>`); }",
    "export function fill(t) { $('#box').append('<p>' + t + '</p>'); }",
]
UNCLEAN = [
    f"function A({{ t }}) {{ const html = marked(t); {SHOW} }}",
    (
        "function A({ t }) { const [html, setHtml] = useState('');"
        f" load(t).then((x) => setHtml(DOMPurify.sanitize(x))); setHtml(t); {SHOW} }}"
    ),
    "function A({ t }) { const [html, setHtml] = useState(t); setHtml(DOMPurify.sanitize(t));" + SHOW + " }",
    f"const render = (t) => marked(t);\nfunction A({{ t }}) {{ const html = render(t); {SHOW} }}",
    "function mark(x) { return `<b>${x}</b>`; }\n" + f"function A({{ t }}) {{ const html = mark(t); {SHOW} }}",
    "function A({ t }) { return <script dangerouslySetInnerHTML={{ __html: t }} />; }",
    "import { h } from 'vue';\nexport const B = (t) => h('p', { innerHTML: t });",
]


@pytest.mark.parametrize("text", CLEAN)
def test_sanitised_markup_is_not_reported(text: str) -> None:
    assert not find(_HEAD + text, "tsx")


@pytest.mark.parametrize("text", UNCLEAN)
def test_other_markup_is_reported(text: str) -> None:
    assert find(_HEAD + text, "tsx")


def test_a_trusted_style_is_no_markup() -> None:
    head = "import { DomSanitizer } from '@angular/platform-browser';\n"
    body = "class P {{ constructor(private s: DomSanitizer) {{}} f(x: string) {{ return this.s.{}(x); }} }}"
    assert not find(head + body.format("bypassSecurityTrustStyle"), "typescript")
    assert find(head + body.format("bypassSecurityTrustHtml"), "typescript")


def test_a_method_that_sanitises_makes_safe() -> None:
    head = "import bleach\nfrom django.utils.safestring import mark_safe\nclass A:\n"
    used = "    def show(self, t):\n        return mark_safe(self.tidy(t))\n"
    assert not find(head + "    def tidy(self, t):\n        return bleach.clean(t)\n" + used, "python")
    assert find(head + "    def tidy(self, t):\n        return t\n" + used, "python")

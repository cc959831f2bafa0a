"""Which values a page takes as markup or script."""

import pytest

from graph_model.analysis import analyse_file
from graph_model.languages import BY_NAME
from graph_model.linking import link_files

_MARKUP = "security/dom-cross-site-scripting"
_HEAD = "const x = decodeURIComponent(location.hash);\n"

HARMLESS = [
    "$('tr[data-uuid=\"' + x + '\"] td').fadeOut();",
    '$(`[data-visible-for~="${x}"]`).show();',
    "const at = 'li#'; $(at + x).show();",
    "const $row = $('tr'); $row.attr('data-x', x); $($row).toggleClass('on', x);",
    "const $chip = $('<b></b>').attr('title', x); $('#box').append($chip);",
    "const $chip = $('<b></b>'); $chip.text(x); on(() => { $('#box').append($chip); });",
    "const item = document.createElement('li'); item.title = x; $('#box').append(item);",
    "el.mde = x; $(el).hide();",
    "document.documentElement.setAttribute('data-bs-theme', x);",
    "$('#box').attr('data-x', x);",
    "$('img.icon').attr('src', x);",
    "a.href = 'mailto:' + x;",
    "a.href = 'ü' + x;",
    "const u = new URL(window.location.href); u.searchParams.set('page', x); location.href = u.toString();",
    "const u = new URL(location); u.search = x; a.setAttribute('href', u.href);",
    "const u = new URL('/list', location.href); u.searchParams.set('page', x); location.href = u;",
    "const u = new URL(location.href); xs.forEach((y) => { u.searchParams.set('q', x); y.href = u.toString(); });",
    "const u = b ? new URL(c.at, location.href) : undefined; u?.searchParams.set('q', x); a.href = u?.toString();",
    "const at = location.href.split('?')[0]; location.href = at + '?version=' + x;",
    "let at = location.href.split('?')[0]; if (b) { at = at.substring(0, 9); } location.href = at + '?v=' + x;",
    "location.replace(window.location.href.split('#')[0] + '#' + x);",
    "a.href = known || b ? location.href : '/';",
    "a.href = URL.createObjectURL(new Blob([x]));",
    "a.href = canvas.toDataURL(x);",
    "const u = new URL(location.href); a.href = base + u.pathname + x;",
]
HARMFUL = [
    "$(x).show();",
    "$('<b>' + x + '</b>').show();",
    "$('#box').append(x);",
    "const $t = $('#box').text(); $('#box').html($t + x);",
    "const text = $('#a').attr('title', x).attr('title'); $('#box').html(text + x);",
    "a.setAttribute('href', x);",
    "$('#box').attr('onclick', x);",
    "$('iframe').attr('src', x);",
    "a.href = x;",
    "a.href = 'javascript:show(' + x + ')';",
    "const u = new URL(x, location.href); location.href = u.toString();",
    "const u = new URL(location.href); u.href = x; a.href = u.toString();",
    "location.replace(x);",
]


def labels(statements: str) -> set[str]:
    linked = link_files([analyse_file("m.js", (_HEAD + statements).encode(), BY_NAME["javascript"])])
    return {candidate.label for candidate in linked["m.js"]}


@pytest.mark.parametrize("statements", HARMLESS)
def test_what_is_no_markup_is_not_reported(statements: str) -> None:
    assert _MARKUP not in labels(statements)


@pytest.mark.parametrize("statements", HARMFUL)
def test_what_becomes_markup_or_script_is_reported(statements: str) -> None:
    assert _MARKUP in labels(statements)


def test_an_address_of_unknown_origin_is_not_reported() -> None:
    assert _MARKUP not in labels("export function show(a, at) { a.href = at; }")

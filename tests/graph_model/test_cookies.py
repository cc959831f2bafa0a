"""Cookies that are taken back, or by which nobody is told apart, are reported for what is switched off only."""

import pytest

from graph_model.analysis import analyse_file
from graph_model.languages import BY_NAME
from graph_model.linking import link_files

_EXPRESS = "const app = require('express')();\napp.get('/', (req, res) => {{ {} }});\n"
_FLASK = "from flask import Flask, make_response\ndef f(x):\n    response = make_response()\n    {}\n"
_KOA = "import Koa from 'koa';\nconst app = new Koa();\napp.use(async (ctx: Koa.Context) => {{ {} }});\n"
_JAVA = (
    "import javax.servlet.http.*;\n"
    "class C {{ void f(HttpServletResponse r, String x) {{ Cookie c = {} r.addCookie(c); }} }}\n"
)

HARMLESS = [
    ("javascript", _EXPRESS.format("res.cookie('theme', 'ü');")),
    ("javascript", _EXPRESS.format("res.cookie('lastPage', req.path);")),
    ("javascript", _EXPRESS.format("res.cookie('token', '');")),
    ("javascript", _EXPRESS.format("res.cookie('token', x, { maxAge: 0 });")),
    ("javascript", _EXPRESS.format("res.cookie('token', x, { expires: new Date(0) });")),
    ("javascript", _EXPRESS.format("res.cookie('token', x, { expires: subMinutes(new Date(), 1) });")),
    ("typescript", _KOA.format("ctx.cookies.set('accessToken', ctx.token, { sameSite: 'lax' });")),
    ("python", _FLASK.format("response.set_cookie('seen', '1')")),
    ("python", _FLASK.format("response.set_cookie('session', '', max_age=0)")),
    ("python", _FLASK.format("response.set_cookie('session', x, max_age=0)")),
    ("java", _JAVA.format('new Cookie("sid", ""); ')),
    ("java", _JAVA.format('new Cookie("sid", x); c.setMaxAge(0);')),
    ("java", _JAVA.format('new Cookie("size", x);')),
]
HARMFUL = [
    ("javascript", _EXPRESS.format("res.cookie('token', x);")),
    ("javascript", _EXPRESS.format("res.cookie('a', user.sessionToken);")),
    ("javascript", _EXPRESS.format("res.cookie(name, x);")),
    ("javascript", _EXPRESS.format("res.cookie('a', x, { secure: false });")),
    ("javascript", _EXPRESS.format("res.cookie('token', x, { maxAge: 900000 });")),
    ("typescript", _KOA.format("ctx.cookies.set('accessToken', ctx.token, { secure: false });")),
    ("python", _FLASK.format("response.set_cookie('csrf_token', x)")),
    ("python", _FLASK.format("response.set_cookie('seen', '1', secure=False)")),
    ("java", _JAVA.format('new Cookie("JSESSIONID", x);')),
]


def find(text: str, language: str) -> list[str]:
    path = "m" + BY_NAME[language].suffixes[0]
    linked = link_files([analyse_file(path, text.encode(), BY_NAME[language])])
    return [candidate.label for candidate in linked[path] if "cookie" in candidate.label]


@pytest.mark.parametrize(("language", "text"), HARMLESS)
def test_cookie_that_is_stolen_in_vain_is_not_reported(language: str, text: str) -> None:
    assert not find(text, language)


@pytest.mark.parametrize(("language", "text"), HARMFUL)
def test_cookie_that_tells_people_apart_is_reported(language: str, text: str) -> None:
    assert find(text, language)

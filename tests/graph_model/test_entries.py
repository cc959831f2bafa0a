"""Entry points: which functions a framework calls, and which of their parameters are foreign."""

import pytest

from graph_model.analysis import FileAnalysis, analyse_file
from graph_model.entries import matches_name
from graph_model.languages import BY_NAME
from graph_model.origins import OriginKind

SQL_SPRING = "import org.springframework.web.bind.annotation.*;\n"
PARAM = "public String get(@RequestParam String q, int n) { return use(q, n); }"


def analyse(text: str, language: str) -> FileAnalysis:
    return analyse_file("app/m" + BY_NAME[language].suffixes[0], text.encode(), BY_NAME[language])


def foreign(analysis: FileAnalysis) -> set[str]:
    """The names of foreign parameters and attributes that any unit reads."""
    return {o.name for unit in analysis.units for o in unit.origins if o.kind is OriginKind.SOURCE}


CASES = [
    (
        "a route",
        "python",
        "from flask import Flask\napp = Flask(__name__)\n@app.route('/<q>')\ndef f(q):\n    use(q)\n",
    ),
    (
        "a method of a view",
        "python",
        ("from flask.views import MethodView\nclass V(MethodView):\n    def get(self, q):\n        use(q)\n"),
    ),
    (
        "an added rule",
        "python",
        (
            "from flask import Flask\napp = Flask(__name__)\ndef f(q):\n    use(q)\n"
            "app.add_url_rule('/<q>', view_func=f)\napp.add_url_rule('/a/<q>', 'f', f)\n"
        ),
    ),
    ("an annotated parameter", "java", SQL_SPRING + f'@RestController class C {{ @GetMapping("/a") {PARAM} }}'),
    (
        "an action",
        "csharp",
        (
            "using Microsoft.AspNetCore.Mvc;\npublic class A : Controller {\n"
            "  public IActionResult Get(string q) { return Use(q); }\n}\n"
        ),
    ),
]


@pytest.mark.parametrize(("language", "text"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_a_parameter_that_the_framework_fills_is_foreign(language: str, text: str) -> None:
    assert foreign(analyse(text, language)) == {"parameter q"}


OTHERS = [
    ("no decorator", "python", "from flask import Flask\napp = Flask(__name__)\ndef f(q):\n    use(q)\n"),
    (
        "a number",
        "python",
        ("from flask import Flask\napp = Flask(__name__)\n@app.route('/<int:q>')\ndef f(q: int):\n    use(q)\n"),
    ),
    (
        "a private method",
        "csharp",
        (
            "using Microsoft.AspNetCore.Mvc;\npublic class A : Controller {\n"
            "  private IActionResult Get(string q) { return Use(q); }\n}\n"
        ),
    ),
    (
        "said to be no action",
        "csharp",
        (
            "using Microsoft.AspNetCore.Mvc;\npublic class A : Controller {\n"
            "  [NonAction] public IActionResult Get(string q) { return Use(q); }\n}\n"
        ),
    ),
    ("a class of another kind", "java", f"class C {{ {PARAM} }}"),
]


@pytest.mark.parametrize(("language", "text"), [c[1:] for c in OTHERS], ids=[c[0] for c in OTHERS])
def test_other_parameters_are_not(language: str, text: str) -> None:
    assert foreign(analyse(text, language)) == set()


@pytest.mark.parametrize("handler", ["(req, res) => use(req.query.q)", "({ query }, res) => use(query.q)"])
def test_a_callback_gets_the_request(handler: str) -> None:
    text = f"const express = require('express');\nconst app = express();\napp.get('/', {handler});\n"
    assert foreign(analyse(text, "javascript"))


def test_a_named_handler_gets_the_request() -> None:
    text = "const app = require('express')();\nfunction h(req, res) { use(req.query.q); }\napp.get('/', h);\n"
    assert foreign(analyse(text, "javascript"))


@pytest.mark.parametrize(
    ("pattern", "name", "by_simple_name", "expected"),
    [
        ("a.b", "a.b", False, True),
        ("a.b", "x.b", False, False),
        ("a.b", "x.b", True, True),
        ("*.b", "x.y.b", False, True),
        ("*.b", "b", False, True),
        ("*.b", "xb", False, False),
        ("a.Route", "RouteAttribute", True, True),
        ("a.b", "", True, False),
    ],
)
def test_patterns_mean_names(pattern: str, name: str, by_simple_name: bool, expected: bool) -> None:
    assert matches_name(pattern, name, by_simple_name=by_simple_name) is expected

"""Debugging that only a development build or run switches on."""

import pytest

from graph_model.analysis import analyse_file
from graph_model.languages import BY_NAME
from graph_model.linking import link_files

_LABEL = "security/debug-enabled"
_EXPRESS = "const e = require('express');\nconst app = e();\n"
_USE = "app.use(require('errorhandler')());"
_FLASK = "from flask import Flask\nfrom werkzeug.debug import DebuggedApplication\napp = Flask('ü')\n"
_CSHARP = (
    "class C {{ void F(IApplicationBuilder app, IWebHostEnvironment env, DbContextOptionsBuilder o) {{\n{}\n }} }}"
)
_PAGE = "app.UseDeveloperExceptionPage();"

DEVELOPMENT = [
    ("javascript", _EXPRESS + f"if (process.env.NODE_ENV !== 'production') {{ {_USE} }}\n"),
    ("javascript", _EXPRESS + f"if (process.env.NODE_ENV === 'production') {{ go(); }} else {{ {_USE} }}\n"),
    ("javascript", _EXPRESS + f"if (isDev) {{ {_USE} }}\n"),
    ("csharp", _CSHARP.format(f"if (env.IsDevelopment()) {{ {_PAGE} }}")),
    ("csharp", _CSHARP.format(f"if (!env.IsProduction()) {{ {_PAGE} }}")),
    ("csharp", _CSHARP.format("#if DEBUG\no.EnableSensitiveDataLogging();\n#endif")),
    ("csharp", _CSHARP.format("if (env.IsDevelopment()) { add(x => x.EnableSensitiveDataLogging()); }")),
    ("python", _FLASK + "if settings.DEBUG:\n    DebuggedApplication(app)\n"),
    ("python", _FLASK + "if settings.IS_DEV:\n    app.config['DEBUG'] = True\n"),
]
ANYWHERE = [
    ("javascript", _EXPRESS + f"if (process.env.NODE_ENV === 'production') {{ {_USE} }}\n"),
    ("javascript", _EXPRESS + f"if (!isDev) {{ {_USE} }}\n"),
    ("csharp", _CSHARP.format(f"if (!env.IsDevelopment()) {{ {_PAGE} }}")),
    ("csharp", _CSHARP.format("add(x => x.EnableSensitiveDataLogging());")),
    ("python", _FLASK + "app.config['DEBUG'] = True\n"),
    ("python", _FLASK + "DebuggedApplication(app)\n"),
]
_LOOP = "import java.util.*;\nclass C {{ String f(List<String> xs) {{ for (String x : xs) {{ {} }} return null; }} }}\n"
ONCE = [
    _LOOP.format('if (x.isEmpty()) { return x.replaceFirst("a+", "b"); }'),
    _LOOP.format('if (x.isEmpty()) { throw new RuntimeException(x.replaceAll("a+", "b")); }'),
    'class C { String f(String x) { return x.replaceFirst("a+", "b"); } }\n',
]
EACH = [_LOOP.format('g(x.replaceFirst("a+", "b"));')]


def find(text: str, language: str) -> set[str]:
    path = "m" + BY_NAME[language].suffixes[0]
    linked = link_files([analyse_file(path, text.encode(), BY_NAME[language])])
    return {candidate.label for candidate in linked[path]}


@pytest.mark.parametrize(("language", "text"), DEVELOPMENT)
def test_debugging_in_development_is_not_reported(language: str, text: str) -> None:
    assert _LABEL not in find(text, language)


@pytest.mark.parametrize(("language", "text"), ANYWHERE)
def test_debugging_elsewhere_is_reported(language: str, text: str) -> None:
    assert _LABEL in find(text, language)


def test_any_origin_in_development_is_not_reported() -> None:
    allow = "const cors = require('cors');\n{}app.use(cors({{ origin: true, credentials: true }}));\n"
    assert "security/permissive-cors" in find(_EXPRESS + allow.format(""), "javascript")
    assert "security/permissive-cors" not in find(_EXPRESS + allow.format("if (!isProduction) "), "javascript")


def test_a_debugger_that_only_this_machine_reaches_is_not_reported() -> None:
    run = "from flask import Flask\napp = Flask('a')\napp.run(debug=True{})\n"
    assert _LABEL in find(run.format(""), "python")
    assert _LABEL in find(run.format(", host='0.0.0.0'"), "python")
    assert _LABEL not in find(run.format(", host='127.0.0.1'"), "python")


@pytest.mark.parametrize("text", ONCE)
def test_pattern_that_is_compiled_once_is_not_reported(text: str) -> None:
    assert "performance/repeated-compilation" not in find(text, "java")


@pytest.mark.parametrize("text", EACH)
def test_pattern_that_is_compiled_in_each_round_is_reported(text: str) -> None:
    assert "performance/repeated-compilation" in find(text, "java")

"""Detectors by family: bad code is proposed under its label, its repaired twin is not."""

import pytest

from graph_model.analysis import analyse_file
from graph_model.candidates.model import Candidate
from graph_model.languages import BY_NAME
from graph_model.linking import link_files

PYTHON, JAVASCRIPT, JAVA, CSHARP = "python", "javascript", "java", "csharp"
Case = tuple[str, str, str, str]  # label, language, bad, good


def find(text: str, language: str) -> list[Candidate]:
    path = "app/m" + BY_NAME[language].suffixes[0]
    return list(link_files([analyse_file(path, text.encode(), BY_NAME[language])])[path])


def in_java(body: str, parameters: str = "", result: str = "void") -> str:
    return f"import java.util.*;\nclass C {{ {result} f({parameters}) {{ {body} }} }}\n"


def in_csharp(body: str, signature: str = "void F()") -> str:
    usings = "using System.Collections.Generic;\nusing System.IO;\nusing System.Threading.Tasks;\n"
    return f"{usings}class C {{ private readonly object _gate = new(); {signature} {{ {body} }} }}\n"


LOOPS: list[Case] = [
    (
        "performance/linear-search-in-loop",
        JAVA,
        in_java(
            "List<String> known = new ArrayList<>(n); for (String x : xs) { known.remove(x); }",
            "List<String> xs, List<String> n",
        ),
        in_java(
            "List<String> known = new ArrayList<>(n); for (String x : xs) { int i = g(x); known.remove(i); }",
            "List<String> xs, List<String> n",
        ),
    ),
    (
        "performance/linear-search-in-loop",
        PYTHON,
        "def f(xs, n):\n    known = list(n)\n    for x in xs:\n        if x in known:\n            g(x)\n",
        "def f(xs, n):\n    known = set(n)\n    for x in xs:\n        if x in known:\n            g(x)\n",
    ),
    (
        "performance/linear-search-in-loop",
        JAVA,
        in_java(
            "List<String> known = new ArrayList<>(n); for (String x : xs) { if (known.contains(x)) g(x); }",
            "List<String> xs, List<String> n",
        ),
        in_java(
            "Set<String> known = new HashSet<>(n); for (String x : xs) { if (known.contains(x)) g(x); }",
            "List<String> xs, List<String> n",
        ),
    ),
    (
        "performance/linear-search-in-loop",
        CSHARP,
        in_csharp(
            "foreach (var x in xs) { if (known.Contains(x)) G(x); }", "void F(List<string> xs, List<string> known)"
        ),
        in_csharp(
            "foreach (var x in xs) { if (known.Contains(x)) G(x); }", "void F(List<string> xs, HashSet<string> known)"
        ),
    ),
    (
        "performance/string-concatenation-in-loop",
        JAVA,
        in_java('String s = ""; for (String x : xs) { s += x; } return s;', "List<String> xs", "String"),
        in_java(
            "StringBuilder s = new StringBuilder(); for (String x : xs) { s.append(x); } return s.toString();",
            "List<String> xs",
            "String",
        ),
    ),
    (
        "performance/string-concatenation-in-loop",
        CSHARP,
        in_csharp('string s = ""; foreach (var x in xs) { s += x; } return s;', "string F(List<string> xs)"),
        in_csharp('foreach (var x in xs) { string s = ""; s += x; G(s); } return "";', "string F(List<string> xs)"),
    ),
    (
        "performance/nested-loop-join",
        PYTHON,
        "def f(xs, ys):\n    for x in xs:\n        for y in ys:\n            if x.id == y.id:\n                g()\n",
        "def f(xs):\n    for x in xs:\n        for y in x.parts:\n            if x.id == y.id:\n                g()\n",
    ),
    (
        "performance/copy-in-loop",
        JAVASCRIPT,
        "function f(xs) { let all = []; for (const x of xs) { all = [...all, x]; } return all; }\n",
        "function f(xs) { const all = []; for (const x of xs) { all.push(x); } return all; }\n",
    ),
    (
        "performance/repeated-compilation",
        JAVASCRIPT,
        "function f(xs, w) { for (const x of xs) { const p = new RegExp(w); g(p, x); } }\n",
        "function f(xs) { for (const x of xs) { const p = new RegExp(x); g(p); } }\n",
    ),
]
RESOURCES: list[Case] = [
    (
        "performance/unclosed-resource",
        PYTHON,
        "import sqlite3\ndef f(p):\n    c = sqlite3.connect(p)\n    return c.execute('SELECT 1').fetchone()[0]\n",
        (
            "import sqlite3\ndef f(p):\n    c = sqlite3.connect(p)\n    try:\n        g(c.execute('SELECT 1'))\n"
            "    finally:\n        c.close()\n"
        ),
    ),
    (
        "performance/whole-file-in-memory",
        CSHARP,
        in_csharp("foreach (var line in File.ReadAllLines(p)) { G(line); }", "void F(string p)"),
        in_csharp("foreach (var line in File.ReadLines(p)) { G(line); }", "void F(string p)"),
    ),
    (
        "performance/needless-materialization",
        JAVASCRIPT,
        "function f(m) { for (const x of Array.from(m.values())) { g(x); } }\n",
        "function f(m) { for (const x of m.values()) { g(x); } }\n",
    ),
    (
        "performance/unbounded-cache",
        PYTHON,
        "from functools import lru_cache\n@lru_cache(maxsize=None)\ndef f(x):\n    return g(x)\n",
        "from functools import lru_cache\n@lru_cache(maxsize=64)\ndef f(x):\n    return g(x)\n",
    ),
    (
        "performance/unbounded-cache",
        JAVA,
        "import java.util.*;\nclass C { Map<String, String> cache; void f(String k) { cache.put(k, k); } }\n",
        in_java("Map<String, String> cache = new HashMap<>(); cache.put(k, k);", "String k"),
    ),
    (
        "performance/unbounded-cache",
        JAVA,
        "import java.util.*;\nclass C { Map<String, String> cache; void f(String k) { cache.put(k, k); } }\n",
        "import java.util.*;\nclass C { Map<String, String> cache; C(String k) { cache.put(k, k); } }\n",
    ),
]
WRITER = (
    "import java.io.*;\nclass C extends {0} {{ synchronized void put(String p) throws IOException "
    "{{ new FileOutputStream(p).write(1); }} }}\n"
)
CONCURRENCY: list[Case] = [
    (
        "performance/sync-over-async",
        CSHARP,
        in_csharp("return GetAsync().Result;", "string F()"),
        in_csharp("return await GetAsync();", "async Task<string> F()"),
    ),
    (
        "performance/sequential-await-in-loop",
        JAVASCRIPT,
        "async function f(us) { for (const u of us) { await g(u); } }\n",
        "async function f(us) { await Promise.all(us.map((u) => g(u))); }\n",
    ),
    (
        "correctness/missing-await",
        PYTHON,
        "async def g():\n    pass\n\n\nasync def f():\n    g()\n",
        "async def g():\n    pass\n\n\nasync def f():\n    await g()\n",
    ),
    (
        "performance/lock-held-during-io",
        CSHARP,
        in_csharp("lock (_gate) { File.AppendAllText(p, p); }", "void F(string p)"),
        in_csharp("lock (_gate) { _n++; } File.AppendAllText(p, p);", "void F(string p)"),
    ),
    (
        "performance/lock-held-during-io",
        JAVA,
        WRITER.format("Job"),
        WRITER.format("Writer"),
    ),
    (
        "performance/blocking-call-in-async",
        PYTHON,
        "import time\nasync def f():\n    time.sleep(1)\n",
        "import time\ndef f():\n    time.sleep(1)\n",
    ),
]
GUARDED = "@app.route('/{0}')\n@login_required\ndef {0}():\n    return g()\n\n\n"
TRUST: list[Case] = [
    (
        "security/hardcoded-credentials",
        PYTHON,
        "password = 'Qk9-pLm2vQ8w'\n",
        "import os\npassword = os.environ['PASSWORD']\n",
    ),
    (
        "security/hardcoded-credentials",
        JAVA,
        in_java('String password = "Qk9-pLm2vQ8w"; g(password);'),
        in_java('String password = System.getenv("P"); String passwordField = "Qk9-pLm2vQ8w"; g(password);'),
    ),
    (
        "security/hardcoded-credentials",
        CSHARP,
        in_csharp('var apiKey = "Qk9-pLm2vQ8w"; G(apiKey);'),
        in_csharp('var apiKey = "changeme"; G(apiKey);'),
    ),
    (
        "security/timing-comparison",
        JAVASCRIPT,
        "function f(given, signature) { return given === signature; }\n",
        "function f(signature) { return signature === null; }\n",
    ),
    (
        "security/timing-comparison",
        PYTHON,
        "def verify(self, token):\n    return self.make_token() == token\n",
        "def f(cls, api_key):\n    return cls.query.filter(cls.api_key == api_key).one()\n",
    ),
    (
        "security/timing-comparison",
        PYTHON,
        "def login(user, password):\n    return user.password == password\n",
        "def f(password, password1):\n    return password == password1\n",
    ),
    (
        "security/timing-comparison",
        PYTHON,
        "def f(signature, expected):\n    return signature == expected\n",
        "def f(record, token, next_token):\n    return record == token or next_token == record\n",
    ),
    (
        "security/timing-comparison",
        PYTHON,
        "import hmac\ndef f(h, sent):\n    return h.hexdigest() == sent\n",
        "import hashlib\ndef f(h, sha256):\n    return h.hexdigest() == sha256\n",
    ),
    (
        "security/missing-authorization",
        PYTHON,
        "from flask import Flask\nfrom flask_login import login_required\napp = Flask(__name__)\n\n\n"
        + "".join(GUARDED.format(name) for name in ("a", "b", "c"))
        + "@app.route('/delete')\ndef delete():\n    return g()\n",
        "from flask import Flask\nfrom flask_login import login_required\napp = Flask(__name__)\n\n\n"
        + "".join(GUARDED.format(name) for name in ("a", "b", "c", "delete")),
    ),
]
SMELLS: list[Case] = [
    (
        "maintainability/swallowed-exception",
        JAVA,
        in_java("try { g(); } catch (Exception e) { }"),
        in_java("try { g(); } catch (Exception e) { log(e); }"),
    ),
    (
        "maintainability/unreachable-code",
        CSHARP,
        in_csharp("return; G();"),
        in_csharp("if (H()) return; G();"),
    ),
    (
        "maintainability/unreachable-code",
        CSHARP,
        in_csharp("\n#if A\nG();\n#elif B\nreturn;\nG();\n#endif\n"),
        in_csharp("\n#if A\nreturn;\n#elif B\nG(); return;\n#else\nG();\n#endif\n"),
    ),
    (
        "maintainability/unreachable-code",
        CSHARP,
        in_csharp("return; G();"),
        in_csharp("return G()\n.With(x =>\n{\n})\n#if !A\n.One()\n#endif\n.Two();"),
    ),
    (
        "maintainability/unused-assignment",
        PYTHON,
        "def f():\n    x = g()\n    return 1\n",
        "def f():\n    x = g()\n    return lambda: x\n",
    ),
    (
        "maintainability/duplicate-branches",
        JAVASCRIPT,
        "function f(a) { if (a) { g(1); } else { g(1); } }\n",
        "function f(a) { if (a) { g(1); } else { g(2); } }\n",
    ),
    (
        "maintainability/complicated-condition",
        PYTHON,
        "def f(a, b, c, d, e):\n    if a and b or c and d or e:\n        g()\n",
        "def f(a, b, c, d, e):\n    if a and b or c and d:\n        g()\n",
    ),
    (
        "maintainability/long-switch",
        JAVA,
        in_java("switch (n) { " + " ".join(f"case {i}: g({i}); break;" for i in range(16)) + " }", "int n"),
        in_java("switch (n) { " + " ".join(f"case {i}: g({i}); break;" for i in range(15)) + " }", "int n"),
    ),
    (
        "maintainability/too-many-parameters",
        JAVASCRIPT,
        "function f(a, b, c, d, e, g, h) { return a; }\n",
        "function f(a, b, c, d, e, g) { return a; }\n",
    ),
    (
        "maintainability/deep-nesting",
        PYTHON,
        "def f(a):\n" + "".join(f"{'    ' * i}if a[{i}]:\n" for i in range(1, 6)) + "    " * 6 + "g()\n",
        "def f(a):\n" + "".join(f"{'    ' * i}if a[{i}]:\n" for i in range(1, 5)) + "    " * 5 + "g()\n",
    ),
    (
        "maintainability/large-class",
        CSHARP,
        "class C { " + " ".join(f"int _f{i};" for i in range(21)) + " }\n",
        "class C { " + " ".join(f"int _f{i};" for i in range(20)) + " }\n",
    ),
    (
        "maintainability/flag-parameter",
        PYTHON,
        "def f(x, fast=False):\n    if fast:\n        a(x)\n        b(x)\n    else:\n        c(x)\n        d(x)\n",
        "def f(x, fast):\n    if fast:\n        a(x)\n        b(x)\n    else:\n        c(x)\n        d(x)\n",
    ),
    (
        "correctness/mutable-default-argument",
        PYTHON,
        "def f(x, seen=[]):\n    seen.append(x)\n    return seen\n",
        "def f(x, seen=()):\n    return (*seen, x)\n",
    ),
]
SETTINGS: list[Case] = [
    ("security/debug-enabled", PYTHON, "INSTALLED_APPS = []\nDEBUG = True\n", "INSTALLED_APPS = []\nDEBUG = False\n"),
    (
        "security/disabled-certificate-verification",
        PYTHON,
        "import boto3\nstore = boto3.client('s3', verify=False)\n",
        "import boto3\nstore = boto3.client('s3', verify='ca.pem')\n",
    ),
    (
        "security/permissive-cors",
        JAVASCRIPT,
        "const cors = require('cors');\napp.use(cors({ origin: true, credentials: true }));\n",
        "const cors = require('cors');\napp.use(cors({ origin: 'https://a.example', credentials: true }));\n",
    ),
    (
        "security/weak-hash",
        JAVA,
        (
            "import org.apache.commons.codec.digest.DigestUtils;\n"
            "class C { String f(byte[] b) { String token = DigestUtils.md5Hex(b); return token; } }\n"
        ),
        (
            "import org.apache.commons.codec.digest.DigestUtils;\n"
            "class C { String f(byte[] b) { String token = DigestUtils.sha256Hex(b); return token; } }\n"
        ),
    ),
    (
        "security/weak-hash",
        CSHARP,
        (
            "using Microsoft.IdentityModel.Tokens;\nclass C { object F(SecurityKey k) {\n"
            "  return new SigningCredentials(k, SecurityAlgorithms.RsaSha1Signature); } }\n"
        ),
        (
            "using Microsoft.IdentityModel.Tokens;\nclass C { object F(SecurityKey k) {\n"
            "  return new SigningCredentials(k, SecurityAlgorithms.RsaSha256); } }\n"
        ),
    ),
]
FAMILIES = {
    "loops": LOOPS,
    "resources": RESOURCES,
    "concurrency": CONCURRENCY,
    "trust": TRUST,
    "smells": SMELLS,
    "settings": SETTINGS,
}
TABLE = [
    pytest.param(*case, id=f"{family}-{case[0].partition('/')[2]}-{case[1]}")
    for family, cases in FAMILIES.items()
    for case in cases
]


@pytest.mark.parametrize(("label", "language", "bad", "good"), TABLE)
def test_bad_code_is_proposed_and_its_repair_is_not(label: str, language: str, bad: str, good: str) -> None:
    found = find(bad, language)
    assert label in {c.label for c in found}, sorted({c.label for c in found})
    assert label not in {c.label for c in find(good, language)}


@pytest.mark.parametrize(("label", "language", "bad", "good"), TABLE)
def test_a_candidate_lies_in_its_file_and_is_proposed_once(label: str, language: str, bad: str, good: str) -> None:
    size = len(bad.encode())
    places = [(c.label, c.start, c.end) for c in find(bad, language)]
    assert len(set(places)) == len(places)
    assert all(0 <= start < end <= size for _, start, end in places)


@pytest.mark.parametrize("secret", ["xoxb-2048-77f1aC", "myS3cret-9911", "Root99-kQz81"])
def test_a_secret_that_begins_like_a_placeholder_is_one_all_the_same(secret: str) -> None:
    assert "security/hardcoded-credentials" in {c.label for c in find(f"password = '{secret}'\n", PYTHON)}


@pytest.mark.parametrize("text", ["xxxxxxxx", "password123", "your_Password_1", "myPassword", "Test-1234", "<secret>"])
def test_a_placeholder_is_no_secret(text: str) -> None:
    assert "security/hardcoded-credentials" not in {c.label for c in find(f"password = '{text}'\n", PYTHON)}


@pytest.mark.parametrize(
    "condition",
    [
        "form.Password == form.PasswordAgain",
        "kind == TokenType.AccessToken",
        "users.Any(u => u.Token == given)",
        "users.FirstOrDefaultAsync(u => u.ApiKey == given) != null",
    ],
)
def test_comparison_that_tells_no_secret_takes_any_time(condition: str) -> None:
    text = in_csharp(f"if ({condition}) G();", "void F(Form form, TokenType kind, Users users, string given)")
    assert [c for c in find(text, CSHARP) if c.label == "security/timing-comparison"] == []


def test_comparison_of_two_objects_secrets_is_timed() -> None:
    text = in_csharp("if (user.Token == form.Token) G();", "void VerifyToken(Form form, User user)")
    assert [c for c in find(text, CSHARP) if c.label == "security/timing-comparison"]


def test_whether_two_objects_are_alike_is_no_check_of_a_secret() -> None:
    method = "def {}(self, token):\n    return self.token == token\n"
    assert "security/timing-comparison" in {c.label for c in find(method.format("check_token"), PYTHON)}
    assert "security/timing-comparison" not in {c.label for c in find(method.format("__eq__"), PYTHON)}


def test_a_value_compared_with_a_part_of_itself_tells_nothing() -> None:
    check = "def check_token(token, prefix):\n    body = {}\n    return body == token\n"
    assert "security/timing-comparison" in {c.label for c in find(check.format("prefix.of()"), PYTHON)}
    text = check.format("token.removeprefix(prefix)")
    assert "security/timing-comparison" not in {c.label for c in find(text, PYTHON)}


def test_tokens_of_a_parser_are_no_secrets() -> None:
    check = "class {}:\n    def check(self, token, expected_token):\n        return token == expected_token\n"
    assert "security/timing-comparison" in {c.label for c in find(check.format("Gate"), PYTHON)}
    assert "security/timing-comparison" not in {c.label for c in find(check.format("QueryParser"), PYTHON)}


SITE = (
    "from django.contrib.auth.decorators import login_required\nfrom django.views.decorators.http import require_POST\n"
)


ONE = "@require_POST\ndef one(request, code):\n    return Check.objects.get(code=code)\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("@require_POST\ndef one(request, code):\n    return show(Check.objects.get(code=code))\n", True),
        ("@require_POST\ndef one(request, code):\n    return export(code)\n", True),
        ("@require_POST\ndef remove_one(request):\n    return done()\n", True),
        ("@require_POST\ndef guide(request):\n    return render(request, 'guide.html')\n", False),
        ("@require_POST\ndef preview(request):\n    return render(request, request.POST.get('text'))\n", False),
        ("@require_POST\ndef authorize_one(request, code):\n    return Check.objects.get(code=code)\n", False),
        ("@require_POST\n@admins_only\ndef one(request, code):\n    return Check.objects.get(code=code)\n", False),
        (
            "@require_POST\n@requires_basic_auth_if_open\ndef one(r, a):\n    return Check.objects.get(code=a)\n",
            False,
        ),
        ("@require_POST\ndef login_post(request, code):\n    return Check.objects.get(code=code)\n", False),
        ("@require_POST\ndef login_history(request, code):\n    return Check.objects.get(code=code)\n", True),
        ("@staticmethod\ndef one(request, code):\n    return Check.objects.get(code=code)\n", False),
        (f"{ONE}\n\n@login_required\ndef two(request):\n    return one(request, 1)\n", False),
        (f"{ONE}\n\nrouter = APIRouter(dependencies=[Depends(get_current_user)])\n", False),
    ],
)
def test_an_entry_without_a_guard_has_something_to_protect(text: str, expected: bool) -> None:
    decorators = "@require_POST\n@staticmethod\n@login_required\n"
    guarded = "".join(f"{decorators}def {name}(request):\n    pass\n\n\n" for name in "abc")
    assert ("security/missing-authorization" in {c.label for c in find(SITE + guarded + text, PYTHON)}) is expected


@pytest.mark.parametrize(("base", "expected"), [("ControllerBase", True), ("ShopController", False)])
def test_a_guard_may_be_on_a_base_that_another_file_holds(base: str, expected: bool) -> None:
    action = "[Authorize] [HttpPost] public IActionResult {}(int id) {{ return Ok(); }}\n"
    guarded = "".join(action.format(name) for name in ("Pay", "Ship", "Bill"))
    open_one = "[HttpPost] public IActionResult Delete(int id) { return Ok(); }\n"
    text = f"using Microsoft.AspNetCore.Mvc;\nclass Orders : {base} {{\n{guarded}{open_one}}}\n"
    assert ("security/missing-authorization" in {c.label for c in find(text, CSHARP)}) is expected

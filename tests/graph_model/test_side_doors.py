"""What an edit changes elsewhere by a way that is easily overlooked; each text was once one that went wrong."""

import pytest

from graph_model.incremental import IncrementalAnalyser
from graph_model.incremental.testing import follow

ANALYSER = IncrementalAnalyser()
JAVA_FIELD = "class A { void m() { new Base() { Foo x; void go() { x.run(); } }; } }"
YAML = "import org.yaml.snakeyaml.Yaml;\nclass A { "
YAML_OUTSIDE = YAML + (
    "Object m(String s) { Yaml y = build(() -> { return new PlainConstructor(); }); return run(() -> y.load(s)); } }"
)
YAML_FIELD = YAML + (
    "Yaml y = build(() -> { return new PlainConstructor(); }); @PostMapping Object m(@RequestBody String s) "
    "{ return y.load(s); } }"
)
TWINS = """\
class A:
    def __init__(self): self.x = open("f")
    def m(self): return self.x.read()
class A:
    def __init__(self): self.x = open("g")
    def n(self): return self.x.read()
"""
FLASK = """\
from flask import Flask
app = Flask(__name__)
def main(envs):
    if any(map(lambda e: e.name, envs)):
        each(lambda: app.run(debug=True))
"""
ROUTES = """\
from fastapi import APIRouter, Depends
router = APIRouter()
@router.post("/a")
def a(x, u=Depends(lambda r: r.name)): return db.save(x)
@router.post("/b")
def b(x, u=Depends(lambda r: r.current_user)): return db.save(x)
@router.post("/c")
def save_c(x): return db.save(x)
"""
VIEWS = """\
from django.views import View
class V(View):
    def get(self, req):
        self.r = req
        return 1
    def other(self): return open(self.r.GET["x"])
"""
COMMENTS = "function a() {\n  /** @param z */\n} function f(x) { return x }\n"
FIELDS = """\
import sqlite3
class A:
    def a(self): self.x = open("f")
    def b(self): self.x = sqlite3.connect("g")
    def go(self, q): return self.x.execute(f"select {q}")
"""
ALIASES = """\
import os
def run(x): os.system(x)
start = run
begin = start
def go(x):
    begin(x)
    if run: later(x)
@run
def other(x): pass
def run2(x): return run(x)
"""
OVERLOADS = "class C { void a(String s) { b(s); } void b(String s) { run(s); } void b(int i) { a(null); } }"
EXPORTS = "export function a(x) { b(x) }\nexport { b as c }\nfunction b(y) { eval(y) }\nmodule.exports.a = a\n"
OBJECT = "register({ go(x) { eval(x) }, stop(x) { this.go(x) } })\nfunction run() { go(1) }\n"
ATTRIBUTES = (
    "class C { static int K; [A((K = 1))] void a() {} void b(string s) { if (K == 1) { x(s); } else { y(s); } } }"
)


CHAIN = """\
import os
def outer(c):
    path = "a"
    other = path
    def inner(x):
        here = path
        if here == "a": log(x)
        else: os.system(x)
        if other == "a": log(x)
        else: eval(x)
"""
HIDDEN = """\
import os
g = 1
def f(): pass
def h(x):
    y = g
    if y == 1: os.system(x)
    else: eval(x)
"""
TWO_ON_A_LINE = "function outer() {\n  /** @param zz x */\n  const f = (a) => a, g = (b) => b;\n}\n"
REGISTERS = """\
const app = require('express')();
function outer(a, b) {
  app.get('/x', outer);
  b.send(a.query.y);
  const f = () => { b.send(a.query.x); };
}
"""
HANDS_OVER = """\
const app = require('express')();
function reg() { app.get('/', handler); }
function handler2(a, b) { b.send(a.query.x) }
"""
IMPORTED = "import foo from 'run';\nfunction run2(): Request {}\nfunction h() { return foo().query() }\n"
GLOBAL = """\
import sqlite3
x = sqlite3.connect("a")
def f(q):
    global x
    x.execute(q)
    x = open(q)
"""
PRODUCES = '@Produces(() => "text/html") class C { @Get() m(@Query() q, @Res() res) { res.send(q) } }\n'
DECORATED = """\
from django.urls import path
def handler(req): return run(req.GET["x"])
class C:
    @other(path("/", nobody))
    def m(self): pass
"""
MADE_UP = """\
const crypto = require('crypto');
function outer(q) {
  const { digest } = () => password;
  return crypto.createHash('md5').update(digest).digest('hex');
}
"""
CALLBACKS = """\
const app = require('express')();
function outer(a, b) {
  const rest = () => a.query.y;
  each((q) => { b.send(a.query.x + q); }, "one", function (r) { run(r, (s) => eval(s)); });
  app.get("/x", (req, res) => { res.send(req.query.x + rest()); });
  const named = wrap((t) => { b.send(t); class A { m() {} } });
}
"""
STREAM = """\
class A { void m(List<String> names, HttpServletRequest request) {
  String first = request.getParameter("q");
  names.forEach(n -> run(n + first), "one", (String x) -> { Runtime.getRuntime().exec(x + first); });
  later(() -> first);
} }
"""


@pytest.mark.parametrize(
    ("path", "text", "old", "new"),
    [
        ("A.java", JAVA_FIELD, "Foo", "java.io.File"),
        ("A.java", YAML_OUTSIDE, "PlainConstructor", "SafeConstructor"),
        ("A.java", YAML_FIELD, "PlainConstructor", "SafeConstructor"),
        ("a.py", TWINS, 'open("f")', "foo.Bar()"),
        ("a.py", TWINS, "def m(self): return self.x.read()", "def m(self): return 1"),
        ("a.py", FLASK, "e.name", "e.development"),
        ("a.py", ROUTES, "r.name", "r.current_user"),
        ("a.py", VIEWS, "req", "request"),
        ("a.js", COMMENTS, "@param z", "@param x"),
        ("a.js", COMMENTS, "*/\n}", "*/\n\n}"),
        ("a.ts", "function f() { namespace N { g() } }", "N", "M"),
        ("A.java", "class A { void a() { package foo; } }", "foo", "bar"),
        ("A.cs", ATTRIBUTES, "K = 1)", "K = 2)"),
        ("a.py", FIELDS, "def a(self)", "def c(self)"),
        ("a.py", ALIASES, "def run(x)", "def runs(x)"),
        ("a.py", ALIASES, "def run2(x)", "def run(x)"),
        ("a.py", ALIASES, "def go(x)", "def begin(x)"),
        ("A.java", OVERLOADS, "void b(int", "void c(int"),
        ("A.java", OVERLOADS, "void b(String", "void bb(String"),
        ("a.ts", EXPORTS, "function b", "function bb"),
        ("a.ts", EXPORTS, "function a", "function aa"),
        ("a.js", OBJECT, "go(x) {", "run(x) {"),
        ("a.py", CHAIN, 'path = "a"', 'path = "b"'),
        ("a.py", HIDDEN, "def f", "def g"),
        ("a.js", TWO_ON_A_LINE, "zz", "a"),
        ("a.js", REGISTERS, "app.get", "app.gets"),
        ("a.js", HANDS_OVER, "handler2", "handler"),
        ("a.ts", IMPORTED, "run2", "run"),
        ("a.py", GLOBAL, "global x", "global z"),
        ("a.ts", PRODUCES, "text/html", "text/plain"),
        ("a.js", MADE_UP, "password", "etag"),
        ("a.py", DECORATED, "nobody", "handler"),
        *(
            ("a.js", CALLBACKS, old, new)
            for old, new in (
                ('"one"', '"three"'),
                ("each(", "app.get("),
                ("app.get(", "app.gets("),
                ('"/x"', "a.query.z"),
                ("wrap(", "(await "),
                ("named =", "named = a ||"),
                ("each((q)", "each(1, async (q)"),
                ('"one", ', ""),
                ("named", "rest"),
            )
        ),
        *(
            ("A.java", STREAM, old, new)
            for old, new in (('"one"', '"three"'), ("names.forEach", "Other.go"), ('"q"', '"qq"'), ("later", "late"))
        ),
    ],
)
def test_what_an_edit_reaches_by_a_side_door_is_looked_at_again(path: str, text: str, old: str, new: str) -> None:
    assert old in text
    follow(ANALYSER, path, text)
    follow(ANALYSER, path, text.replace(old, new))
    follow(ANALYSER, path, text)

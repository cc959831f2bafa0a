from pathlib import Path

import pytest

from dataset_curation.errors import CurationError
from dataset_curation.injection.defect_kinds import Category, find_kind, load_kinds
from dataset_curation.injection.defects import blank_comments, load_defects, propose_defects
from dataset_curation.injection.structures import STRUCTURES
from dataset_curation.injection.trials import edit_content
from graph_model.catalogue import load_catalogue
from graph_model.edits.model import apply_edits, invert_edits
from graph_model.languages import BY_NAME, Family

LANGUAGES = {
    Family.PYTHON: BY_NAME["python"],
    Family.JAVASCRIPT: BY_NAME["javascript"],
    Family.JAVA: BY_NAME["java"],
    Family.CSHARP: BY_NAME["csharp"],
}
# Defect, sound code, and code like it that has no room for the defect.
SAMPLES = [
    ("python-weak-hash", "h = hashlib.sha256(x)\n", "h = hashlib.blake2b(x)\n"),
    ("python-weak-hash-passed", "f(hashlib.sha256)\n", "f(hashlib.sha256(x))\n"),
    (
        "python-certificate-unchecked",
        "import requests\nsession.get(u, verify=True)\n",
        "session.get(u, verify=False)\n",
    ),
    ("python-certificate-unchecked-added", "requests.get(url)\n", "requests.get(url, verify=ca)\n"),
    ("python-unsafe-yaml", "yaml.safe_load(x)\n", "yaml.safe_load(stream=x)\n"),
    ("python-unsafe-yaml-loader", "yaml.load(x, Loader=yaml.SafeLoader)\n", "yaml.load(x, Loader=yaml.Loader)\n"),
    ("python-weak-random", "import secrets\nsecrets.token_hex(8)\n", "import secrets\nsecrets.token_hex()\n"),
    ("python-unequal-time", "hmac.compare_digest(a, b)\n", "a == b\n"),
    ("python-sanitiser-dropped", "f(shlex.quote(x))\n", "f(shlex.split(x))\n"),
    ("python-parsing-dropped", "f(int(ü))\n", "f(int(x, 16))\n"),
    ("python-built-query", "c.execute('select %s', (x,))\n", "c.execute('select 1', (x,))\n"),
    ("python-cookie-flags", "r.set_cookie('a', b, secure=True)\n", "r.set_cookie('a', b, secure=is_secure)\n"),
    ("python-cookie-settings", "SESSION_COOKIE_SECURE = True\n", "SESSION_COOKIE_SECURE = False\n"),
    ("python-autoescape-off", "Environment(autoescape=True)\nt = 'a.html'\n", "Environment(autoescape=True)\n"),
    ("python-debug-on", "app.run(debug=False)\n", "app.run(debug=True)\n"),
    ("python-debug-setting", "DEBUG = False\nSECRET_KEY = a\n", "DEBUG = False\n"),
    ("python-temporary-name", "f = tempfile.NamedTemporaryFile()\n", "f = tempfile.NamedTemporaryFile('w')\n"),
    (
        "python-temporary-name-given",
        "f = tempfile.NamedTemporaryFile(suffix='ü', delete=False)\n",
        "f = tempfile.NamedTemporaryFile('w', delete=False)\n",
    ),
    ("python-weak-cipher", "c = Cipher(a, modes.CBC(v)).encryptor()\n", "c = Cipher(a, modes.CBC(v)).decryptor()\n"),
    (
        "python-weak-cipher-new",
        "c = AES.new(k, AES.MODE_CBC, v)\nc.encrypt(x)\n",
        "c = AES.new(k, AES.MODE_CBC, v)\nc.decrypt(x)\n",
    ),
    ("python-open-mode", "os.chmod(p, 0o600)\n", "os.chmod(p, 0o400)\n"),
    ("python-open-mode-executable", "os.chmod(p, 0o755)\n", "os.chmod(p, 0o555)\n"),
    ("python-entities-on", "from defusedxml import ElementTree\n", "from xml.etree import ElementTree\n"),
    ("python-old-tls", "ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)\n", "ssl.SSLContext()\n"),
    ("python-old-tls-version", "c.minimum_version = ssl.TLSVersion.TLSv1_2\n", "c.minimum_version = low\n"),
    ("python-unsigned-token", "jwt.decode(t, k, algorithms=['HS256'])\n", "jwt.decode(t, k)\n"),
    ("python-guard-decorator-dropped", "@login_required\ndef f():\n    pass\n", "@cached\ndef f():\n    pass\n"),
    ("python-shell-string", "subprocess.run(['ls', x])\n", "subprocess.run(command)\n"),
    ("python-eval-for-literal", "x = ast.literal_eval(y)\n", "x = ast.parse(y)\n"),
    ("python-blocking-sleep", "import asyncio\nasync def f():\n    await asyncio.sleep(1)\n", "await sleep(1)\n"),
    ("python-count-rows", "if q.filter(a).exists():\n    pass\n", "if path.exists:\n    pass\n"),
    ("python-list-for-set", "seen = set(a)\nseen.add(1)\n", "seen = set(a)\nseen.discard(1)\n"),
    ("python-list-for-empty-set", "seen = set()\nseen.add(1)\n", "seen = set()\nseen.discard(1)\n"),
    ("python-list-for-deque", "w = deque(a)\nw.popleft()\n", "w = deque(a)\nw.appendleft(1)\nw.popleft()\n"),
    ("python-list-for-deque-of-list", "w = deque([a])\nw.popleft()\n", "w = deque(a)\nw.popleft()\n"),
    ("python-list-for-empty-deque", "w = deque()\nw.popleft()\n", "w = deque()\nw.appendleft(1)\nw.popleft()\n"),
    ("python-cache-unbounded", "@lru_cache(maxsize=8)\ndef f(x): return x\n", "@lru_cache\ndef f(x): return x\n"),
    ("python-whole-file", "with open(p) as f:\n    for x in f:\n        pass\n", "for x in f:\n    pass\n"),
    ("javascript-weak-hash", "createHash('sha256');", "createHash('md5');"),
    ("javascript-certificate-unchecked", "f({ rejectUnauthorized: true });", "f({ rejectUnauthorized: 0 });"),
    ("javascript-weak-random", "const t = randomBytes(8).toString('hex');", "const t = Math.random();"),
    ("javascript-unequal-time", "timingSafeEqual(a, b);", "a === b;"),
    ("javascript-sanitiser-dropped", "f(encodeURIComponent(x));", "f(decodeURIComponent(x));"),
    ("javascript-parsing-dropped", "f(parseInt(x, 10));", "f(parseInt(x, 16));"),
    ("javascript-markup-for-text", "e.textContent = x;", "e.title = x;"),
    ("javascript-markup-for-inner-text", "e.innerText = x;", "e.innerHTML = x;"),
    ("javascript-jquery-markup-for-text", "$(e).text(name);", "$(e).text();"),
    ("javascript-built-query", "db.query('select ?, 1', [x]);", "db.query('?', [x]);"),
    ("javascript-built-query-end", "db.query('select ?', [x]);", "db.query('?', [x]);"),
    ("javascript-cookie-flags", "r.cookie('a', b, { httpOnly: true });", "r.cookie('a', b, {});"),
    ("javascript-unsigned-token", "jwt.verify(t, k);", "jwt.sign(t, k);"),
    ("javascript-weak-cipher", "createCipheriv('aes-256-cbc', k, v);", "createCipheriv('aes-256-gcm', k, v);"),
    ("javascript-old-tls", "f({ minVersion: 'TLSv1.2' });", "f({ maxVersion: 'TLSv1.3' });"),
    (
        "javascript-one-after-another",
        "async () => {\n  await Promise.all(a.map((b) => f(b)));\n}",
        "await Promise.all(a);",
    ),
    (
        "javascript-list-for-set",
        "const s = new Set(a.map((x) => x.b));\ns.has(b);",
        "const s = new Set(a.b);\ns.has(b);",
    ),
    (
        "javascript-list-for-set-of-array",
        "const f = (a: string[]) => { const s = new Set(a);\ns.has(b); }",
        "const f = (a: Set<string>) => { const s = new Set(a);\ns.has(b); }",
    ),
    ("javascript-blocking-file", "async () => { await fs.promises.readFile(p); }", "await fs.readFile(p);"),
    (
        "javascript-blocking-file-extra",
        "const fs = require('fs-extra');\nasync () => { await fs.readFile(p); }",
        "const fs = require('fs/promises');\nasync () => { await fs.readFile(p); }",
    ),
    ("javascript-eval-for-json", "JSON.parse(x);", "JSON.stringify(x);"),
    ("javascript-shell-string", "const { spawn } = require('child_process');\nspawn('ls', [x]);", "spawn('ls', [x]);"),
    ("javascript-shell-string-member", "child_process.spawn('ls', [x]);", "spawn('ls', [x]);"),
    ("java-weak-hash", 'class A { Object f() { return MessageDigest.getInstance("SHA-256"); } }', "class A {}"),
    (
        "java-weak-random",
        "import java.security.SecureRandom;\nclass A { SecureRandom r = new SecureRandom(); }",
        "class A { SecureRandom r = new SecureRandom(); }",
    ),
    (
        "java-weak-cipher",
        'class A { void f() { c = Cipher.getInstance("AES/CBC/PKCS5Padding"); c.init(1, k, v); } }',
        'class A { String c = "AES/GCM/NoPadding"; }',
    ),
    (
        "java-unequal-time",
        "class A { boolean b = MessageDigest.isEqual(x, y); }",
        "class A { boolean b = x.equals(y); }",
    ),
    ("java-cookie-flags", "class A { void f() { c.setSecure(true); } }", "class A { void f() { c.setSecure(isOn); } }"),
    (
        "java-sanitiser-dropped",
        "class A { String s = Encode.forHtml(x); }",
        "class A { String s = Decode.forHtml(x); }",
    ),
    (
        "java-parsing-dropped",
        "class A { int i = Integer.parseInt(x); }",
        "class A { int i = Integer.decode(x); }",
    ),
    (
        "java-entities-on",
        'class A { void f() {\n    d.setFeature("http://apache.org/xml/features/disallow-doctype-decl", true);\n} }',
        'class A { void f() {\n    g(getResource("a"));\n    d.setFeature("disallow-doctype-decl", true);\n} }',
    ),
    (
        "java-unsafe-yaml",
        "class A { Yaml y = new Yaml(new SafeConstructor(options)); }",
        "class A { Yaml y = new Yaml(new Constructor()); }",
    ),
    (
        "java-built-query",
        'class A { void f() {\n    s = c.prepareStatement("select ? or 1");\n    s.setString(1, x);\n} }',
        'class A { void f() {\n    s = c.prepareStatement("select ?, ?");\n    s.setString(1, x);\n} }',
    ),
    (
        "java-built-query-end",
        'class A { void f() {\n    s = c.prepareStatement("select ?");\n    s.setString(1, x);\n} }',
        'class A { void f() {\n    s = c.prepareStatement("?");\n    s.setString(1, x);\n} }',
    ),
    (
        "java-list-for-set",
        "import java.util.*;\nclass A { void f() { Set<String> s = new HashSet<>(); s.contains(x); } }",
        "import java.util.Set;\nclass A { void f() { Set<String> s = new HashSet<>(); s.contains(x); } }",
    ),
    (
        "java-guard-annotation-dropped",
        'class A {\n    @Secured("A")\n    void f() {}\n}',
        "class A {\n    @Test()\n    void f() {}\n}",
    ),
    (
        "java-certificate-unchecked",
        "class A { Object v = new DefaultHostnameVerifier(); }",
        "class A { Object v = x; }",
    ),
    ("java-old-tls", 'class A { void f() { g("TLSv1.2"); } }', 'class A { String t = "TLSv1.2"; }'),
    ("java-whole-file", "class A { Object l = Files.lines(path); }", "class A { Object l = Files.list(path); }"),
    ("csharp-weak-hash", "class A { object h = SHA256.Create(); }", "class A { object h = MD5.Create(); }"),
    (
        "csharp-weak-random",
        "class A { int i = RandomNumberGenerator.GetInt32(5); }",
        "class A { int i = r.GetInt32(5); }",
    ),
    (
        "csharp-weak-random-fill",
        "class A { void F() { RandomNumberGenerator.Fill(b); } }",
        "class A { void F() { x.Fill(b); } }",
    ),
    (
        "csharp-unequal-time",
        "class A { bool b = CryptographicOperations.FixedTimeEquals(x, y); }",
        "class A { bool b = x.SequenceEqual(y); }",
    ),
    (
        "csharp-cookie-flags",
        "class A { object c = new C { Secure = true }; }",
        "class A { void F() { c.Secure = true; } }",
    ),
    (
        "csharp-sanitiser-dropped",
        "class A { string s = Path.GetFileName(x); }",
        "class A { string s = Path.GetTempPath(); }",
    ),
    (
        "csharp-parsing-dropped",
        "class A { int i = int.Parse(x); }",
        "class A { int i = int.Abs(x); }",
    ),
    (
        "csharp-sync-over-async",
        "class A { async Task F() { var x = await a.GetAsync(b); } }",
        "class A { async Task F() { var x = await a; } }",
    ),
    (
        "csharp-sync-over-async-configured",
        "class A { async Task F() { var x = await a.GetAsync(b).ConfigureAwait(false); } }",
        "class A { async Task F() { var x = await a.GetAsync(b); } }",
    ),
    (
        "csharp-blocking-sleep",
        "using System.Threading;\nclass A { async Task F() { await Task.Delay(5); } }",
        "class A { async Task F() { await x.Delay(5); } }",
    ),
    (
        "csharp-blocking-file",
        "class A { async Task F() { await File.ReadAllTextAsync(p); } }",
        "class A { async Task F() { await other.ReadAllTextAsync(p); } }",
    ),
    (
        "csharp-blocking-file-configured",
        "class A { async Task F() { await reader.ReadToEndAsync(ct).ConfigureAwait(false); } }",
        "class A { async Task F() { await reader.ReadToEndAsync(ct); } }",
    ),
    (
        "csharp-count-rows",
        "class A { void F() {\n  if (q.Any(x => x.B)) { G(); } } }",
        "class A { void F() {\n  if (q.Any()) { G(); } } }",
    ),
    (
        "csharp-list-for-set",
        "class A { void F() { var s = new HashSet<int>(); s.Contains(1); } }",
        "class A { void F() { var s = new HashSet<int>(); if (s.Add(1)) { } } }",
    ),
    (
        "csharp-entities-on",
        "class A { object d = DtdProcessing.Prohibit; }",
        "class A { object d = DtdProcessing.Parse; }",
    ),
    (
        "csharp-any-type",
        "class A { object t = TypeNameHandling.None; }",
        "class A { object t = TypeNameHandling.Auto; }",
    ),
    (
        "csharp-unsigned-token",
        "class A { object p = new P { RequireSignedTokens = true }; }",
        "class A { object p = new P { RequireSignedTokens = isSafe }; }",
    ),
    (
        "csharp-guard-attribute-dropped",
        "class A {\n    [Authorize]\n    void F() {}\n}",
        "class A {\n    [HttpGet]\n    void F() {}\n}",
    ),
    (
        "csharp-built-query",
        'class A { object q = d.FromSqlInterpolated($"select {x}"); }',
        "class A { object q = d.FromSql(x); }",
    ),
    (
        "csharp-certificate-unchecked",
        "class A { object h = new HttpClientHandler(); }",
        "class A { object h = new HttpClientHandler { A = 1 }; }",
    ),
    ("csharp-old-tls", "class A { object t = SslProtocols.Tls12; }", "class A { object t = SslProtocols.None; }"),
    (
        "csharp-weak-cipher",
        "class A { object m = CipherMode.CBC; object e = a.CreateEncryptor(); }",
        "class A { object m = CipherMode.CBC; }",
    ),
    ("csharp-whole-file", "class A { object l = File.ReadLines(p); }", "class A { object l = File.ReadAllText(p); }"),
]


def test_every_defect_has_a_sample() -> None:
    assert sorted(name for name, _, _ in SAMPLES) == sorted(one.name for one in load_defects())


@pytest.mark.parametrize(("name", "sound", "refused"), SAMPLES, ids=[name for name, _, _ in SAMPLES])
def test_a_defect_and_its_twin_parse_and_can_be_undone(name: str, sound: str, refused: str) -> None:
    defect = next(one for one in load_defects() if one.name == name)
    family = next(iter(defect.families))
    for content in (sound.encode(), sound.replace("\n", "\r\n").encode()):
        found = [one for one in propose_defects(content, family) if one.name == name]
        assert len(found) == 1
        for edits in filter(None, (found[0].edits, found[0].twin)):
            broken = edit_content(content, edits, LANGUAGES[family])
            assert broken is not None
            assert apply_edits(broken, invert_edits(content, edits)) == content
        assert found[0].twin or found[0].renames or defect.twin_needs.pattern
        assert content[found[0].start : found[0].end]
    assert [one.name for one in propose_defects(refused.encode(), family) if one.name == name] == []


@pytest.mark.parametrize(
    ("name", "sound", "broken", "twin"),
    [
        ("python-weak-hash", "hashlib.sha256(x)", "hashlib.md5(x)", 'hashlib.new("sha256", x)'),
        (
            "python-unequal-time",
            "hmac.compare_digest(a, f(b))",
            "a == f(b)",
            "hmac.compare_digest(f(b), a)",
        ),
        (
            "csharp-blocking-file",
            "await reader.ReadToEndAsync(ct);",
            "reader.ReadToEnd();",
            "await reader.ReadToEndAsync(ct).ConfigureAwait(false);",
        ),
        (
            "csharp-blocking-file",
            "await File.WriteAllTextAsync(path, f(x), token);",
            "File.WriteAllText(path, f(x));",
            "await File.WriteAllTextAsync(path, f(x), token).ConfigureAwait(false);",
        ),
        (
            "python-cache-unbounded",
            "@lru_cache(maxsize=128)",
            "@lru_cache(maxsize=None)",
            "@lru_cache(maxsize=256)",
        ),
        (
            "java-built-query",
            'c.prepareStatement("a = ? or b");\n    s.setInt(1, x);',
            'c.prepareStatement("a = " + x + " or b");',
            'c.prepareStatement("a = " + "? or b");\n    s.setInt(1, x);',
        ),
        (
            "csharp-sync-over-async",
            "await a.GetAsync(x);",
            "a.GetAsync(x).GetAwaiter().GetResult();",
            "await a.GetAsync(x).ConfigureAwait(false);",
        ),
    ],
)
def test_defects_break_sound_code(name: str, sound: str, broken: str, twin: str) -> None:
    family = next(iter(next(one for one in load_defects() if one.name == name).families))
    found = [one for one in propose_defects(sound.encode(), family) if one.name == name]
    assert [apply_edits(sound.encode(), one.edits).decode() for one in found] == [broken]
    assert [apply_edits(sound.encode(), one.twin).decode() for one in found] == [twin]


def test_comments_and_other_families_are_left_alone() -> None:
    assert list(propose_defects(b"# hashlib.sha256(x)\n", Family.PYTHON)) == []
    assert list(propose_defects(b"hashlib.sha256(x)", Family.JAVA)) == []
    assert list(propose_defects(b"", Family.PYTHON)) == []
    assert list(propose_defects(b"import string\nsecrets.token_hex(8)\n", Family.PYTHON)) == []  # lacks the import


def test_blanking_keeps_length_and_strings() -> None:
    text = "a = '# no' # yes\nb = 1 // 2\n"
    assert blank_comments(text, Family.PYTHON) == "a = '# no'      \nb = 1 // 2\n"
    assert blank_comments("/* x\ny */ z // ü", Family.JAVA) == "    \n     z     "


def test_kinds_are_enough_and_every_one_is_made() -> None:
    kinds = load_kinds()
    made = {one.kind for one in load_defects()} | {one.kind for one in STRUCTURES} | {"guard-removed"}
    assert made == set(kinds)
    least = {Category.SECURITY: 14, Category.PERFORMANCE: 12, Category.CORRECTNESS: 8, Category.MAINTAINABILITY: 8}
    for category, number in least.items():
        assert sum(one.category is category for one in kinds.values()) >= number


def test_labels_are_of_the_catalogue_unless_a_span_stands_for_them() -> None:
    known = {label.id for label in load_catalogue()}
    for structure in STRUCTURES:
        assert set(structure.labels) <= known
        assert bool(structure.labels) == find_kind(structure.kind).needs_candidate
    with pytest.raises(CurationError, match="expected one of defect_kinds"):
        find_kind("typo")


def test_an_edit_that_adds_errors_or_repeats_an_argument_is_refused() -> None:
    language = BY_NAME["python"]
    content = Path(__file__).read_bytes()
    proposal = next(iter(propose_defects(b"requests.get(url)\n", Family.PYTHON)))
    assert edit_content(b"requests.get(url)\n", proposal.edits, language) == b"requests.get(url, verify=False)\n"
    at = content.index(b"import pytest")
    broken = proposal.edits[0].__class__(at, at + 6, b"import import")
    assert edit_content(content, (broken,), language) is None
    twice = proposal.edits[0].__class__(0, 9, b"f(a=1, a=2)")
    assert edit_content(b"f(a=1)   \n", (twice,), language) is None
    assert edit_content(b"f(a=1)\n", (), language) is None

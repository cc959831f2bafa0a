"""Every defect made by replacing text: where it is made and where not, and that its edits parse and can be undone."""

import pytest

from dataset_curation.injection.defects import load_defects, propose_defects
from dataset_curation.injection.trials import edit_content
from graph_model.edits.model import apply_edits, invert_edits
from graph_model.languages import BY_NAME, Family

LANGUAGES = {
    Family.PYTHON: BY_NAME["python"],
    Family.JAVASCRIPT: BY_NAME["javascript"],
    Family.JAVA: BY_NAME["java"],
    Family.CSHARP: BY_NAME["csharp"],
}


def _java(*lines: str) -> str:
    """A class with a method of these lines."""
    return "class A {\n    void f() {\n" + "".join(f"        {line}\n" for line in lines) + "    }\n}\n"


SETTINGS = "class A { object t = new S\n    {\n        TypeNameHandling = TypeNameHandling.None\n    };"
# Defect, sound code, and code like it that has no room for the defect.
SAMPLES = [
    (
        "python-certificate-unchecked",
        "import requests\nsession.get(u, verify=True)\n",
        "session.get(u, verify=False)\n",
    ),
    ("python-certificate-unchecked-added", "requests.get(url)\n", "requests.get(url, verify=ca)\n"),
    ("python-unsafe-yaml-loader", "yaml.load(x, Loader=yaml.SafeLoader)\n", "yaml.load(x, Loader=yaml.Loader)\n"),
    ("python-unequal-time", "hmac.compare_digest(token, b)\n", "hmac.compare_digest(size, b)\n"),
    ("python-parsing-dropped", "f(int(ü))\n", "f(int(x, 16))\n"),
    ("python-cookie-settings", "SESSION_COOKIE_SECURE = True\n", "SESSION_COOKIE_SECURE = False\n"),
    ("python-autoescape-off", "Environment(autoescape=True)\nt = 'a.html'\n", "Environment(autoescape=True)\n"),
    ("python-debug-on", "app.run(debug=False)\n", "app.run(debug=True)\n"),
    ("python-debug-setting", "DEBUG = False\nSECRET_KEY = a\n", "DEBUG = False\n"),
    ("python-old-tls-version", "c.minimum_version = ssl.TLSVersion.TLSv1_2\n", "c.minimum_version = low\n"),
    ("python-guard-decorator-dropped", "@login_required\ndef f():\n    pass\n", "@cached\ndef f():\n    pass\n"),
    ("python-eval-for-literal", "x = ast.literal_eval(y)\n", "x = ast.parse(y)\n"),
    ("python-blocking-sleep", "import asyncio\nasync def f():\n    await asyncio.sleep(1)\n", "await sleep(1)\n"),
    ("python-list-for-set", "seen = set(a)\nseen.add(1)\n", "seen = set(a)\nseen.discard(1)\n"),
    ("python-list-for-empty-set", "seen = set()\nseen.add(1)\n", "seen = set()\nseen.discard(1)\n"),
    ("python-list-for-deque", "w = deque(a)\nw.popleft()\n", "w = deque(a)\nw.appendleft(1)\nw.popleft()\n"),
    ("python-list-for-empty-deque", "w = deque()\nw.popleft()\n", "w = deque()\nw.appendleft(1)\nw.popleft()\n"),
    ("python-list-for-deque-of-list", "w = deque([a])\nw.popleft()\n", "w = deque(a)\nw.popleft()\n"),
    (
        "python-cache-unbounded",
        "@lru_cache(maxsize=128)\ndef f(x): return x\n",
        "@lru_cache(maxsize=64)\ndef f(x): return x\n",
    ),
    ("python-whole-file", "with open(p) as f:\n    for x in f:\n        pass\n", "for x in f:\n    pass\n"),
    ("javascript-certificate-unchecked", "f({ rejectUnauthorized: true });", "f({ rejectUnauthorized: 0 });"),
    ("javascript-parsing-dropped", "f(parseInt(x, 10));", "f(parseInt(x, 16));"),
    ("javascript-markup-for-text", "e.textContent = x;", "e.title = x;"),
    ("javascript-markup-for-inner-text", "e.innerText = x;", "e.innerHTML = x;"),
    ("javascript-jquery-markup-for-text", "$(e).text(name);", "$(e).text();"),
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
    (
        "java-unequal-time",
        "class A { boolean b = MessageDigest.isEqual(mac, y); }",
        "class A { boolean b = MessageDigest.isEqual(x, y); }",
    ),
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
        "java-unsafe-yaml",
        "class A { Yaml y = new Yaml(new SafeConstructor(options)); }",
        "class A { Yaml y = new Yaml(new Constructor()); }",
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
        "class A { bool b = CryptographicOperations.FixedTimeEquals(key, y); }",
        "class A { bool b = x.SequenceEqual(y); }",
    ),
    (
        "csharp-sanitiser-dropped",
        "class A { string s = WebUtility.HtmlEncode(x); }",
        "class A { string s = WebUtility.UrlEncode(x); }",
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
    ("csharp-whole-file", "class A { object l = File.ReadLines(p); }", "class A { object l = File.ReadAllText(p); }"),
    ("python-weak-hash", "token = hashlib.sha256(x)\n", "tree = hashlib.sha256(x)\n"),
    ("javascript-weak-hash", "const token = createHash('sha256');", "const hmacToken = createHash('sha256');"),
    (
        "java-weak-hash",
        'class Token { Object f() { return MessageDigest.getInstance("SHA-256"); } }',
        'class S256Token {\n    Object f() {\n        return MessageDigest.getInstance("SHA-256");\n    }\n}',
    ),
    (
        "csharp-weak-hash",
        "class A { object hash = SHA256.Create(); string password; }",
        "class A { object sha256 = SHA256.Create(); string password; }",
    ),
    ("python-unsafe-yaml", "yaml.safe_load(x)\n", "with open(REPO_ROOT / x) as f:\n    yaml.safe_load(f)\n"),
    (
        "python-weak-random",
        "import secrets\nsecrets.token_hex(8)\n",
        "import random\nimport secrets\nsecrets.token_hex(8)\n",
    ),
    (
        "javascript-weak-random",
        "const token = randomUUID();",
        "f({ id: randomUUID(), token });",
    ),
    (
        "javascript-weak-random-bytes",
        "const token = randomBytes(8).toString('hex');",
        "// Secure.\nconst token = randomBytes(8).toString('hex');",
    ),
    (
        "java-weak-random",
        "import java.security.SecureRandom;\nclass Token { SecureRandom r = new SecureRandom(); }",
        "import java.security.SecureRandom;\nclass Dice { SecureRandom r = new SecureRandom(); }",
    ),
    (
        "java-weak-random-constant",
        "import java.security.SecureRandom;\nclass Token { static final SecureRandom R = new SecureRandom(); }",
        "import java.security.SecureRandom;\nclass Token { final SecureRandom r = new SecureRandom(); }",
    ),
    (
        "python-unequal-time-refused",
        "if not hmac.compare_digest(a, signature):\n    pass\n",
        "if not hmac.compare_digest(a, b):\n    pass\n",
    ),
    (
        "javascript-unequal-time",
        "timingSafeEqual(Buffer.from(token, 'hex'), Buffer.from(b, 'hex'));",
        "timingSafeEqual(a, b);",
    ),
    (
        "python-sanitiser-dropped",
        "f(shlex.quote(x))\n",
        "class X:\n    def escape_name(x):\n        return shlex.quote(x)\n",
    ),
    ("python-base-name-dropped", "f(os.path.basename(x))\n", "f(os.path.dirname(x))\n"),
    ("javascript-base-name-dropped", "f(path.basename(x));", "f(path.basename(x, '.js'));"),
    (
        "csharp-base-name-dropped",
        "class A { string s = Path.GetFileName(x); }",
        "class A {\n    string CleanName() {\n        return Path.GetFileName(x);\n    }\n}",
    ),
    ("python-pattern-unquoted", "query = re.escape(x)\n", "name = re.escape(x)\n"),
    ("javascript-sanitiser-dropped", "f(DOMPurify.sanitize(x));", "f(encodeURIComponent(x));"),
    ("javascript-pattern-unquoted", "const search = escapeRegExp(x);", "const name = escapeRegExp(x);"),
    (
        "java-pattern-unquoted",
        "class A { Object query = Pattern.quote(x); }",
        "class A { Object name = Pattern.quote(x); }",
    ),
    (
        "csharp-pattern-unquoted",
        "class A { object query = Regex.Escape(x); }",
        "class A { object name = Regex.Escape(x); }",
    ),
    (
        "python-built-query",
        "c.execute('select a from b where c = %s', (x,))\n",
        "c.execute('create sequence a start with %s', (x,))\n",
    ),
    ("javascript-built-query", "db.query('select a from b where c = ?', [x]);", "db.query('select ?', [x]);"),
    (
        "java-built-query",
        'class A { void f() {\n    s = c.prepareStatement("select a from b where c = ?");\n    s.setString(1, x);\n} }',
        'class A { void f() {\n    s = c.prepareStatement("select ?, ?");\n    s.setString(1, x);\n} }',
    ),
    (
        "python-cookie-flags",
        "r.set_cookie('session', b, secure=True)\n",
        "r.set_cookie('theme', b, secure=True)\n",
    ),
    (
        "javascript-cookie-flags",
        "r.cookie('session', b, {\n  httpOnly: true,\n});",
        "r.cookie('session', b, {\n  // Always.\n  httpOnly: true,\n});",
    ),
    (
        "javascript-cookie-flags-inline",
        "r.cookie('session', b, { httpOnly: true });",
        "r.cookie('a', b, { httpOnly: true });",
    ),
    (
        "java-cookie-flags",
        "class A { void f() { session.setSecure(true); } }",
        "class A { void f() { affinitySession.setSecure(true); } }",
    ),
    (
        "csharp-cookie-flags",
        "class A { object session = new C\n    {\n        Secure = true\n    }; }",
        "class A { void F() { session.Secure = true; } }",
    ),
    ("python-temporary-name", "f = tempfile.TemporaryFile()\n", "f = tempfile.TemporaryFile(), mktemp()\n"),
    (
        "python-temporary-name-given",
        "f = tempfile.NamedTemporaryFile(suffix='ü', delete=False)\n",
        "f = tempfile.NamedTemporaryFile('w', delete=False)\n",
    ),
    ("python-open-mode", "os.chmod(p, 0o600)\n", "# Only the owner.\nos.chmod(p, 0o600)\n"),
    ("python-open-mode-executable", "os.chmod(p, 0o755)\n", "os.umask(2)\nos.chmod(p, 0o755)\nos.mkdir(p, 0o755)\n"),
    (
        "python-entities-on",
        "from defusedxml.ElementTree import parse\n",
        "from defusedxml import ElementTree\n",
    ),
    ("python-old-tls", "ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)\n", "ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)\n"),
    (
        "java-entities-on",
        _java(
            "DocumentBuilderFactory d = g();",
            'd.setFeature("http://disallow-doctype-decl", true);',
            "d.newDocumentBuilder();",
        ),
        _java(
            "DocumentBuilderFactory d = g();",
            'd.setFeature("http://disallow-doctype-decl", true);',
            "}",
            "{ d.newDocumentBuilder();",
        ),
    ),
    (
        "java-entities-on-transforming",
        _java("TransformerFactory d = g();", "d.setFeature(FEATURE_SECURE_PROCESSING, true);", "d.newTransformer();"),
        _java(
            "TransformerFactory d = g();",
            "// XXE",
            "d.setFeature(FEATURE_SECURE_PROCESSING, true);",
            "d.newTransformer();",
        ),
    ),
    (
        "java-entities-on-streaming",
        _java(
            "XMLInputFactory d = g();",
            "d.setProperty(XMLInputFactory.SUPPORT_DTD, false);",
            "d.createXMLStreamReader(x);",
        ),
        _java("d.setProperty(XMLInputFactory.SUPPORT_DTD, false);", "d.createXMLStreamReader(x);"),
    ),
    (
        "csharp-any-type",
        f"{SETTINGS} object x = DeserializeObject(y); }}",
        f"{SETTINGS} }}",
    ),
    (
        "csharp-cache-unbounded",
        "class A { void F()\n    {\n        _cache.Set(cacheKey, rows, TimeSpan.FromMinutes(5));\n    } }",
        'class A { void F()\n    {\n        _cache.Set("rows", rows, TimeSpan.FromMinutes(5));\n    } }',
    ),
    (
        "java-cache-unbounded",
        "class A { Object c = Caffeine.newBuilder().maximumSize(f(1)).expireAfterWrite(1, HOURS).build(); }",
        "class A { Object pluginCache;\n Object c = Caffeine.newBuilder().maximumSize(f(1)).build(); }",
    ),
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

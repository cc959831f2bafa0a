"""A broken hash is told where something secret hangs on it, and nowhere else."""

import pytest

from graph_model.analysis import analyse_file
from graph_model.languages import BY_NAME
from graph_model.linking import link_files

_LABEL = "security/weak-hash"
_PYTHON = "import hashlib, hmac\nfrom flask import request, session\n"
_JAVA = "import java.security.*;\nimport javax.servlet.http.*;\n"


def find(text: str, language: str) -> list[str]:
    path = "m" + BY_NAME[language].suffixes[0]
    linked = link_files([analyse_file(path, text.encode(), BY_NAME[language])])
    return [candidate.label for candidate in linked[path] if candidate.label == _LABEL]


HARMLESS = [
    ("python", _PYTHON + "def etag(body):\n    return hashlib.md5(body).hexdigest()\n"),
    ("python", _PYTHON + "def avatar(user):\n    return 'https://a.example/' + hashlib.md5(user.email).hexdigest()\n"),
    ("python", _PYTHON + "def cache_key(x):\n    h = hashlib.md5()\n    h.update(x)\n    return h.hexdigest()\n"),
    ("python", _PYTHON + "def f(self):\n    self.previous = hashlib.sha1(self.content.encode('ü')).hexdigest()\n"),
    (
        "python",
        _PYTHON + "def etag():\n    q = request.args['q']\n    return respond(etag=hashlib.md5(q).hexdigest())\n",
    ),
    ("python", _PYTHON + "def f(x):\n    etag = hashlib.md5(x.session_id).hexdigest()\n    return etag\n"),
    ("python", _PYTHON + "def f(x):\n    d = hashlib.sha1(x + settings.SECRET_KEY).hexdigest()\n    return limit(d)\n"),
    ("python", _PYTHON + "class TokenBucket:\n    def of(self, x):\n        return hashlib.sha1(x).hexdigest()\n"),
    ("python", _PYTHON + "def f():\n    return store(hashlib.sha1(request.files['f'].read()).hexdigest())\n"),
    ("javascript", "const c = require('crypto');\nexports.tag = (s) => c.createHash('md5').update(s).digest('hex');\n"),
    ("java", _JAVA + 'class C { byte[] f(byte[] b) throws Exception { return d("MD5").digest(b); } }\n'),
    (
        "java",
        _JAVA
        + 'class C { byte[] f(byte[] b) throws Exception { return MessageDigest.getInstance("MD5").digest(b); } }\n',
    ),
    ("csharp", "using System.Security.Cryptography;\nclass C { byte[] F(byte[] b) => MD5.HashData(b); }\n"),
]
HARMFUL = [
    ("python", _PYTHON + "def f(password):\n    return hashlib.md5(password).hexdigest()\n"),
    (
        "python",
        _PYTHON + "def f(x):\n    raw = x.password + 'ü'\n    h = hashlib.sha1()\n    h.update(raw)\n    return h\n",
    ),
    ("python", _PYTHON + "def f(x):\n    token = hashlib.md5(x).hexdigest()\n    return token\n"),
    ("python", _PYTHON + "def f(x):\n    d = hashlib.md5(x).hexdigest()\n    session['token'] = d\n"),
    ("python", _PYTHON + "def f(x, sent):\n    d = hashlib.md5(x).hexdigest()\n    return d == sent.signature\n"),
    ("python", _PYTHON + "def f(u, x):\n    u.set_password(hashlib.md5(x).hexdigest())\n"),
    ("python", _PYTHON + "def f(k, x):\n    return hmac.new(k, x, hashlib.sha1).hexdigest()\n"),
    (
        "python",
        _PYTHON + "def f():\n    v = request.args['v']\n    d = hashlib.md5(v.encode()).hexdigest()\n    save(d)\n",
    ),
    (
        "python",
        _PYTHON + "class PasswordHasher:\n    def encode(self, x):\n        return hashlib.md5(x).hexdigest()\n",
    ),
    (
        "javascript",
        (
            "const c = require('crypto');\n"
            "exports.f = (u) => u.apiKey && save(c.createHash('sha1').update(`${u.apiKey}`).digest('hex'));\n"
        ),
    ),
    (
        "java",
        _JAVA
        + "class C { void f(HttpServletRequest r) throws Exception { "
        + 'MessageDigest d = MessageDigest.getInstance("SHA1");'
        + ' String v = r.getParameter("v"); d.update(v.getBytes()); store(d.digest()); } }\n',
    ),
    (
        "java",
        _JAVA + 'class C { byte[] f(Signature s) throws Exception { return Signature.getInstance("MD5withRSA"); } }\n',
    ),
    (
        "csharp",
        "using System.Security.Cryptography;\nclass C { void F(U u, byte[] b) { u.Secret = MD5.HashData(b); } }\n",
    ),
]


@pytest.mark.parametrize(("language", "text"), HARMLESS)
def test_names_of_contents_are_not_reported(language: str, text: str) -> None:
    assert not find(text, language)


@pytest.mark.parametrize(("language", "text"), HARMFUL)
def test_what_security_hangs_on_is_reported(language: str, text: str) -> None:
    assert find(text, language)

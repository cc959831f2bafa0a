import pytest

from graph_model.languages import BY_NAME, Family, load_table
from graph_model.program import build_program
from graph_model.purposes import find_purposes, says_secret, split_name
from graph_model.syntax import parse_tree


def purposes(language: str, text: str, method: str) -> list[str]:
    """What each call of a method is for, in order."""
    tree = parse_tree(text.encode(), load_table(BY_NAME[language]), 10_000)
    program = build_program("a", BY_NAME[language], tree)
    return [
        find_purposes(call, unit, stmt, program)
        for unit in program.units
        for stmt, calls in enumerate(unit.flow.calls)
        for call in calls
        if (callee := call.get("callee")) is not None and callee.text.endswith(method)
    ]


@pytest.mark.parametrize(
    ("name", "words"), [("resetKeyURL", "reset_key_url"), ("X-CSRF token", "x_csrf_token"), ("é", ""), ("", "")]
)
def test_names_are_split_into_words(name: str, words: str) -> None:
    assert split_name(name) == words


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("def f():\n    v = random()\n    reset_key = str(v)[2:]\n    save(reset_key)\n", "v reset_key save"),
        ("def new_otp(n):\n    return ''.join(choose(x, random()) for _ in range(n))\n", "choose"),
        ("def f(user):\n    user.otp = random()\n", "otp"),
        ("def f(user):\n    session['k'] = random()\n", "k session"),
        ("def f(user):\n    return {'token': random(), 'color': 1}\n", "token"),
        ("def f():\n    a, b = 1, random()\n    return b\n", "b f"),
        ("def f():\n    return random() > 1\n", ""),
        ("def f():\n    return 'a' if random() else 'b'\n", ""),
        ("def f(xs):\n    return xs[random():]\n", ""),
        ("def f(xs):\n    return [x for x in xs if random()]\n", ""),
        ("def f():\n    out = ''\n    out += chars[random()]\n    return out\n", "out f"),
        ("def part():\n    return random()\n\n\ndef f(user):\n    user.pin = part()\n", "part pin"),
        ("class Tokens:\n    def make(self):\n        return random()\n", "make tokens"),
        ("class A:\n    def p(self):\n        return random()\n\n    def f(self):\n        self.iv = self.p()", "p iv"),
        ("def f(xs):\n    return sorted(xs, key=lambda x: random())\n", ""),
        ("def f():\n    n = random()\n    store(n, 'kind')\n", "n store kind"),
        ("def f():\n    yield random()\n", "f"),
        ("random()\n", ""),
    ],
)  # fmt: skip
def test_a_value_is_followed_to_the_names_it_ends_in(text: str, names: str) -> None:
    assert purposes("python", text, "random") == [names]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("def f(xs):\n    token = choice(xs)\n", ""),
        ("def f(xs):\n    token = ''.join(choice(xs) for _ in range(9))\n", "token"),
        ("def f(xs):\n    token = choice(xs) + choice(xs)\n", "token"),
    ],
)
def test_one_element_picked_from_several_is_no_value_of_its_own(text: str, names: str) -> None:
    assert set(purposes("python", text, "choice")) == {names}


@pytest.mark.parametrize(
    ("language", "text", "method", "names"),
    [
        ("javascript", "const makeToken = () => Math.random().toString(36)", "random", "make_token"),
        ("javascript", "function f() { list.sort(() => Math.random() - 0.5) }", "random", ""),
        ("javascript", "function f() { const c = random(); store(() => { user.pin = c }) }", "random", "c pin"),
        ("javascript", "function f(res) { res.cookie('sid', `x${random()}`) }", "random", "cookie sid"),
        ("javascript", "const f = () => <Row tint={random()} />", "random", "tint"),
        ("csharp", "class A { string F() { var t = Make(s => s[r.Next(9)]); return t; } }", "Next", "t f"),
        ("csharp", "class A { byte[] F() { var iv = new byte[9]; r.NextBytes(iv); return iv; } }", "NextBytes", "iv f"),
        ("csharp", "class A { void F() { x.OrderBy(_ => r.Next()); } }", "Next", ""),
        ("java", "class A { void f() { b.append(S.charAt(r.nextInt(9))); set(b.toString()); } }", "nextInt", "b set"),
        ("java", "class A { void f(byte[] b) { r.nextBytes(b); m.put(b, new Code(9)); } }", "nextBytes", "b put code"),
        ("java", "class A { void f() { char c = S.charAt(r.nextInt(9)); } }", "nextInt", ""),
        ("java", "class A { void f() { new Cookie(\"id\", Long.toString(r.nextLong())); } }", "nextLong", "cookie id"),
    ],
)  # fmt: skip
def test_conversions_and_callbacks_are_looked_through(language: str, text: str, method: str, names: str) -> None:
    assert purposes(language, text, method)[0] == names


@pytest.mark.parametrize(
    ("names", "answer"),
    [
        ("v reset_key save", True),
        ("session_id", True),
        ("create_session", True),
        ("signature_nonce", True),
        ("kaptcha_text_creator", True),
        ("key", True),
        ("cache_key", False),
        ("session_color", False),
        ("token_count", False),
        ("tokens", False),
        ("cancel_token", False),
        ("country_code secretary", False),
        ("authorization_code", True),
        ("author_code", False),
        ("", False),
    ],
)
def test_secrets_are_told_by_their_names(names: str, *, answer: bool) -> None:
    assert says_secret(names, Family.PYTHON) is answer


def test_a_bare_key_in_javascript_is_that_of_a_list() -> None:
    assert not says_secret("key", Family.JAVASCRIPT)
    assert says_secret("api_key", Family.JAVASCRIPT)

import pytest

from graph_model.analysis import analyse_file
from graph_model.languages import BY_NAME

GOOGLE = '''
def charge(account, amount, **rest):
    """Books an amount.

    Args:
        account (Account): the account
            in: its own words
        total: what to book

    Returns:
        nothing: at all
    """
'''


def stale(language: str, text: str) -> list[str]:
    found = analyse_file("a", text.encode(), BY_NAME[language]).candidates
    return [dict(one.words)["name"] for one in found if one.label == "documentation/stale-parameter"]


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("python", GOOGLE.replace(", **rest", ""), ["total"]),
        ("python", GOOGLE, []),
        ("python", 'def f(a):\n    """:param str a: one\n    :param int ü: two"""\n', ["ü"]),
        ("python", 'class A:\n    def f(self, a):\r\n        """:param a: one"""', []),
        ("python", "def f(a):\n    return ':param b:'\n", []),
        ("javascript", "/** @param {Object} a\n * @param [b=1] */\nfunction f(a, c) {}", ["b"]),
        ("javascript", "/** @param a.b the field */\nfunction f(a) {}", []),
        ("javascript", "/** @param options */\nfunction f({ a, b }) {}", []),
        ("javascript", "/** @param b */\nfunction f(...args) {}", []),
        ("javascript", "/* @param b */\nfunction f(a) {}", []),
        ("javascript", "/** @param b */\n\nlet x = 1;\nfunction f(a) {}", []),
        ("typescript", "class A {\n  /** @param b one */\n  f(a: number): void {}\n}", ["b"]),
        (
            "java",
            "class A {\n  /** @param <T> kind\n   * @param b one */\n  @Deprecated\n  <T> void f(T a) {}\n}",
            ["b"],
        ),
        ("csharp", 'class A {\n  /// <param name="a">one</param>\n  void F(int a) {}\n}', []),
        ("csharp", 'class A {\n  /// <param name="b">one</param>\n  void F(int a) {}\n}', ["b"]),
        ("javascript", "/** @param a {number} */\nfunction g(a) {}\n/* plain */\nfunction f(b) {}", []),
        ("java", "class A {\n  /** one\n   * @return x // * @param b */\n  void f(int a) {}\n}", []),
        ("python", "", []),
    ],
)
def test_a_documented_parameter_must_exist(language: str, text: str, expected: list[str]) -> None:
    assert stale(language, text) == expected

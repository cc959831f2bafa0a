import pytest

from dataset_curation.injection.surroundings import headers_above, lines_near

CODE = """class Signer:
    # Kept for old clients.
    def encode(
        self,
        value,
    ) -> str:
        if value:
            return sign(value)
        return ""
"""
BRACES = "class A\n{\n\tvoid F()\n\t{\n\t\tG();\n\t}\n\tint x;\n}\n"


@pytest.mark.parametrize(
    ("text", "place", "headers"),
    [
        (CODE, "sign(", ["if value:", "def encode(", "class Signer:"]),
        (CODE, 'return ""', ["def encode(", "class Signer:"]),
        (CODE, "class", []),
        (BRACES, "G(", ["void F()", "class A"]),
        (BRACES, "int", ["class A"]),
        ("", "", []),
    ],
)
def test_headers_are_those_that_hold_a_place(text: str, place: str, headers: list[str]) -> None:
    assert headers_above(text, text.index(place)).splitlines() == headers


def test_lines_near_leave_the_place_itself_out() -> None:
    start = CODE.index("sign(")
    near = lines_near(CODE, start, start + len("sign(value)"), 1)
    assert near.splitlines() == ["        if value:", "            return  ", '        return ""']
    assert lines_near("ü", 0, 1) == " "

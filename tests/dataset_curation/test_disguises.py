from dataset_curation.sources.disguises import disguise, find_telling_names, neutral_name

TEXT = (
    "def bad1(tainted):\n    safe_name = secure_filename(tainted)\n"
    "    return other.badge, goodQuery\n\nclass GoodÜber: pass\n"
)


def test_only_defined_names_are_found() -> None:
    assert {"bad1", "safe_name"} <= find_telling_names([TEXT])
    assert "secure_filename" not in find_telling_names([TEXT])
    assert "goodQuery" not in find_telling_names([TEXT])


def test_disguising_keeps_every_position() -> None:
    names = find_telling_names([TEXT])
    content = disguise(TEXT.encode(), names)
    assert len(content) == len(TEXT.encode())
    assert b"bad1" not in content
    assert b"secure_filename" in content
    assert b"badge" in content


def test_neutral_names_are_stable_and_keep_case() -> None:
    assert neutral_name("badQuery") == neutral_name("badQuery")
    assert len(neutral_name("UNSAFE_x")) == len("UNSAFE_x")
    assert neutral_name("UNSAFE_x").endswith("_x")
    assert neutral_name("UNSAFE_x")[:6].isupper()
    assert disguise(b"x", frozenset()) == b"x"

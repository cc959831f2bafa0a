"""Paths and bytes of submissions: what could leave a folder, or says nothing clear, is refused by name."""

import base64

import pytest

from integrations.api.problems import ProblemError
from integrations.api.requests import AnalyzeRequest, ScanRequest, SubmittedFile
from integrations.api.scratch import open_scratch
from integrations.api.submissions import SubmissionLimits, check_paths, read_submission

LIMITS = SubmissionLimits(max_files=3, max_file_bytes=40, max_bytes=60, max_configuration_bytes=30)


def make_file(path: str = "a.py", content: str = "x = 1\n", **more: object) -> dict[str, object]:
    return {"path": path, "content": content, **more}


def read(*files: dict[str, object], **more: object) -> None:
    read_submission(AnalyzeRequest.model_validate({"files": files, **more}), LIMITS)


@pytest.mark.parametrize(
    "path",
    [
        "/etc/passwd", "../a.py", "a/../../b.py", "a/./b.py", "./a.py", "a//b.py", "a/", "", "a\0.py", "a\n.py",
        "a\\..\\b.py", "C:/a.py", ".git/config", "a/.GIT/hooks/post-checkout", "git~1/config", "..", ".",
        "a" * 256, "/".join(["abcdefgh"] * 60), "ß" * 128,
    ],
)  # fmt: skip
def test_a_path_that_could_leave_the_folder_is_refused(path: str) -> None:
    with pytest.raises(ProblemError, match=r"^files\[1\]\.path: expected .*, found "):
        check_paths(["good.py", path])


@pytest.mark.parametrize("paths", [["a.py", "a.py"], ["a", "a/b.py"], ["a/b/c.py", "a"]])
def test_paths_that_exclude_each_other_are_refused(paths: list[str]) -> None:
    with pytest.raises(ProblemError, match=r"files\[\d\]\.path"):
        check_paths(paths)


@pytest.mark.parametrize(
    "path", ["größe/ü b.py", 'q"uote.py', ".gitignore", "..a/b..py", "-rf", "a:b.py", ".github/x.py"]
)
def test_other_paths_arrive_as_they_are(path: str) -> None:
    request = ScanRequest(files=(SubmittedFile(path=path, content="x = 1\r\n"),))
    with open_scratch(read_submission(request, LIMITS)) as scratch:
        (entry,) = scratch.repository.list_tree(None)
        assert (entry.path, entry.mode) == (path, "100644")
        assert scratch.repository.read_objects([entry.object_id]) == [b"x = 1\r\n"]
        assert [one.name for one in scratch.repository.root.iterdir()] == [".git"]  # no file is written out


@pytest.mark.parametrize(
    ("files", "more", "field"),
    [
        ([make_file(f"{n}.py") for n in range(4)], {}, "files"),
        ([make_file(content="x" * 41)], {}, r"files\[0\]\.content"),
        ([make_file(content="ß" * 21)], {}, r"files\[0\]\.content"),
        ([make_file(before="x" * 41)], {}, r"files\[0\]\.before"),
        ([make_file("a.py", "x" * 31), make_file("b.py", "x" * 31)], {}, "files"),
        ([make_file(before=None)], {"diff": ""}, r"files\.before"),
        ([make_file(encoding="base64")], {}, r"files\[0\]\.content"),
        ([make_file()], {"configuration": "x" * 31}, "configuration"),
        ([make_file()], {"configuration": "= 1"}, "configuration"),
        ([make_file()], {"configuration": "a=" + "[" * 25}, "configuration"),
        ([make_file()], {"configuration": 'selekt = "a"'}, "configuration"),
        ([make_file()], {"configuration": 'select = ["nix"]'}, "configuration"),
        ([make_file()], {"select": ["security/nix"]}, "select"),
    ],
)
def test_what_is_too_much_or_unclear_is_refused(
    files: list[dict[str, object]], more: dict[str, object], field: str
) -> None:
    with pytest.raises(ProblemError, match=rf"^{field}: expected ") as caught:
        read(*files, **more)
    assert caught.value.problem.status == 422


def test_deeply_nested_toml_is_refused() -> None:
    request = AnalyzeRequest.model_validate({"files": [make_file()], "configuration": "a = " + "[" * 20_000})
    with pytest.raises(ProblemError, match=r"^configuration: expected TOML"):
        read_submission(request, SubmissionLimits())


def test_a_scan_takes_no_base() -> None:
    with pytest.raises(ProblemError, match=r"^files\.before: "):
        read_submission(ScanRequest.model_validate({"files": [make_file(before="y")]}), LIMITS)


def test_base64_brings_bytes_that_are_no_text() -> None:
    text = base64.b64encode(b"caf\xe9\0").decode()
    request = AnalyzeRequest.model_validate({"files": [make_file(content=text, encoding="base64")]})
    (file,) = read_submission(request, LIMITS).files
    assert file.content == b"caf\xe9\0"


def test_order_does_not_matter_and_every_byte_does() -> None:
    def hash_of(*files: dict[str, object], **more: object) -> str:
        return read_submission(AnalyzeRequest.model_validate({"files": files, **more}), LIMITS).hash()

    one, other = make_file("a.py"), make_file("b.py")
    assert hash_of(one, other) == hash_of(other, one)
    hashes = {
        hash_of(one),
        hash_of(other),
        hash_of(make_file(content="x = 1")),
        hash_of(make_file(before="x = 1\n")),
        hash_of(make_file(before=None)),
        hash_of(one, diff=""),
        hash_of(one, select=["security"]),
        hash_of(one, configuration="jobs = 1"),
        hash_of(one, repository="github:a/b"),
    }
    assert len(hashes) == 9


def test_a_base_is_made_of_what_each_file_says() -> None:
    request = AnalyzeRequest.model_validate(
        {"files": [make_file("old.py", before="x = 0\n"), make_file("new.py", before=None), make_file("same.py")]}
    )
    with open_scratch(read_submission(request, LIMITS)) as scratch:
        assert scratch.change is not None
        changes = {change.path: change.kind.value for change in scratch.change.list_changes()}
        assert changes == {"old.py": "modified", "new.py": "added"}
        assert scratch.change.read_base_file("old.py") == b"x = 0\n"


DIFF = """\
diff --git a/a.py b/b.py
similarity index 50%
rename from a.py
rename to b.py
--- a/a.py
+++ b/b.py
@@ -1 +1,2 @@
 x = 1
+y = 2
diff --git a/gone.py b/gone.py
deleted file mode 100644
--- a/gone.py
+++ /dev/null
@@ -1 +0,0 @@
-z = "ß"
"""


def test_a_diff_is_taken_back_to_find_the_base() -> None:
    request = AnalyzeRequest.model_validate({"files": [make_file("b.py", "x = 1\ny = 2\n")], "diff": DIFF})
    with open_scratch(read_submission(request, SubmissionLimits())) as scratch:
        assert scratch.change is not None
        assert scratch.change.read_base_file("a.py") == b"x = 1\n"
        assert scratch.change.read_base_file("gone.py") == 'z = "ß"\n'.encode()
        assert scratch.change.read_lines("b.py") == ("x = 1", "y = 2", "")


@pytest.mark.parametrize(
    "diff",
    [
        "rubbish",
        "--- a/a.py\n+++ b/a.py\n@@ -1 +1 @@\n-x = 0\n+x = 2\n",
        "--- a/other.py\n+++ b/other.py\n@@ -1 +1 @@\n-x = 0\n+x = 1\n",
        "--- a/../../a.py\n+++ /dev/null\n@@ -1 +0,0 @@\n-x = 0\n",
        "diff --git a/.git/x b/.git/x\ndeleted file mode 100644\n--- a/.git/x\n+++ /dev/null\n@@ -1 +0,0 @@\n-x = 0\n",
        "--- a/a.py\n+++ b/a.py\n@@ -1 +1,9 @@\n x = 1\n",
    ],
)
def test_a_diff_that_does_not_fit_is_refused(diff: str) -> None:
    request = AnalyzeRequest.model_validate({"files": [make_file()], "diff": diff})
    with (
        pytest.raises(ProblemError, match=r"^diff: expected a unified diff that led to the files, found ."),
        open_scratch(read_submission(request, SubmissionLimits())),
    ):
        pass

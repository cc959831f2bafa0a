"""Copies of other people's code are left out, a project's own files of such names are not."""

import pytest

from reviewer.discovery import discover_files
from reviewer.inspection import InspectionRules
from reviewer.ledger import SkipReason
from reviewer.snapshots import read_old_files
from reviewer.testing import Project
from reviewer.vendoring import find_copied_place, is_published_library
from reviewer.workspace import locate_workspace

BANNER = b"/*!\n * jQuery JavaScript Library v3.3.1\n * https://jquery.com/\n */\n(function () {})();\n"


@pytest.mark.parametrize(
    "path",
    [
        "third_party/zip/zip.py",
        "src/third-party/A.java",
        "pip/_vendor/idna/core.py",
        "app/wwwroot/lib/chosen/chosen.js",
        "web/node_modules/a/b.ts",
        ".yarn/releases/yarn-3.cjs",
        "static/thirdparty/vex/vex.js",
        "static/vendor/vex/vex.js",
        "static/js/vendors/nice.js",
        "assets/dist/app.js",
        "static/ajax/libs/table/table.js",
        "pages/fontawesome-free/js/all.js",
        "docs/_static/doctools.js",
        "Packages/jQuery.1.9/jquery.cs",
        "Scripts/jquery-1.9-vsdoc.js",
        "Scripts/MicrosoftAjax.js",
        "tools/cpplint.py",
    ],
)
def test_copies_are_told_by_where_they_lie(path: str) -> None:
    assert find_copied_place(path)


@pytest.mark.parametrize(
    "path",
    [
        "src/main/java/shop/vendor/VendorController.java",
        "src/main/java/shop/thirdparty/Alipay.java",
        "src/ThirdParty/A.cs",
        "shop/vendors/views.py",
        "Shop.Module.Vendors/Areas/Vendors/Controllers/VendorsController.cs",
        "src/vendor/Vendors.tsx",
        "cache/redis.py",
        "src/external/api.ts",
        "src/distance/dist.js",
        "lib/widgets.js",
        "packages/core/src/index.ts",
        "docs/conf.py",
    ],
)
def test_a_projects_own_files_lie_elsewhere(path: str) -> None:
    assert not find_copied_place(path)


@pytest.mark.parametrize(
    ("path", "head", "expected"),
    [
        ("static/js/jquery.js", BANNER, True),
        ("static/js/jquery.tmpl.js", b"/*!\n * jQuery Templates Plugin 1.0.0pre\n */\n", True),
        ("static/js/d3.v3.js", b"/*\nCopyright (c) 2010 Somebody\n*/\n", True),
        ("static/js/angular-messages.js", b"/**\r\n * @license AngularJS\r\n */\r\n", True),
        ("static/js/bootstrap.js", b"import './app';\n// v1.2\n", False),  # starts the project up
        ("static/js/jquery.cart.js", "/* Zählt\n   den Korb */\nlet rate = 1.5;\n".encode(), False),
        ("static/js/app.js", BANNER, False),
        ("jquery.js", BANNER, False),
        ("static/js/jquery.js", b"", False),
    ],
)
def test_a_published_library_has_a_name_and_a_banner(path: str, head: bytes, expected: bool) -> None:
    assert is_published_library(path, head) is expected


def test_gitattributes_bring_copies_back(project: Project) -> None:
    project.write(
        {
            ".gitattributes": "third_party/ours.py -linguist-vendored\njs/jquery.js linguist-vendored=false\n",
            "third_party/ours.py": "x = 1\n",
            "third_party/theirs.py": "x = 1\n",
            "js/jquery.js": BANNER,
            "js/jquery.form.js": BANNER,
        }
    )
    found = discover_files(locate_workspace([project.root], project.root), [project.root], InspectionRules())
    assert [source.path for source in found.sources] == ["js/jquery.js", "third_party/ours.py"]
    reasons = {skip.path: skip.reason for skip in found.skipped if skip.reason is not SkipReason.NO_LANGUAGE}
    assert reasons == {"js/jquery.form.js": SkipReason.VENDORED, "third_party/theirs.py": SkipReason.VENDORED}


def test_the_base_of_a_reviewed_copy_is_read(repository: Project) -> None:
    repository.commit({"third_party/ours.py": "x = 1\n", "js/jquery.js": BANNER})
    workspace = locate_workspace([repository.root], repository.root)
    assert workspace.repository is not None
    names = ["third_party/ours.py", "js/jquery.js"]
    found = read_old_files(workspace.repository, "HEAD", names, InspectionRules())
    assert [source.path for source in found] == sorted(names)

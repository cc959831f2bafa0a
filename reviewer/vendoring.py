"""Copies of other people's code, told without .gitattributes: by where they lie, and by what they call themselves.

A choice of linguist's table for the languages that are read: folders that only hold copies, and names of widely copied
libraries. https://github.com/github-linguist/linguist/blob/main/lib/linguist/vendor.yml . Left out of it: folders that
are as often a project's own (`cache`, `external`, `env`, `deps`), and a library's name alone - a project's own
`bootstrap.js` starts it up - without the banner that published files carry. Pure.
"""

import re
from pathlib import PurePosixPath

_COPIED_FOLDER = re.compile(
    r"(?:^|/)(?:node_modules|bower_components|jspm_packages|site-packages|_vendor|_?vendored"
    r"|\.yarn/(?:releases|plugins|sdks|unplugged)|_?(?:3rd|[Tt]hird)[-_][Pp]arty|flow-typed|Godeps/_workspace|xvba_modules|MathJax|ace-builds|extjs"
    r"|docs?/_?(?:build|themes?|static)"
    r"|wwwroot/lib"  # where LibMan puts them: https://learn.microsoft.com/aspnet/core/client-side/libman/libman-vs
    r")/|(?:^|/)[Pp]ackages/.+\.\d+/"  # NuGet
)
# A package of Java, a namespace of C# or a module of Python may be about vendors; scripts for a page are copied there.
_COPIED_SCRIPTS_FOLDER = re.compile(
    r"(?:^|/)(?:[Vv]endors?|(?:3rd|[Tt]hird)[Pp]arty|dist|ajax/libs|font-?awesome[^/]*|select2|bootstrap-datepicker|tiny_?mce/(?:langs|plugins|themes|utils)"
    r"|[Cc]ode[Mm]irror/(?:\d+\.\d+/)?(?:lib|mode|theme|addon|keymap|demo))/"
)
_SCRIPTS = frozenset({".js", ".mjs", ".cjs", ".jsx"})
_COPIED_NAME = re.compile(
    r"^cpplint\.py$|-vsdoc\.js$|\.intellisense\.js$|^[Mm]icrosoft(?:[Mm]vc)?(?:[Aa]jax|[Vv]alidation)"
)
_LIBRARY_NAME = re.compile(
    r"(?i)^(?:jquery|bootstrap|angular|react|d3|prototype|mootools|modernizr|knockout|foundation|materialize|ckeditor"
    r"|tiny_?mce|dojo|mochikit|yahoo-|yui|cordova|html5shiv|chart|pdf\.worker|slick|select2|metisMenu"
    r"|bootbox|fuelux|leaflet|backbone|underscore|lodash|moment|vue|handlebars|mustache|require|effects|controls|dragdrop"
    r"|sh(?:Brush|Core|Legacy))(?:[-.\d][^/]*)?\.js$"
)
_FIRST_COMMENT = re.compile(rb"\s*(?:/\*.*?\*/|(?://[^\n]*\n)+)", re.S)
_PUBLISHED = re.compile(rb"(?i)\bv?\d+\.\d+(?:\.\d+)?\b|\d\.\d+\.\d|licen[cs]e|copyright|\(c\)")


def find_copied_place(path: str) -> str:
    """Why a file is somebody else's by where it lies or what it is called, "" when nothing says so."""
    name = PurePosixPath(path)
    if _COPIED_FOLDER.search(path) or (name.suffix in _SCRIPTS and _COPIED_SCRIPTS_FOLDER.search(path)):
        return "by its folder"
    return "by its name" if _COPIED_NAME.search(name.name) else ""


def is_published_library(path: str, head: bytes) -> bool:
    """Whether a file has the name of a widely copied library and begins with the banner of a published one.

    At the root of a project it is the project itself.
    """
    folder, _, name = path.rpartition("/")
    comment = _FIRST_COMMENT.match(head) if folder and _LIBRARY_NAME.match(name) else None
    return comment is not None and _PUBLISHED.search(comment.group()) is not None

"""Which files a change can be linked to: judged by names, before anything is parsed. Generous, and pure.

A file is linked to another when it mentions a name that the other offers: its module name, or a type that it declares.
Flows that meet a change run through its neighbours and theirs; the rest of a large repository need not be read.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from pathlib import PurePosixPath

from reviewer.source import SourceFile

MAX_DISTANCE = 2  # on either side of the change: a flow through five files, the changed one in the middle
_WORD = re.compile(rb"[\w\x80-\xff]+")
_HYPHENATED = re.compile(rb"[\w\x80-\xff]+(?:-[\w\x80-\xff]+)+")  # names of modules in JavaScript
_TYPE = re.compile(rb"\b(?:class|interface|record|struct|enum)\s+([A-Za-z_]\w*)")
_FOLDER_MODULES = frozenset({"__init__", "index"})  # known by their folder's name


def find_linked(sources: Iterable[SourceFile], changed: Collection[str]) -> frozenset[str]:
    """Paths of the sources within MAX_DISTANCE of a changed one, those themselves included."""
    by_path = {source.path: source for source in sources}
    offered = {path: _list_offered(source) for path, source in by_path.items()}
    names = frozenset().union(*offered.values()) if offered else frozenset()
    mentioned = {path: _find_mentioned(source.content, names) for path, source in by_path.items()}
    reached = frozenset(path for path in changed if path in by_path)
    for _ in range(MAX_DISTANCE):
        reached |= _find_neighbours(reached, offered, mentioned)
    return reached


def _find_neighbours(
    reached: Collection[str], offered: Mapping[str, frozenset[bytes]], mentioned: Mapping[str, frozenset[bytes]]
) -> frozenset[str]:
    """Files that mention what one of these offers, or offer what one of these mentions."""
    offers = frozenset().union(*(offered[path] for path in reached)) if reached else frozenset()
    mentions = frozenset().union(*(mentioned[path] for path in reached)) if reached else frozenset()
    return frozenset(
        path for path in offered if not offers.isdisjoint(mentioned[path]) or not mentions.isdisjoint(offered[path])
    )


def _find_mentioned(content: bytes, names: frozenset[bytes]) -> frozenset[bytes]:
    return names.intersection(_WORD.findall(content)) | names.intersection(_HYPHENATED.findall(content))


def _list_offered(source: SourceFile) -> frozenset[bytes]:
    path = PurePosixPath(source.path)
    stem = path.name.partition(".")[0]
    name = path.parent.name if stem in _FOLDER_MODULES else stem
    module = frozenset({name.encode("utf-8", "surrogateescape")} if name else ())
    return module | frozenset(_TYPE.findall(source.content))

"""Files that others cannot prepare, read or change: temporary files made at once, modes without rights for everyone."""

import re
from collections.abc import Iterator

from graph_model.conditions import find_argument
from graph_model.edits.imports import import_python_module, use_type
from graph_model.edits.model import Declined, Edit
from graph_model.edits.places import insert_after, statement_of
from graph_model.edits.scene import Scene, fresh_name, need
from graph_model.kinds import NodeKind as K
from graph_model.languages import Family
from graph_model.syntax import Node, dotted_name

_OWNER_AND_GROUP = 0o750
_OCTAL = re.compile(r"(0[oO]?)?([0-7]{3,4})$")
_WORLD_FLAGS = frozenset(
    {"S_IRWXO", "S_IWOTH", "S_IROTH", "S_IXOTH", "S_IWGRP", "OtherWrite", "OtherRead", "OtherExecute", "GroupWrite"}
)
_NARROWER = {"S_IRWXG": "S_IRGRP"}
_MODE_NAMES = ("mode", "unixCreateMode", "FILE_UPLOAD_PERMISSIONS", "FILE_UPLOAD_DIRECTORY_PERMISSIONS")


def secure_temporary_file(scene: Scene) -> list[Edit]:
    """A temporary file that is created when its name is chosen, readable by its owner only."""
    if scene.family is Family.PYTHON:
        return _mkstemp(scene)
    if scene.family is Family.JAVA and scene.has_api("File.createTempFile"):
        call = scene.anchor(K.CALL)
        callee = need(call.get("callee"), K.MEMBER)
        if not 2 <= len(scene.arguments(call)) <= 2 or dotted_name(callee.get("obj")) not in ("File", "java.io.File"):
            raise Declined("expected File.createTempFile(prefix, suffix)")
        name, imports = use_type(scene, "java.nio.file.Files")
        return [scene.replace(callee, f"{name}.createTempFile"), scene.insert(call.end, ".toFile()"), *imports]
    raise Declined("expected mktemp or File.createTempFile")


def _mkstemp(scene: Scene) -> list[Edit]:
    """`handle, name = mkstemp(); os.close(handle)`: https://docs.python.org/3/library/tempfile.html#tempfile.mktemp"""
    call = scene.anchor(K.CALL)
    callee, holder = need(call.get("callee"), K.MEMBER), need(call.parent, K.ASSIGN)
    target = need(holder.get("target"), K.NAME)
    if callee.text != "mktemp" or not scene.has_api("tempfile.mktemp"):
        raise Declined("expected tempfile.mktemp()")
    if statement_of(holder) is not holder or holder.get("type") is not None:
        raise Declined("expected name = tempfile.mktemp()")
    handle = fresh_name(scene, holder, "handle")
    module, imports = import_python_module(scene, "os")
    return [
        scene.insert(target.start, f"{handle}, "),
        scene.rename_member(callee, "mkstemp"),
        *insert_after(scene, holder, f"{module}.close({handle})"),
        *imports,
    ]


def tight_file_mode(scene: Scene) -> list[Edit]:
    """The same mode without any right for everyone, and without the right to write for the group."""
    edits: list[Edit] = []
    if scene.has_api("umask"):
        edits = _tighten_mask(scene, scene.anchor(K.CALL))
    elif scene.family is Family.JAVA:
        edits = _tighten_java(scene, scene.anchor(K.CALL))
    else:
        for value in _modes(scene):
            edits.extend(_tighten(scene, value))
    if not edits:
        raise Declined("expected a mode written as a literal or as flags")
    return edits


def _modes(scene: Scene) -> Iterator[Node]:
    holder = scene.holder()
    if holder is not None:
        yield need(holder.get("value"))
        return
    call = scene.anchor(K.CALL)
    for position, argument in enumerate(scene.arguments(call)):
        value = argument.get("value") if argument.kind is K.KWARG else argument
        if value is None or (argument.kind is K.KWARG and argument.text not in _MODE_NAMES):
            continue
        if value.kind is not K.DICT:
            yield from [value] if position or value.kind is not K.STRING else []
        else:
            yield from (need(p.get("value")) for p in value.children if p.kind is K.PAIR and p.text in _MODE_NAMES)


def _tighten(scene: Scene, value: Node) -> list[Edit]:
    if value.kind is K.BINARY:
        return _drop_flags(scene, value)
    text = scene.text(value).strip("'\"")
    found = _OCTAL.match(text)
    if found is None or value.kind not in (K.INT, K.STRING):
        return []
    prefix, digits = found.group(1) or "", found.group(2)
    if value.kind is K.INT and not prefix:
        return []  # a decimal number
    old = int(digits, 8)
    new = old & _OWNER_AND_GROUP
    changed = f"{prefix}{new:0{len(digits)}o}"
    if new == old:
        return []
    return [scene.replace(value, changed) if value.kind is K.INT else scene.replace_content(value, changed)]


def _drop_flags(scene: Scene, value: Node) -> list[Edit]:
    """`a | b | c` without the flags for everyone."""
    flags: list[Node] = []
    node = value
    while node.kind is K.BINARY and node.text == "|":
        flags.insert(0, need(node.get("right")))
        node = need(node.get("left"))
    flags.insert(0, node)
    if any(flag.kind not in (K.MEMBER, K.NAME) for flag in flags):
        return []
    kept = [flag for flag in flags if flag.text not in _WORLD_FLAGS]
    texts = [scene.text(f)[: -len(f.text)] + _NARROWER[f.text] if f.text in _NARROWER else scene.text(f) for f in kept]
    return (
        [scene.replace(value, " | ".join(dict.fromkeys(texts)))]
        if texts and texts != [scene.text(f) for f in flags]
        else []
    )


def _tighten_mask(scene: Scene, call: Node) -> list[Edit]:
    value = scene.argument(call, 0)
    if value.kind is K.INT:
        return [scene.replace(value, "0o077")]
    if value.kind is K.STRING:
        return [scene.replace_content(value, "077")]
    return []


def _tighten_java(scene: Scene, call: Node) -> list[Edit]:
    """`setReadable(true, true)`: for the owner only; `rwxr-x---`."""
    if scene.has_api("setReadable", "setWritable", "setExecutable"):
        return [scene.replace(need(find_argument(call, 1), K.BOOL), "true")]
    if scene.has_api("PosixFilePermissions.fromString"):
        value = need(find_argument(call, 0), K.STRING)
        if len(value.text) == 9:
            return [scene.replace_content(value, f"{value.text[:4]}-{value.text[5]}---")]
    return []

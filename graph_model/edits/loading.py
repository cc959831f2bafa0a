"""Loaders that build any object, replaced by ones that read plain data; archives unpacked with a filter."""

from graph_model.conditions import find_argument, has_spread
from graph_model.edits.imports import swap_python_name, use_types
from graph_model.edits.model import Declined, Edit
from graph_model.edits.places import append_item, remove_item
from graph_model.edits.scene import Scene, need
from graph_model.edits.settings import UNSAFE_FLAGS, rewrite
from graph_model.kinds import NodeKind as K
from graph_model.languages import Family

_YAML = {
    "load": "safe_load", "load_all": "safe_load_all", "unsafe_load": "safe_load", "unsafe_load_all": "safe_load_all",
    "full_load": "safe_load", "full_load_all": "safe_load_all",
}  # fmt: skip


def safe_loader(scene: Scene) -> list[Edit]:
    """`yaml.safe_load`, `torch.load(weights_only=True)`, SnakeYAML with a SafeConstructor, flags turned."""
    if scene.family is Family.PYTHON and scene.candidate.api.startswith("yaml."):
        return _yaml(scene)
    if scene.family is Family.PYTHON and scene.candidate.api == "torch.load" and scene.holder() is None:
        call = scene.anchor(K.CALL)
        if find_argument(call, "weights_only") is None and not has_spread(call):
            return append_item(scene, need(call.get("args")), "weights_only=True")
    if scene.family is Family.JAVA:
        return _snake_yaml(scene)
    return rewrite(UNSAFE_FLAGS)(scene)


def _yaml(scene: Scene) -> list[Edit]:
    call = scene.anchor(K.CALL)
    callee, args = need(call.get("callee")), need(call.get("args"), K.ARGS)
    safe = _YAML.get(callee.text)
    if safe is None or has_spread(call) or len(args.children) not in (1, 2):
        raise Declined("expected yaml.load of a stream and a loader")
    loader = find_argument(call, (1, "Loader"))
    if (loader is None) != (len(args.children) == 1):
        raise Declined("expected the loader as the second argument")
    edits = (
        [scene.rename_member(callee, safe)]
        if callee.kind is K.MEMBER
        else swap_python_name(scene, callee, "yaml", safe)
    )
    return edits if loader is None else [*edits, *remove_item(scene, args, args.children[1])]


def _snake_yaml(scene: Scene) -> list[Edit]:
    """`new Yaml(new SafeConstructor(new LoaderOptions()))`: https://bitbucket.org/snakeyaml/snakeyaml/wiki/Documentation"""
    created = next((n for n in scene.anchors if n.kind is K.NEW), None)
    if created is None or need(created.get("callee")).text.rpartition(".")[2] != "Yaml":
        raise Declined("expected new Yaml()")
    args = need(created.get("args"), K.ARGS)
    if args.children or created.get("body") is not None:
        raise Declined("expected new Yaml() without arguments")
    package = "org.yaml.snakeyaml"
    names, imports = use_types(scene, f"{package}.constructor.SafeConstructor", f"{package}.LoaderOptions")
    return [scene.replace(args, f"(new {names[0]}(new {names[1]}()))"), *imports]


def filtered_extraction(scene: Scene) -> list[Edit]:
    """`filter="data"`, in 3.12 and the 2023 releases before: https://docs.python.org/3/library/tarfile.html#extraction-filters"""
    call = scene.anchor(K.CALL)
    if not scene.has_api("extractall", "extract", "unpack_archive") or has_spread(call):
        raise Declined("expected an extraction")
    current = find_argument(call, "filter")
    if current is not None:
        if current.kind is not K.STRING or current.text != "fully_trusted":
            raise Declined("expected no filter, or one that trusts everything")
        return [scene.replace_content(current, "data")]
    if "tarfile" not in {*scene.program.imports.values()} and not scene.candidate.api.startswith(
        ("tarfile.", "shutil.")
    ):
        raise Declined("expected tarfile")
    return append_item(scene, need(call.get("args")), 'filter="data"')

"""Which cipher modes harm nothing: a ciphertext signed beside it, a format that somebody else has chosen."""

import re

from graph_model.candidates.view import UnitView
from graph_model.conditions import find_argument
from graph_model.control_flow import Stmt
from graph_model.kinds import NodeKind as K
from graph_model.syntax import Node

_LABEL = "security/insecure-cipher-mode"
_SIGNS = re.compile(r"(?i)hmac|poly1305|cmac|^mac$|^mac(er|calculator|key|bytes|tag)$")
_ENCRYPTS = frozenset({"ENCRYPT_MODE", "WRAP_MODE", "encrypt"})


def is_harmless_cipher(label: str, call: Node, view: UnitView, stmt: Stmt) -> bool:
    """Whether a mode without integrity is made up for, or was not the program's choice.

    Encrypt-then-MAC is as good as an authenticated mode, except for ECB, which shows equal blocks whoever signs them. A
    class that only decrypts, without padding to be asked about, reads what a device or a partner writes.
    """
    if label != _LABEL:
        return False
    chosen = _transformation(call, view, stmt)
    names = _names_beside(view)
    if "ECB" not in chosen and chosen != "AES" and any(_SIGNS.search(name) for name in names):
        return True
    return chosen.endswith("/NOPADDING") and "DECRYPT_MODE" in names and not names & _ENCRYPTS


def _transformation(call: Node, view: UnitView, stmt: Stmt) -> str:
    """The algorithm and mode that a call names, in capitals: a constant text, or the dotted name of a mode."""
    callee = call.get("callee")
    texts = [callee.text if callee is not None else ""]
    for position in (0, 1):
        argument = find_argument(call, position)
        value = view.constants.evaluate(argument, stmt.idx) if argument is not None else None
        if isinstance(value, str):
            return value.upper()
        texts.append(argument.text if argument is not None else "")
    return " ".join(texts).upper()


def _names_beside(view: UnitView) -> set[str]:
    """The names in the class around; where there is none, in the function, those it calls and those that call it."""
    if view.unit.cls is not None:
        return _names_in(view.program.unit_of[id(view.unit.cls.node)].node)
    own = _names_in(view.unit.node)
    others = [(unit.name, _names_in(unit.node)) for unit in view.program.units if unit.is_function]
    return own.union(*(names for name, names in others if name in own or view.unit.name in names))


def _names_in(root: Node) -> set[str]:
    return {node.text for node in root.walk() if node.kind in (K.NAME, K.MEMBER, K.TYPE_REF)}

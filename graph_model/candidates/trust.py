"""What must stay secret, and checks that come too late: secrets in source, checks after the use."""

import math
import re
from collections import Counter
from collections.abc import Iterator

from graph_model.candidates.model import StepRole
from graph_model.candidates.view import Draft, UnitView
from graph_model.kinds import NodeKind as K
from graph_model.packs.model import Role
from graph_model.syntax import Node

_SECRET_NAME = re.compile(
    r"(?i)(passwo?r?d|passwd|pwd|secret|api_?key|auth_?token|access_?token|private_?key|credential)s?$"
)
_NOT_SECRET_NAME = re.compile(
    r"(?i)(field|name|label|prompt|path|file|url|uri|param|header|env|column|hash|regex|pattern|type|policy|length|min"
    r"|max|id|msg|message|error|help|text|title|key_?name|placeholder|class)s?_?$"
    r"|^(has|is|no|show|hide|get|set|use|reset|change|forgot|invalid|missing|wrong|default)_?"
)
_PLACEHOLDER = re.compile(
    r"(?i)^$|[<>{}$%\s]|^[x*.]+$"
    r"|^(change.?me|your|my|example|dummy|test|todo|none|null|true|false|undefined|secret|password|token|user"
    r"|admin|root|foo|bar|placeholder|redacted|env|string|bearer|basic)([^a-z0-9]|[a-z_-]*\d{0,4}$)"
    r"|example|changeme|placeholder|_here$|^[a-z_.-]+$|^[A-Z_]+$|^/|://localhost"
)


def find_late_checks(view: UnitView) -> Iterator[Draft]:
    """A permission or path check on a value after the dangerous call that used it."""
    sinks = {(hit.stmt, hit.node): hit for hit in view.values.sinks}
    if not sinks:
        return
    for stmt, node in view.expressions(K.CALL):
        if node.kind is not K.CALL:
            continue
        roles = view.resolver.roles(node, view.unit, stmt.idx)
        is_check = any(r.role in (Role.VALIDATOR, Role.GUARD) for r in roles)
        if not is_check:
            continue
        mentioned = {n.text for n in node.walk() if n.kind is K.NAME}
        for hit in sinks.values():
            used = {n.text for n in hit.argument.walk() if n.kind is K.NAME}
            if hit.stmt != stmt.idx and used & mentioned and view.unit.flow.dominates(hit.stmt, stmt.idx):
                name = view.resolver.callee(node, view.unit, stmt.idx)
                steps = [(hit.node, StepRole.CONTEXT, "used here, before the check")]
                facts = {"in_entry": float(view.is_entry), "distance": float(stmt.idx - hit.stmt)}
                yield Draft(
                    "security/check-after-use",
                    node,
                    stmt.idx,
                    name,
                    steps,
                    facts,
                    {"api": name, "sink": hit.api, "name": name},
                )
                break


def find_secrets(view: UnitView) -> Iterator[Draft]:
    """A literal that looks like a secret stored under a name that says it is one."""
    for stmt, node in view.expressions(K.ASSIGN, K.DECLARATOR, K.KWARG, K.PAIR):
        name, value = _named_literal(node)
        if value is None or not _SECRET_NAME.search(name) or _NOT_SECRET_NAME.search(name):
            continue
        text = value.text
        if len(text) < 6 or len(text) > 512 or _PLACEHOLDER.search(text):
            continue
        facts = {
            "entropy": _entropy(text),
            "length": float(len(text)),
            "has_digit": float(any(c.isdigit() for c in text)),
            "mixed_case": float(text.lower() != text and text.upper() != text),
            "is_argument": float(node.kind is K.KWARG),
            "at_module_level": float(not view.unit.is_function),
        }
        yield Draft(
            "security/hardcoded-credentials", value, stmt.idx, name, facts=facts, words={"name": name, "api": name}
        )


def _named_literal(node: Node) -> tuple[str, Node | None]:
    value = node.get("value")
    if value is None or value.kind is not K.STRING:
        return "", None
    if node.kind in (K.ASSIGN, K.DECLARATOR):
        target = node.get("target") or node.get("name")
        if target is not None and target.kind in (K.NAME, K.MEMBER):
            return target.text, value
    if node.kind is K.KWARG:
        return node.text, value
    if node.kind is K.PAIR:
        key = node.get("key")
        return node.text or (key.text if key is not None else ""), value
    return "", None


def _entropy(text: str) -> float:
    """Shannon entropy, bits per character."""
    counts = Counter(text)
    return -sum(n / len(text) * math.log2(n / len(text)) for n in counts.values())

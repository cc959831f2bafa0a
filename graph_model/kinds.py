"""Normalised syntax: one set of node kinds and field names for every grammar.

A language table (`graph_model.languages`) maps each grammar's node types and field names to these; everything after
the syntax tree (control flow, data flow, packs, candidates, encoding) reads only them. No grammar names here.
"""

from enum import IntEnum


class NodeKind(IntEnum):
    """What a syntax node is, whatever the grammar calls it."""

    OTHER = 0
    ERROR = 1
    MODULE = 2
    # Declarations.
    CLASS = 3
    FUNCTION = 4
    LAMBDA = 5
    PARAMS = 6
    PARAM = 7
    DECORATOR = 8
    TYPE_REF = 9
    TYPE_PARAMS = 10
    IMPORT = 11
    EXPORT = 12
    NAMESPACE = 13
    FIELD_DECL = 14
    MODIFIER = 15
    BASES = 16
    # Statements.
    BLOCK = 17
    EXPR_STMT = 18
    DECL = 19
    DECLARATOR = 20
    IF = 21
    ELSE = 22
    SWITCH = 23
    CASE = 24
    LOOP_FOR = 25
    LOOP_EACH = 26
    LOOP_WHILE = 27
    LOOP_DO = 28
    TRY = 29
    CATCH = 30
    FINALLY = 31
    THROW = 32
    RETURN = 33
    BREAK = 34
    CONTINUE = 35
    WITH = 36
    WITH_ITEM = 37
    LOCK = 38
    SCOPE = 39  # global/nonlocal
    DELETE = 40
    ASSERT = 41
    LABEL = 42
    EMPTY = 43
    # Expressions.
    ASSIGN = 44
    AUG_ASSIGN = 45
    UPDATE = 46
    CALL = 47
    NEW = 48
    ARGS = 49
    KWARG = 50
    MEMBER = 51
    INDEX = 52
    SLICE = 53
    BINARY = 54
    BOOLEAN = 55
    COMPARE = 56
    UNARY = 57
    NOT = 58
    TERNARY = 59
    AWAIT = 60
    YIELD = 61
    CAST = 62
    TYPE_TEST = 63
    SPREAD = 64
    COMPREHENSION = 65
    COMP_FOR = 66
    COMP_IF = 67
    SEQUENCE = 68
    LIST = 69
    TUPLE = 70
    SET = 71
    DICT = 72
    PAIR = 73
    PATTERN = 74
    # Leaves.
    NAME = 75
    THIS = 76
    STRING = 77
    TEMPLATE = 78
    TEXT = 79  # the literal part of a template
    INTERPOLATION = 80
    INT = 81
    FLOAT = 82
    BOOL = 83
    NULL = 84
    REGEX = 85
    COMMENT = 86
    # Markup in code.
    ELEMENT = 87
    ATTRIBUTE = 88


NUM_KINDS = len(NodeKind)

FIELDS = (
    "args",  # CALL, NEW, DECORATOR: ARGS
    "bases",  # CLASS
    "body",
    "callee",  # CALL, NEW: the expression called (NEW: its TYPE_REF or expression), DECORATOR: its name
    "cond",  # IF, LOOP_*, TERNARY, ASSERT
    "decorators",  # FUNCTION, CLASS, PARAM, FIELD_DECL (annotations and attributes too)
    "finally",
    "handler",  # TRY: each CATCH
    "init",  # LOOP_FOR, PARAM default value goes to `value`
    "iter",  # LOOP_EACH, COMP_FOR
    "key",  # PAIR, INDEX
    "left",
    "name",  # declarations, KWARG, MEMBER (the attribute)
    "obj",  # MEMBER, INDEX, SLICE: the object
    "op",
    "orelse",
    "params",
    "resources",  # TRY, WITH: WITH_ITEMs
    "right",
    "subject",  # SWITCH
    "target",  # ASSIGN, AUG_ASSIGN, UPDATE, LOOP_EACH, COMP_FOR, WITH_ITEM, CATCH
    "type",  # PARAM, DECLARATOR (copied from DECL), FUNCTION (return type), CAST, CATCH, TYPE_TEST
    "update",
    "value",  # ASSIGN, DECLARATOR, RETURN, KWARG, PAIR, CASE, ATTRIBUTE, ...
)

K = NodeKind

FUNCTION_KINDS = frozenset({K.FUNCTION, K.LAMBDA})
LOOP_KINDS = frozenset({K.LOOP_FOR, K.LOOP_EACH, K.LOOP_WHILE, K.LOOP_DO})
LITERAL_KINDS = frozenset({K.STRING, K.INT, K.FLOAT, K.BOOL, K.NULL, K.REGEX})

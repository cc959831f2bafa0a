"""C#'s table (grammar: tree-sitter-c-sharp). What nodes become once complete is in the csharp_* modules."""

import tree_sitter_c_sharp
from tree_sitter import Language as Grammar

from graph_model.kinds import NodeKind as K
from graph_model.languages import (
    csharp_declarations,
    csharp_expressions,
    csharp_patterns,
    csharp_statements,
    csharp_types,
)
from graph_model.syntax import Action, LanguageTable

_BY_KIND: dict[K | Action, str] = {
    Action.INLINE: "compilation_unit global_statement attribute_list catch_declaration property_declaration"
    " indexer_declaration event_declaration switch_body positional_pattern_clause property_pattern_clause preproc_if"
    " preproc_if_in_attribute_list member_binding_expression",
    Action.COLLAPSE: "expression_statement parenthesized_expression parenthesized_pattern constant_pattern when_clause"
    " checked_expression checked_statement unsafe_statement catch_filter_clause expression_element collection_element"
    " ref_expression makeref_expression reftype_expression refvalue_expression tuple_element",
    Action.SKIP: "extern_alias_directive global_attribute attribute_target_specifier type_parameter_list implicit_type"
    " type_parameter_constraints_clause explicit_interface_specifier interpolation_start interpolation_quote"
    " interpolation_brace interpolation_alignment_clause interpolation_format_clause string_literal_encoding"
    " raw_string_start raw_string_end shebang_directive preproc_region preproc_endregion preproc_line preproc_pragma"
    " preproc_nullable preproc_error preproc_warning preproc_define preproc_undef preproc_arg",
    Action.COMMENT: "comment",
    K.NAMESPACE: "namespace_declaration file_scoped_namespace_declaration",
    K.IMPORT: "using_directive",
    K.CLASS: "class_declaration struct_declaration record_declaration interface_declaration enum_declaration"
    " delegate_declaration",
    K.BASES: "base_list",
    K.FUNCTION: "method_declaration constructor_declaration destructor_declaration operator_declaration"
    " conversion_operator_declaration local_function_statement",
    K.LAMBDA: "lambda_expression anonymous_method_expression",
    K.PARAMS: "parameter_list bracketed_parameter_list",
    K.PARAM: "parameter implicit_parameter",
    K.DECORATOR: "attribute",
    K.ARGS: "argument_list bracketed_argument_list attribute_argument_list element_binding_expression"
    " array_rank_specifier",
    K.KWARG: "argument attribute_argument",
    K.FIELD_DECL: "field_declaration event_field_declaration enum_member_declaration",
    K.DECL: "variable_declaration local_declaration_statement",
    K.DECLARATOR: "variable_declarator",
    K.MODIFIER: "modifier",
    K.TYPE_PARAMS: "type_argument_list",
    K.TYPE_REF: "predefined_type nullable_type array_type pointer_type ref_type scoped_type tuple_type"
    " function_pointer_type primary_constructor_base_type",
    K.BLOCK: "block declaration_list enum_member_declaration_list arrow_expression_clause fixed_statement",
    K.IF: "if_statement",
    K.ELSE: "preproc_else preproc_elif",
    K.SWITCH: "switch_statement",
    K.CASE: "switch_section switch_expression_arm",
    K.PATTERN: "declaration_pattern recursive_pattern var_pattern type_pattern list_pattern relational_pattern"
    " parenthesized_variable_designation",
    K.LOOP_FOR: "for_statement",
    K.LOOP_EACH: "foreach_statement",
    K.LOOP_WHILE: "while_statement",
    K.LOOP_DO: "do_statement",
    K.TRY: "try_statement",
    K.CATCH: "catch_clause",
    K.FINALLY: "finally_clause",
    K.WITH: "using_statement",
    K.LOCK: "lock_statement",
    K.RETURN: "return_statement",
    K.THROW: "throw_statement throw_expression",
    K.YIELD: "yield_statement",
    K.BREAK: "break_statement",
    K.CONTINUE: "continue_statement",
    K.LABEL: "labeled_statement",
    K.EMPTY: "empty_statement goto_statement",
    K.ASSIGN: "assignment_expression",
    K.CALL: "invocation_expression constructor_initializer typeof_expression sizeof_expression",
    K.NEW: "object_creation_expression implicit_object_creation_expression",
    K.MEMBER: "member_access_expression conditional_access_expression qualified_name alias_qualified_name",
    K.INDEX: "element_access_expression",
    K.SLICE: "range_expression",
    K.BINARY: "binary_expression",
    K.BOOLEAN: "and_pattern or_pattern",
    K.NOT: "negated_pattern",
    K.UNARY: "prefix_unary_expression postfix_unary_expression unary_expression",
    K.TERNARY: "conditional_expression",
    K.AWAIT: "await_expression",
    K.CAST: "cast_expression as_expression",
    K.TYPE_TEST: "is_expression is_pattern_expression",
    K.SPREAD: "spread_element",
    K.COMPREHENSION: "query_expression",
    K.COMP_FOR: "from_clause join_clause let_clause",
    K.COMP_IF: "where_clause",
    K.SEQUENCE: "order_by_clause select_clause join_into_clause accessor_list accessor_declaration switch_expression",
    K.TUPLE: "tuple_expression tuple_pattern group_clause",
    K.LIST: "initializer_expression collection_expression array_creation_expression implicit_array_creation_expression"
    " stackalloc_expression implicit_stackalloc_expression",
    K.DICT: "anonymous_object_creation_expression with_expression",
    K.PAIR: "with_initializer subpattern",
    K.NAME: "identifier generic_name discard declaration_expression",
    K.STRING: "string_literal verbatim_string_literal raw_string_literal character_literal",
    K.TEMPLATE: "interpolated_string_expression",
    K.TEXT: "string_literal_content string_content raw_string_content escape_sequence character_literal_content",
    K.INTERPOLATION: "interpolation",
    K.INT: "integer_literal",
    K.FLOAT: "real_literal",
    K.BOOL: "boolean_literal",
    K.NULL: "null_literal default_expression",
}
_KINDS: dict[str, K | Action] = {raw: kind for kind, raws in _BY_KIND.items() for raw in raws.split()}

_FIELDS: dict[tuple[str, str], str] = {
    ("*", "condition"): "cond",
    ("*", "consequence"): "body",
    ("*", "alternative"): "orelse",
    ("*", "parameters"): "params",
    ("*", "returns"): "type",
    ("*", "operator"): "text",
    ("*", "argument"): "value",
    ("*", "function"): "callee",
    ("*", "arguments"): "args",
    ("*", "initializer"): "init",
    ("*", "expression"): "value",
    ("*", "rank"): "args",
    ("*", "type_parameters"): "-",
    ("preproc_if_in_attribute_list", "condition"): "-",
    ("qualified_name", "qualifier"): "obj",
    ("alias_qualified_name", "alias"): "obj",
    ("member_access_expression", "expression"): "obj",
    ("conditional_access_expression", "condition"): "obj",
    ("element_access_expression", "expression"): "obj",
    ("element_access_expression", "subscript"): "key",
    ("assignment_expression", "left"): "target",
    ("assignment_expression", "right"): "value",
    ("as_expression", "left"): "value",
    ("as_expression", "right"): "type",
    ("is_expression", "left"): "value",
    ("is_expression", "right"): "type",
    ("is_expression", "operator"): "",
    ("as_expression", "operator"): "",
    ("switch_statement", "value"): "subject",
    ("switch_statement", "body"): "",
    ("foreach_statement", "left"): "target",
    ("foreach_statement", "right"): "iter",
    ("catch_declaration", "name"): "target",
    ("variable_declarator", "name"): "target",
    ("accessor_declaration", "name"): "text",
    ("lambda_expression", "type"): "-",
    ("tuple_pattern", "name"): "",
    ("tuple_element", "name"): "-",
    ("function_pointer_type", "returns"): "-",
}

_POSITIONAL: dict[str, tuple[str, ...]] = {
    "return_statement": ("value",),
    "throw_statement": ("value",),
    "throw_expression": ("value",),
    "yield_statement": ("value",),
    "await_expression": ("value",),
    "spread_element": ("value",),
    "finally_clause": ("body",),
    "range_expression": ("key", "..."),
}

TABLE = LanguageTable(
    grammar=Grammar(tree_sitter_c_sharp.language()),
    kinds=_KINDS,
    fields=_FIELDS,
    positional=_POSITIONAL,
    rewrites={
        **csharp_types.REWRITES,
        **csharp_declarations.REWRITES,
        **csharp_statements.REWRITES,
        **csharp_expressions.REWRITES,
        **csharp_patterns.REWRITES,
    },
    leaf_text=frozenset(
        {"identifier", "modifier", "predefined_type", "boolean_literal", "discard", "implicit_parameter"}
        | {"escape_sequence", "interpolation_format_clause", "verbatim_string_literal"}
    ),
    tokens={"this": K.THIS, "base": K.THIS},
)

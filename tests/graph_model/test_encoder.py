"""Statement graphs as arrays: rows, tokens, edges, candidates hung onto them."""

from dataclasses import fields

import numpy as np
import pytest

from graph_model.analysis import FileAnalysis, analyse_file
from graph_model.encoder import FunctionGraph, encode_candidates, find_row, hash_token, literal_class, split_name
from graph_model.encoding import NUM_TOKENS, EdgeType
from graph_model.languages import BY_NAME
from graph_model.metrics import METRIC_NAMES

SOURCE = """import os


def f(items, flag):
    for item in items:
        if flag:
            os.system('rm ' + item)
    try:
        g()
    except Exception:
        pass
"""


def analyse(text: str = SOURCE) -> FileAnalysis:
    return analyse_file("m.py", text.encode(), BY_NAME["python"])


def graph_of(analysis: FileAnalysis, name: str = "f") -> FunctionGraph:
    [graph] = [g for g, u in zip(analysis.graphs, analysis.units, strict=True) if u.name == name]
    assert graph is not None
    return graph


def edges_of(graph: FunctionGraph, kind: EdgeType) -> set[tuple[bytes, bytes]]:
    """Edges of one type as the source texts of their rows."""
    texts = [SOURCE.encode()[start:end] for start, end in graph.spans]
    return {
        (texts[source], texts[target])
        for source, target, one in zip(*graph.edge_index, graph.edge_type, strict=True)
        if one == kind
    }


def test_arrays_have_the_shapes_and_types_promised() -> None:
    graph = graph_of(analyse())
    rows = len(graph.token_offsets) - 1
    assert graph.token_ids.dtype == graph.token_offsets.dtype == graph.edge_index.dtype == graph.spans.dtype == np.int32
    assert graph.edge_type.dtype == np.int8
    assert graph.metrics.dtype == np.float32
    assert graph.edge_index.shape == (2, len(graph.edge_type))
    assert graph.spans.shape == (rows, 2)
    assert graph.metrics.shape == (len(METRIC_NAMES),)


def test_tokens_are_rows_of_the_table_and_every_row_has_some() -> None:
    graph = graph_of(analyse())
    assert graph.token_offsets[0] == 0
    assert graph.token_offsets[-1] == len(graph.token_ids)
    assert (np.diff(graph.token_offsets) > 0).all()
    assert graph.token_ids.min() >= 0
    assert graph.token_ids.max() < NUM_TOKENS


def test_edges_stay_between_rows_and_are_not_repeated() -> None:
    graph = graph_of(analyse())
    triples = list(zip(*graph.edge_index.tolist(), graph.edge_type.tolist(), strict=True))
    assert len(set(triples)) == len(triples)
    assert 0 <= graph.edge_index.min() <= graph.edge_index.max() < len(graph.spans)


def test_definitions_lead_to_uses_and_conditions_to_what_they_guard() -> None:
    graph = graph_of(analyse())
    call = b"os.system('rm ' + item)"
    assert any(target == call for _, target in edges_of(graph, EdgeType.DEF_USE))
    assert (b"flag", call) in edges_of(graph, EdgeType.GUARDS)


def test_the_function_and_the_loop_contain_their_statements() -> None:
    contained = edges_of(graph_of(analyse()), EdgeType.CONTAINS)
    holders = {source for source, target in contained if target == b"os.system('rm ' + item)"}
    assert holders == {b"", b"for item in items:\n        "}


def test_the_smallest_statement_that_holds_a_range_is_its_row() -> None:
    graph = graph_of(analyse())
    start = SOURCE.index("'rm '")
    row = find_row(graph, start, start + 5)
    assert SOURCE[graph.spans[row][0] : graph.spans[row][1]] == "os.system('rm ' + item)"
    assert find_row(graph, 0, len(SOURCE)) == 0


@pytest.mark.parametrize("times", [1, 2])
def test_candidates_are_the_last_rows_in_the_order_given(times: int) -> None:
    analysis = analyse()
    graph = graph_of(analysis)
    chosen = [c for c in analysis.candidates if c.symbol == "f"] * times
    assert chosen
    labels = {label: number for number, label in enumerate(sorted({c.label for c in chosen}))}
    encoded = encode_candidates(graph, chosen, labels, ("broad", "in_loop"))
    rows = len(graph.spans)
    assert encoded.candidate_nodes.tolist() == list(range(rows, rows + len(chosen)))
    assert encoded.candidate_labels.tolist() == [labels[c.label] for c in chosen]
    assert encoded.path_features.shape == (len(chosen), 2)
    anchors = encoded.edge_index[:, encoded.edge_type == EdgeType.ANCHOR]
    assert anchors[1].tolist() == encoded.candidate_nodes.tolist()
    assert len(encoded.token_offsets) == rows + len(chosen) + 1


def test_a_graph_without_candidates_stays_as_it_is() -> None:
    graph = graph_of(analyse())
    encoded = encode_candidates(graph, [], {}, ("broad",))
    assert encoded.edge_index.tobytes() == graph.edge_index.tobytes()
    assert encoded.token_ids.tobytes() == graph.token_ids.tobytes()
    assert encoded.path_features.shape == (0, 1)
    assert encoded.candidate_nodes.shape == (0,)


def test_comments_and_spacing_are_not_encoded() -> None:
    first, second = (
        graph_of(analyse()),
        graph_of(analyse("# a\n" + SOURCE.replace("        if", "        # é\n        if"))),
    )
    for field in fields(first):
        if field.name not in ("spans", "metrics"):
            assert getattr(first, field.name).tobytes() == getattr(second, field.name).tobytes(), field.name


def test_an_empty_function_has_its_entry_and_exit() -> None:
    analysis = analyse("def f(a=[]):\n    pass\n")
    graph = graph_of(analysis)
    assert len(graph.spans) == 2
    assert list(zip(*graph.edge_index.tolist(), strict=True)) == [(0, 1)]


def test_tokens_of_a_name_ignore_its_case_style() -> None:
    assert split_name("getUserName") == split_name("get_user_name")
    assert len(split_name("a_b_c_d_e_f_g_h")) == 6
    assert hash_token("é錯😋") == hash_token("é錯😋")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "empty"),
        ("SELECT a FROM b", "sql"),
        ("<p>", "html"),
        ("https://a.b", "url"),
        ("%s!", "format"),
        ("a/b", "path"),
        ("md5", "algorithm"),
        ("word", "word"),
        ("é 錯", "text"),
    ],
)
def test_literals_have_classes(text: str, expected: str) -> None:
    assert literal_class(text) == expected

import math

import numpy as np

from graph_model.features import collect_names, feature_vector


def test_facts_are_read_in_the_order_of_the_names() -> None:
    found = feature_vector((("hops", 3.0), ("in_loop", 1.0)), ("in_loop", "hops", "guards"))
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, [math.log(2), math.log(4), 0.0], rtol=1e-6)


def test_negative_counts_keep_their_sign() -> None:
    assert feature_vector((("distance", -3.0),), ("distance",))[0] == -np.float32(math.log(4))


def test_unknown_facts_are_ignored_and_the_last_of_repeated_facts_counts() -> None:
    assert feature_vector((("né", 9.0), ("hops", 1.0), ("hops", 0.0)), ("hops",)).tolist() == [0.0]


def test_no_names_give_an_empty_vector() -> None:
    assert feature_vector((("hops", 1.0),), ()).shape == (0,)


def test_names_are_collected_once_and_sorted() -> None:
    assert collect_names([(("b", 1.0), ("a", 0.0)), (("b", 2.0),), ()]) == ("a", "b")

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from graph_model.encoding import EncodedFunction
from graph_model.training.shards import (
    FORMAT_VERSION,
    RankingPair,
    Shard,
    ShardError,
    ShardHeader,
    load_shard,
    load_shards,
    manifest_hash,
    save_shard,
    source_index,
    unlabelled,
)
from graph_model.training.synthetic import HEADER, Planted, make_shard

SMALL = Planted(num_functions=30, num_groups=3)


def _assert_equal(one: EncodedFunction, other: EncodedFunction) -> None:
    for name in EncodedFunction.__dataclass_fields__:
        first, second = getattr(one, name), getattr(other, name)
        assert first.dtype == second.dtype, name
        np.testing.assert_array_equal(first, second, err_msg=name)


def test_a_shard_comes_back_as_it_was(tmp_path: Path) -> None:
    shard = make_shard(SMALL)
    named = replace(shard.examples[0], origin="répertoire/ü.py:1", keys=("ключ",))
    shard = replace(shard, examples=(named, *shard.examples[1:]))
    save_shard(shard, tmp_path / "deep" / "one.npz")
    found = load_shard(tmp_path / "deep" / "one.npz")
    assert found.header == shard.header
    assert found.pairs == shard.pairs
    assert len(found.examples) == 30
    for before, after in zip(shard.examples, found.examples, strict=True):
        _assert_equal(before.function, after.function)
        assert (after.group, after.origin, after.keys) == (before.group, before.origin, before.keys)
        for name in ("targets", "weights", "sources", "smell_targets"):
            np.testing.assert_array_equal(getattr(before, name), getattr(after, name))


def test_a_function_without_candidates_and_an_empty_shard_come_back(tmp_path: Path) -> None:
    function = make_shard(SMALL).examples[0].function
    bare = replace(
        function,
        candidate_nodes=function.candidate_nodes[:0],
        candidate_labels=function.candidate_labels[:0],
        path_features=function.path_features[:0],
    )
    save_shard(Shard(HEADER, (unlabelled(bare, "a/b", "x.py", 1),)), tmp_path / "bare.npz")
    _assert_equal(load_shard(tmp_path / "bare.npz").examples[0].function, bare)
    save_shard(Shard(HEADER, ()), tmp_path / "none.npz")
    assert load_shard(tmp_path / "none.npz").examples == ()


def test_equal_shards_give_equal_bytes(tmp_path: Path) -> None:
    first = save_shard(make_shard(SMALL), tmp_path / "a.npz")
    assert save_shard(make_shard(SMALL), tmp_path / "b.npz") == first
    assert save_shard(make_shard(replace(SMALL, seed=1)), tmp_path / "c.npz") != first


def test_the_manifest_changes_with_names_and_contents(tmp_path: Path) -> None:
    save_shard(make_shard(SMALL), tmp_path / "a.npz")
    first = manifest_hash(tmp_path)
    (tmp_path / "a.npz").rename(tmp_path / "b.npz")
    second = manifest_hash(tmp_path)
    save_shard(make_shard(replace(SMALL, seed=1)), tmp_path / "b.npz")
    assert len({first, second, manifest_hash(tmp_path)}) == 3


def test_arrays_of_another_shape_are_refused_by_name(tmp_path: Path) -> None:
    shard = make_shard(SMALL)
    example = shard.examples[3]
    for changed, words in (
        (replace(example, targets=example.targets[:0]), r"examples\[0\]: targets: expected shape \(1,\), found \(0,\)"),
        (replace(example, smell_targets=np.zeros(2, dtype=np.int8)), "smell_targets"),
        (replace(example, keys=("a", "b")), "keys: expected 1 or none, found 2"),
        (replace(example, group=""), "group"),
    ):
        with pytest.raises(ShardError, match=words):
            save_shard(Shard(HEADER, (changed,)), tmp_path / "x.npz")
    with pytest.raises(ShardError, match=r"pairs\[0\].worse: 30 outside 0..29"):
        save_shard(replace(shard, pairs=(RankingPair(0, 30),)), tmp_path / "x.npz")
    assert not (tmp_path / "x.npz").exists()


def test_a_damaged_or_foreign_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    path.write_bytes(b"PK\x03\x04 not a shard")
    with pytest.raises(ShardError, match=r"a\.npz: expected a shard"):
        load_shard(path)
    save_shard(make_shard(SMALL), path)
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(ShardError, match=r"a\.npz"):
        load_shard(path)
    save_shard(Shard(replace(HEADER, schema_version=99), ()), path)
    with pytest.raises(ShardError, match=f"expected format {FORMAT_VERSION}, schema 1; found format 1, schema 99"):
        load_shard(path)
    np.savez(path, header=np.array(HEADER.to_json()))
    with pytest.raises(ShardError, match="missing or short array"):
        load_shard(path)


def test_shards_of_one_folder_share_a_header(tmp_path: Path) -> None:
    with pytest.raises(ShardError, match="found none"):
        list(load_shards(tmp_path))
    save_shard(make_shard(SMALL), tmp_path / "b.npz")
    save_shard(make_shard(SMALL), tmp_path / "a.npz")
    assert [name for name, _ in load_shards(tmp_path)] == ["a.npz", "b.npz"]
    save_shard(Shard(replace(HEADER, catalogue_hash="other"), ()), tmp_path / "c.npz")
    with pytest.raises(ShardError, match=r"c\.npz: header"):
        list(load_shards(tmp_path))


def test_a_header_with_unknown_fields_is_refused() -> None:
    assert ShardHeader.from_json(HEADER.to_json()) == HEADER
    for text in ("{", '{"colour": 1}', "[1]"):
        with pytest.raises(ShardError, match="header"):
            ShardHeader.from_json(text)


def test_sources_are_a_closed_set() -> None:
    assert source_index("harvest") == 0
    with pytest.raises(ShardError, match="found 'rumour'"):
        source_index("rumour")

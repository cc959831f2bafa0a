import pickle
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from graph_model.analysis import FileAnalysis, analyse_file
from graph_model.bundle import Bundle, Judgement, save_bundle
from graph_model.candidates.model import Candidate, Step, StepRole
from graph_model.catalogue import load_catalogue
from graph_model.encoder import FunctionGraph
from graph_model.errors import BundleError
from graph_model.ladder import Rung
from graph_model.languages import BY_NAME
from graph_model.linking import link_files
from graph_model.prediction import Predictor
from graph_model.testing import make_bundle

if TYPE_CHECKING:
    from tests.graph_model.conftest import Exported

FEATURES = ("hops", "guards", "in_loop")
LABELS = ("performance/b", "security/a")
CODE = """
import hashlib, subprocess
from flask import request, redirect

def find(cursor, names):
    for name in names:
        if len(name) > 3:
            cursor.execute("select * from t where name = '" + request.args["name"] + "'")
        subprocess.run("ls " + request.args["dir"], shell=True)
    return redirect(request.args["next"])

def sign(text):
    return hashlib.md5(text.encode()).hexdigest()
"""


@dataclass(frozen=True)
class _Analysis:
    graphs: tuple[FunctionGraph | None, ...] = ()


def _candidate(label: str, **facts: float) -> Candidate:
    steps = (Step("a.py", 0, 5, StepRole.SINK),)
    return Candidate(label, "a.py", 0, 5, 0, 5, "f", "api", steps, tuple(sorted(facts.items())))


def _predictor(**rungs: Rung) -> Predictor:
    given = {f"{name.partition('_')[0]}/{name.partition('_')[2]}": rung for name, rung in rungs.items()}
    return Predictor(make_bundle(LABELS, rungs=given))


@pytest.fixture(scope="module")
def network_bundle(exported: "Exported") -> Bundle:
    labels = tuple(label.id for label in load_catalogue())
    return make_bundle(
        labels, FEATURES, dict.fromkeys(labels, Rung.NETWORK), exported.path.read_bytes(), load_catalogue().hash
    )


@pytest.fixture(scope="module")
def analysis() -> FileAnalysis:
    return analyse_file("a.py", CODE.encode(), BY_NAME["python"])


@pytest.fixture(scope="module")
def candidates(analysis: FileAnalysis) -> tuple[Candidate, ...]:
    found = link_files([analysis])["a.py"]
    assert len({one.unit for one in found}) > 1
    assert len(found) > 3
    return found


def test_no_candidates_need_nothing() -> None:
    assert _predictor().score(_Analysis(), ()) == ()


def test_each_label_is_judged_by_its_rung_in_the_order_given() -> None:
    predictor = _predictor(performance_b=Rung.PRIOR, security_a=Rung.BOOSTING)
    found = predictor.score(_Analysis(), [_candidate("security/a", hops=1.0), _candidate("performance/b")])
    assert [one.candidate.label for one in found] == ["security/a", "performance/b"]
    assert [one.probability for one in found] == [0.9047, 0.5]  # sigmoid(0.25 + 2), sigmoid(0)


def test_probabilities_are_rounded_and_calibrated_by_label() -> None:
    bundle = make_bundle(LABELS)
    lines = dict(bundle.lines)
    lines[Rung.LOGISTIC] = lines[Rung.LOGISTIC] * 1.0
    lines[Rung.LOGISTIC][1] = (2.0, -1.0)
    found = Predictor(replace(bundle, lines=lines)).score(
        _Analysis(), [_candidate("security/a"), _candidate("performance/b")]
    )
    assert [one.probability for one in found] == [0.7311, 0.5]  # sigmoid(2 * 1 - 1), sigmoid(0)


def test_weights_tell_what_the_facts_added_heaviest_first() -> None:
    (found,) = _predictor().score(_Analysis(), [_candidate("security/a", hops=1.0, guards=-7.0, unknown=5.0)])
    assert found.weights == (("fact:guards", -2.0794), ("fact:hops", 0.6931))
    (found,) = _predictor(security_a=Rung.BOOSTING).score(_Analysis(), [_candidate("security/a", hops=1.0)])
    assert found.weights == (("fact:hops", 1.5),)
    (found,) = _predictor(security_a=Rung.PRIOR).score(_Analysis(), [_candidate("security/a", hops=1.0)])
    assert found.weights == ()


def test_a_label_that_the_bundle_lacks_is_refused() -> None:
    with pytest.raises(BundleError, match="found 'security/unknown'"):
        _predictor().score(_Analysis(), [_candidate("security/unknown")])


def test_without_a_graph_the_fallback_judges_and_onnx_runtime_is_not_touched(network_bundle: Bundle) -> None:
    judgements = tuple(Judgement(Rung.NETWORK, Rung.PRIOR, 0.5) for _ in network_bundle.labels)
    predictor = Predictor(replace(network_bundle, judgements=judgements, network=None))
    for graphs in ((), (None,)):
        (found,) = predictor.score(_Analysis(graphs), [_candidate(network_bundle.labels[0])])
        assert found.probability == 0.5


def test_the_network_judges_and_weighs_the_steps(
    network_bundle: Bundle, analysis: FileAnalysis, candidates: tuple[Candidate, ...]
) -> None:
    scored = Predictor(network_bundle).score(analysis, candidates)
    assert [one.candidate for one in scored] == list(candidates)
    assert len({one.probability for one in scored}) > 1
    for one in scored:
        assert 0 < one.probability < 1
        assert round(one.probability, 4) == one.probability
        names = [name for name, _ in one.weights]
        assert names
        assert all(name.startswith("step:") and int(name[5:]) < len(one.candidate.steps) for name in names)
        shares = [share for _, share in one.weights]
        assert shares == sorted(shares, reverse=True)
        assert 0 < sum(shares) <= 1.001


def test_scores_do_not_depend_on_what_else_is_scored(
    network_bundle: Bundle, analysis: FileAnalysis, candidates: tuple[Candidate, ...]
) -> None:
    predictor = Predictor(network_bundle)
    together = predictor.score(analysis, candidates)
    alone = tuple(predictor.score(analysis, [one])[0] for one in candidates)
    assert alone == together
    assert predictor.score(analysis, candidates[::-1]) == together[::-1]
    assert predictor.score(analysis, candidates[::2]) == together[::2]


def test_small_batches_give_the_same_scores(
    network_bundle: Bundle,
    analysis: FileAnalysis,
    candidates: tuple[Candidate, ...],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    together = Predictor(network_bundle).score(analysis, candidates)
    monkeypatch.setattr("graph_model.prediction._BATCH_COST", 1)
    assert Predictor(network_bundle).score(analysis, candidates) == together


def test_a_predictor_goes_to_another_process(
    network_bundle: Bundle, analysis: FileAnalysis, candidates: tuple[Candidate, ...]
) -> None:
    predictor = Predictor(network_bundle)
    scored = predictor.score(analysis, candidates)  # a session is open now
    copy = pickle.loads(pickle.dumps(predictor))
    assert copy.identity == predictor.identity
    assert copy.score(analysis, candidates) == scored


def test_a_predictor_is_loaded_from_a_folder_and_tells_about_itself(network_bundle: Bundle, tmp_path: Path) -> None:
    identity = save_bundle(network_bundle, tmp_path)
    predictor = Predictor.load(tmp_path)
    assert predictor.identity == identity
    assert set(predictor.thresholds) == set(network_bundle.labels)
    assert set(predictor.thresholds.values()) == {0.5}
    info = predictor.info()
    assert info["labels_by_rung"]["network"] == len(network_bundle.labels)
    assert info["provenance"] == {"made": "by hand"}


def test_a_bundle_for_another_catalogue_is_refused(tmp_path: Path) -> None:
    save_bundle(make_bundle(LABELS), tmp_path)
    with pytest.raises(BundleError, match="catalogue_hash"):
        Predictor.load(tmp_path)


def test_simple_rungs_load_neither_onnx_runtime_nor_the_encoder() -> None:
    program = (
        "import sys; from graph_model.testing import make_bundle; from graph_model.prediction import Predictor;"
        "Predictor(make_bundle(('security/a',)));"
        "sys.exit(any(name in sys.modules for name in ('onnxruntime', 'torch', 'graph_model.encoder')))"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0

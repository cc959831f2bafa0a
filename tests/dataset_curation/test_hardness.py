from collections import Counter

from dataset_curation.injection.hardness import Weighed, difficulty, prefer_hard

ITEMS = [Weighed(f"place {idx}", 0.9 if idx < 20 else 0.05) for idx in range(200)]


def test_the_same_seed_gives_the_same_sample_whatever_the_order() -> None:
    assert prefer_hard(ITEMS, 30, 7) == prefer_hard(reversed(ITEMS), 30, 7)
    assert prefer_hard(ITEMS, 30, 7) != prefer_hard(ITEMS, 30, 8)


def test_hard_ones_are_likelier_and_easy_ones_keep_a_chance() -> None:
    taken: Counter[float] = Counter()
    for seed in range(50):
        taken.update(one.difficulty for one in prefer_hard(ITEMS, 30, seed))
    assert taken[0.9] / (50 * 20) > 3 * taken[0.05] / (50 * 180) > 0


def test_no_more_are_taken_than_asked_for_or_there() -> None:
    assert len(prefer_hard(ITEMS, 30, 0)) == len(set(prefer_hard(ITEMS, 30, 0))) == 30
    assert sorted(one.key for one in prefer_hard(ITEMS[:3], 30, 0)) == [one.key for one in ITEMS[:3]]
    assert prefer_hard([Weighed("right about it", 0.0)], 1, 0)


def test_a_missed_defect_and_a_blamed_twin_are_hard() -> None:
    assert difficulty(1, 0.1) > difficulty(1, 0.9)
    assert difficulty(0, 0.9) > difficulty(0, 0.1)

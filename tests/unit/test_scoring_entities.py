"""Entities are counted whole: cases worked out by hand, and what must hold for any tags."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudautoml.scoring_entities import all_together, count_entities, entity_metrics, spans, tags_of

TAGS = st.lists(st.sampled_from(["O", "B-a", "I-a", "B-b", "I-b"]), max_size=12)


@pytest.mark.parametrize(
    ("tags", "found"),
    [
        ("", []),
        ("O O", []),
        ("B-a I-a O B-b", [(0, 2, "a"), (3, 4, "b")]),
        ("B-a B-a I-a", [(0, 1, "a"), (1, 3, "a")]),
        ("B-a I-b", [(0, 1, "a"), (1, 2, "b")]),
        ("O I-a I-a", [(1, 3, "a")]),
        ("B-a-b I-a-b", [(0, 2, "a-b")]),
    ],
)
def test_spans(tags: str, found: list[tuple[int, int, str]]) -> None:
    assert spans(tags.split()) == found


def test_metrics_by_hand() -> None:
    truth = [["B-a", "I-a", "O", "B-b"], ["B-a", "O", "B-b", "I-b"]]
    found = [["B-a", "I-a", "O", "B-a"], ["B-a", "I-a", "B-b", "I-b"]]
    # right: (0-2 a), (2-4 b); the third has another type, the fourth another end
    assert entity_metrics(truth, found) == {"entity_f1": 0.5, "entity_precision": 0.5, "entity_recall": 0.5}
    counts = count_entities(truth, found)
    assert (counts["a"].right, counts["a"].predicted, counts["a"].true) == (1, 3, 2)
    assert (counts["b"].precision, counts["b"].recall) == (1.0, 0.5)
    assert counts["b"].f1 == pytest.approx(2 / 3)


def test_nothing_is_defined_without_entities() -> None:
    assert entity_metrics([["O"]], [["B-a"]]) == {}
    assert entity_metrics([["B-a"]], [["O"]])["entity_f1"] == 0.0


def test_sentences_must_be_the_same() -> None:
    with pytest.raises(ValueError, match="2 tags"):
        count_entities([["O"]], [["O", "O"]])


@given(TAGS)
def test_spans_and_tags_are_inverse(tags: list[str]) -> None:
    found = spans(tags)
    assert spans(tags_of(found, len(tags))) == found
    assert all(left[1] <= right[0] for left, right in pairwise(found))


@given(st.lists(st.tuples(TAGS, TAGS), max_size=5))
def test_truth_is_perfect_and_f1_lies_between(pairs: list[tuple[list[str], list[str]]]) -> None:
    truth = [one[: min(len(one), len(other))] for one, other in pairs]
    found = [other[: min(len(one), len(other))] for one, other in pairs]
    total = all_together(count_entities(truth, found))
    turned = all_together(count_entities(found, truth))
    assert (total.precision, total.recall, total.f1) == (turned.recall, turned.precision, turned.f1)
    assert min(total.precision, total.recall) <= total.f1 + 1e-12 <= max(total.precision, total.recall) + 2e-12
    assert entity_metrics(truth, truth).get("entity_f1", 1.0) == 1.0

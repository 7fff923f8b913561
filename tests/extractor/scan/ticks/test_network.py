import numpy as np
import pytest

from benchmarks.marks.strips import ROOM, make_strips
from extractor.scan.ticks import network
from extractor.scan.ticks.network import HIGH, STATES, STEP, decode, find_marks, ink_of
from models.errors import OcrUnavailable


def _answer(*columns: tuple[int, str, float]) -> np.ndarray:
    """What the network says where it saw boxes: (column, state, score), everything else surely none."""
    answer = np.zeros((len(STATES) + 3, 60), np.float32)
    answer[0] = 8
    for column, state, score in columns:
        answer[0, column] = 0
        answer[STATES.index(state), column] = score
    return answer


def test_a_box_is_told_once_at_its_surest_column():
    (seen,) = decode(_answer((20, "ticked", 6), (21, "ticked", 8), (22, "ticked", 6)))
    assert (seen.x, seen.y, seen.side) == (21.5 * STEP, HIGH / 2, 24)
    assert seen.states[STATES.index("ticked") - 1] > 0.99


def test_boxes_come_from_left_to_right():
    assert [seen.x for seen in decode(_answer((40, "empty", 9), (10, "ticked", 5)))] == [42, 162]


def test_the_drawn_rows_stand_where_their_truth_says():
    strips = [strip for strip in make_strips(900_001, 12) if strip.marks]
    found = missed = 0
    for strip in strips:
        seen = find_marks(ink_of(strip.gray[ROOM : ROOM + HIGH]))
        for x, _, side, _ in strip.marks:
            near = any(abs(one.x - x) < 0.5 * side for one in seen)
            found, missed = found + near, missed + (not near)
    assert found > 10 * missed


def test_other_weights_than_the_released_ones_are_refused(monkeypatch, tmp_path):
    other = tmp_path / "marks.onnx"
    other.write_bytes(b"something else")
    monkeypatch.setattr(network, "WEIGHTS", other)
    network._session.cache_clear()
    with pytest.raises(OcrUnavailable):
        find_marks(np.zeros((HIGH, 80), np.float32))
    monkeypatch.undo()
    network._session.cache_clear()


def test_the_weights_are_small():
    assert network.WEIGHTS.stat().st_size < 1_000_000

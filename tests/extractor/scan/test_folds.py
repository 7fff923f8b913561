"""Folds of which the rules that cross them tell."""

import cv2
import numpy as np

from extractor.scan.ruling import find_grids
from tests.extractor import drawing

FOLDS = ((250, 14), (790, 10), (1090, 12))  # where each runs, and how far it moves print, in pixels


def test_folds_across_the_ends_of_rules_cut_no_column_in_two() -> None:
    """Met on a scan with a fold through the labels: the table began behind it, at half of each label."""
    picture = drawing.blank()
    rows = [300 + 100 * row for row in range(12)]
    drawing.table(picture, [170, 490, 1450], rows)
    texts = []
    for y in rows[:-1]:
        drawing.write(picture, [(190, y + 30, "申报单位"), (510, y + 30, "武汉某某有限公司")], 32)
        texts += [(188.0, y + 26.0, 322.0, y + 72.0), (508.0, y + 26.0, 770.0, y + 72.0)]
    ys, xs = np.mgrid[0 : picture.shape[0], 0 : picture.shape[1]].astype(np.float32)
    down = sum(depth * np.clip(1 - np.abs(xs - at) / 60, 0, None) for at, depth in FOLDS)
    folded = cv2.remap(picture, xs, ys + down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    (grid,) = find_grids(cv2.cvtColor(folded, cv2.COLOR_RGB2GRAY), drawing.SCALE, texts).grids
    assert abs(grid.box[0] - 170) < 8
    assert len(grid.cells) == 22

"""The course of a seal's outline."""

import numpy as np
import pytest

from extractor.scan.seals.ring import Ring, outline


@pytest.mark.parametrize("radius", [0.1, 0.45, 0.55, 1.0, 5.0])
def test_even_the_ring_of_a_speck_has_an_outline(radius: float) -> None:
    paper = np.full((20, 20), 255, np.uint8)
    paper[5:8, 5:8] = 0
    mask = outline(paper, Ring(6, 6, radius, radius, 0, red=False, confidence=0.9))
    assert mask.shape == paper.shape
    assert mask.any()

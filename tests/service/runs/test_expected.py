"""The time left that a run tells, against the time that it then took."""

import random
from collections.abc import Sequence
from heapq import heappop, heappush
from pathlib import Path

import pytest

from extractor import Source
from service.runs.expected import Expected

# Seconds that the simulated files take, before the noise of each.
TOOK = {".docx": 0.5, ".eml": 0.7, ".jpg": 12.0, ".pdf": 18.0}


class _Run:
    """A run of `jobs` processes on a clock of its own."""

    def __init__(self, folder: Path, names: Sequence[str], jobs: int, pace: float, seed: int) -> None:
        chance = random.Random(seed)
        self.now, self.jobs = 0.0, jobs
        self.seconds = {}
        sources = []
        for name in names:
            path = folder / name
            path.write_bytes(bytes(400_000 if path.suffix == ".pdf" else 10))
            source = Source.at(path)
            self.seconds[source.name] = TOOK[path.suffix] * pace * chance.uniform(0.85, 1.18)
            sources.append(source)
        self.expected = Expected(sources, jobs, lambda: self.now)

    def told(self) -> list[tuple[float, float]]:
        """(share of the run, what was told over what was left) as each was done and halfway to the next."""
        waiting, running, looks = list(self.seconds), list[tuple[float, str]](), []
        while waiting or running:
            while waiting and len(running) < self.jobs:
                name = waiting.pop(0)
                heappush(running, (self.now + self.seconds[name], name))
            end, name = heappop(running)
            self.now += (end - self.now) / 2
            looks.append((self.now, self.expected.left()))
            self.now = end
            self.expected.done(name, self.seconds[name])
            looks.append((self.now, self.expected.left()))
        return [(at / self.now, left / max(self.now - at, 0.1)) for at, left in looks if left is not None]


@pytest.mark.parametrize("pace", [0.5, 1.0, 3.0])
@pytest.mark.parametrize("jobs", [1, 2])
def test_the_time_left_of_a_mixed_batch_is_right_within_a_third(
    tmp_path: Path, pace: float, jobs: int
) -> None:
    names = [f"{number:02}{suffix}" for number in range(15) for suffix in (".docx", ".eml", ".pdf", ".jpg")]
    random.Random(3).shuffle(names)
    told = _Run(tmp_path, names, jobs, pace, seed=1).told()
    later = [(share, ratio) for share, ratio in told if 0.1 < share < 0.9]
    assert len(later) > 60
    assert [one for one in later if not 2 / 3 < one[1] < 4 / 3] == []


def test_scans_that_come_last_are_counted_from_the_beginning(tmp_path: Path) -> None:
    names = [f"a{number:02}.docx" for number in range(20)] + [f"b{number}.pdf" for number in range(6)]
    told = _Run(tmp_path, names, 2, 1.0, seed=2).told()
    # By the number of files it would be nearly over when the first scan begins.
    assert [(share, ratio) for share, ratio in told if share < 0.75 and not 2 / 3 < ratio < 4 / 3] == []


def test_before_anything_is_known_nothing_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.docx").write_bytes(b"x")
    (tmp_path / "b.docx").write_bytes(b"x")
    sources = [Source.at(tmp_path / name) for name in ("a.docx", "b.docx")]
    expected = Expected(sources, 2)
    assert expected.left() is None
    expected.done(sources[0].name, None)
    assert expected.left() is None, "its process died"
    expected.done(sources[1].name, 0.4)
    assert expected.left() == 0


def test_a_file_that_was_refused_at_once_tells_nothing_of_how_long_others_take(tmp_path: Path) -> None:
    for name in ("a.docx", "b.docx", "c.jpg"):
        (tmp_path / name).write_bytes(b"x")
    sources = [Source.at(tmp_path / name) for name in ("a.docx", "b.docx", "c.jpg")]
    now = 0.0
    expected = Expected(sources, 1, lambda: now)
    expected.done(sources[0].name, 0.0)
    assert expected.left() is None, "nothing was read yet"
    # Four times as long as on a quiet machine, and so will the picture take.
    expected.done(sources[1].name, 2.8)
    left = expected.left()
    assert left is not None
    assert 2 / 3 < left / 48.0 < 4 / 3

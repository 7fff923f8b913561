"""The time left that a run tells, against the time that it then took."""

import random
from collections.abc import Mapping, Sequence
from heapq import heappop, heappush
from pathlib import Path

import pytest

from extractor import Source
from service.runs.expected import Expected

INBOX = Path(__file__).parents[3] / "fixtures/inbox"
# Seconds that reading took one processor, as recorded on 2026-11-29; what LibreOffice converted, by the
# clock.
RECORDED = {
    "photos/1.jpg": 6.34,
    "photos/2.jpg": 3.47,
    "A01_lit_ballot_check.docx": 0.09,
    "A04_lit_box_then_tick.docx": 0.06,
    "A06_lit_tick_before_box_mid_nospace.docx": 0.06,
    "A08_printed.pdf": 0.31,
    "A22_none_selected.docx": 0.1,
    "B02_sym_w2_0052_00A3_wps.docx": 0.1,
    "B11_fontswitch_R_w2.docx": 0.1,
    "C01_w14_checkbox_default.docx": 0.09,
    "C09_eq_enclosed_tick.docx": 0.08,
    "F01_tracked_replace.docx": 0.07,
    "T05_guidance_kept_answer_below.docx": 0.09,
    "T11_label_variants.docx": 0.08,
    "T12_label_value_same_cell.docx": 0.07,
    "T36_word2003xml_renamed.doc": 0.07,
    "T37_html_gbk_renamed.doc": 0.11,
    "X01_lo_A01_lit_ballot_check.doc": 3.04,
    "archive_gbk_names.zip": 0.12,
    "fillable_returned.pdf": 0.38,
    "mail_word_and_logo.eml": 0.08,
    "scan_clean.pdf": 8.3,
    "scan_fax.tif": 8.8,
    "scan_sideways.pdf": 7.35,
    "scan_stamped.pdf": 6.32,
}
# Seconds more of the first of its kind in a process, which loads what it needs: measured the same day.
LOADS = {"a picture": 0.5, ".pdf": 0.4, ".docx": 0.2}
A_PICTURE = 2.0  # seconds; what takes longer is one
# Seconds that the simulated files take, before the noise of each: a page of paper as recorded.
TOOK = {".docx": 0.09, ".eml": 0.08, ".jpg": 4.9, ".pdf": 5.7}


class _Run:
    """A run of `jobs` processes on a clock of its own, over files that take so many seconds."""

    def __init__(self, seconds: Mapping[Path, float], jobs: int, pace: float) -> None:
        self.now, self.jobs, self.pace = 0.0, jobs, pace
        sources = {Source.at(path): took for path, took in seconds.items()}
        self.seconds = {source.name: took for source, took in sources.items()}
        self.expected = Expected(list(sources), jobs, lambda: self.now)

    @classmethod
    def made_up(cls, folder: Path, names: Sequence[str], jobs: int, pace: float, seed: int) -> "_Run":
        chance, seconds = random.Random(seed), {}
        for path in (folder / name for name in names):
            path.write_bytes(bytes(400_000 if path.suffix == ".pdf" else 10))
            seconds[path] = TOOK[path.suffix] * pace * chance.uniform(0.85, 1.18)
        return cls(seconds, jobs, pace)

    def told(self) -> list[tuple[float, float]]:
        """(share of the run, what was told over what was left) as each was done and halfway to the next."""
        waiting, looks = list(self.seconds), []
        running, free = list[tuple[float, str, float, int]](), list(range(self.jobs))
        loaded: set[tuple[int, str]] = set()
        while waiting or running:
            while waiting and free:
                name, process = waiting.pop(0), free.pop()
                took, suffix = self.seconds[name], Path(name).suffix
                kind = "a picture" if took > A_PICTURE * self.pace and suffix != ".doc" else suffix
                if (process, kind) not in loaded:
                    took += LOADS.get(kind, 0.0) * self.pace
                loaded.add((process, kind))
                heappush(running, (self.now + took, name, took, process))
            end, name, took, process = heappop(running)
            free.append(process)
            self.now += (end - self.now) / 2
            looks.append((self.now, self.expected.left()))
            self.now = end
            self.expected.done(name, took)
            looks.append((self.now, self.expected.left()))
        return [(at / self.now, left / max(self.now - at, 0.1)) for at, left in looks if left is not None]


@pytest.mark.parametrize("pace", [0.5, 1.0, 3.0])
@pytest.mark.parametrize("jobs", [1, 2])
def test_the_time_left_of_a_mixed_batch_is_right_within_a_third(
    tmp_path: Path, pace: float, jobs: int
) -> None:
    names = [f"{number:02}{suffix}" for number in range(15) for suffix in (".docx", ".eml", ".pdf", ".jpg")]
    random.Random(3).shuffle(names)
    told = _Run.made_up(tmp_path, names, jobs, pace, seed=1).told()
    later = [(share, ratio) for share, ratio in told if 0.1 < share < 0.9]
    assert len(later) > 60
    assert [one for one in later if not 2 / 3 < one[1] < 4 / 3] == []


@pytest.mark.parametrize("order", ["by name", "paper last", "shuffled", "shuffled again"])
@pytest.mark.parametrize("pace", [1.0, 3.0])
@pytest.mark.parametrize("jobs", [1, 2])
def test_of_real_files_as_they_were_recorded_the_time_left_is_right_within_a_third(
    tmp_path: Path, order: str, pace: float, jobs: int
) -> None:
    seconds = {}
    for number in range(3):
        for name, took in RECORDED.items():
            path = tmp_path / f"{number}-{Path(name).name}"
            path.symlink_to(INBOX / name)
            seconds[path] = took * pace
    paths = sorted(seconds)
    if order == "paper last":
        paths.sort(key=lambda path: seconds[path])
    elif order != "by name":
        random.Random(order).shuffle(paths)
    run = _Run({path: seconds[path] for path in paths}, jobs, pace)
    told = run.told()
    for share in (0.1, 0.25, 0.5, 0.75):
        at, ratio = next(one for one in told if one[0] >= share)
        assert 2 / 3 < ratio < 4 / 3, f"{ratio:.2f} at {at:.0%}"


def test_scans_that_come_last_are_counted_from_the_beginning(tmp_path: Path) -> None:
    names = [f"a{number:02}.docx" for number in range(20)] + [f"b{number}.pdf" for number in range(6)]
    told = _Run.made_up(tmp_path, names, 2, 1.0, seed=2).told()
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
    # With what its process loaded, four times as long as on a quiet machine; and so will the picture take.
    expected.done(sources[1].name, 4 * (0.08 + LOADS[".docx"]))
    left = expected.left()
    assert left is not None
    assert 2 / 3 < left / 20.0 < 4 / 3


def test_a_page_of_a_form_more_takes_less_than_the_first(tmp_path: Path) -> None:
    """Two scans of the same form, on one page and on two, take nearly as long."""
    for name in ("1.pdf", "2.pdf"):
        pages = b"<< /Subtype /Image /Width 1654 /Height 2339 >>" * int(name[0])
        (tmp_path / name).write_bytes(pages + bytes(200_000))
    sources = [Source.at(tmp_path / name) for name in ("1.pdf", "2.pdf")]
    expected = Expected(sources, 1, lambda: 0.0)
    expected.done(sources[0].name, 3.0 + LOADS["a picture"])
    left = expected.left()
    assert left is not None
    assert 3.0 < left < 6.0
    assert 2 / 3 < left / 4.2 < 4 / 3

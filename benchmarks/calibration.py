"""Fits and reports `extractor/weighing/coefficients.py`, which turns the signs of a reading into the
probability that it is right.

    python -m benchmarks.calibration collect SCORER FOLDER -o samples.jsonl
        reads FOLDER/scans, and compares with FOLDER/truth.json
    python -m benchmarks.calibration fit samples.jsonl...
        writes extractor/weighing/coefficients.py
    python -m benchmarks.calibration report samples.jsonl...
        prints a reliability table; never use it on the samples of the fit

SCORER is the corpus's own `score.py`, which knows what counts as right. A sample is one field that was read
off a picture.
"""

import argparse
import importlib.util
import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from extractor import Source, extract
from extractor.weighing.calibration import POINT, probability_of
from models.findings import CATALOGUE
from models.record import Result
from service.forms.definitions import load_forms

Floats = NDArray[np.float64]

TARGET = Path(__file__).parent.parent / "extractor" / "weighing" / "coefficients.py"
# Text of one line is alike whatever it says, so these kinds are fitted together. A kind with a shape or a
# rule of its own is fitted by itself.
ALIKE = {"address": "text"}
SHARES = (0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05)
_RIDGE = 0.3  # on signs of unit variance
# Wrong readings that are added to each kind, with poor signs: that no wrong one was seen does not prove that
# there is none.
_UNSEEN = 0.1
# Share of the silent errors that may come of low signs. More come of what no sign tells: 5 of 5 on 276
# sheets, clean and worn, that nothing had been fitted to (2026-11-30).
_OF_SIGNS = 1 / 3


@dataclass(frozen=True)
class Sample:
    """One field: its kind, its signs, whether it was read right, and whether a finding sends it to a person
    anyway."""

    kind: str
    signs: dict[str, float]
    right: bool
    doubted: bool


def collect(scorer: Path, folder: Path, jobs: int) -> list[Sample]:
    """Returns a sample for each field of each case of `folder` that was read off a picture."""
    truth = json.loads((folder / "truth.json").read_text("utf-8"))
    paths = [(folder / "scans" / case["files"][0]) for case in truth.values()]
    paths = [path if path.parent.name == "scans" else path.parent for path in paths]
    with ProcessPoolExecutor(jobs) as pool:
        results = list(pool.map(_read, paths))
    return [
        sample
        for (name, case), result in zip(truth.items(), results, strict=True)
        for sample in samples_of(load_scorer(scorer), case, result)
    ]


def _read(path: Path) -> Result:
    return extract(Source.at(path), load_forms(None))[0]


def samples_of(score: Any, case: dict[str, Any], result: Result) -> Iterable[Sample]:
    """Yields the samples of one application. `score` is the scorer's module, `case` the truth about the
    application."""
    doubted = {
        finding.field
        for finding in result.findings
        if CATALOGUE[finding.code].doubt and finding.code != "unsure"
    }
    for name, want in score.expected(case).items():
        field = result.fields.get(name)
        if field is None or not field.signs or result.form is None:
            continue
        kind = result.form.fields[name].kind
        value = result.form.fields[name].to_json(field.value)
        yield Sample(
            ALIKE.get(kind, kind), dict(field.signs), bool(score.right(name, want, value)), name in doubted
        )


def load_scorer(path: Path) -> Any:
    """Loads the module at `path`."""
    spec = importlib.util.spec_from_file_location("score", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def fit(samples: Sequence[Sample]) -> dict[str, dict[str, float]]:
    """Returns {kind: {sign: weight, "bias": ...}}, fitted by logistic regression with a ridge penalty on the
    fields that no finding sends to a person."""
    by_kind: dict[str, list[Sample]] = defaultdict(list)
    for sample in samples:
        if not sample.doubted:
            by_kind[sample.kind].append(sample)
    return {kind: _fit_kind(found) for kind, found in sorted(by_kind.items())}


def _fit_kind(samples: Sequence[Sample]) -> dict[str, float]:
    names = sorted({name for sample in samples for name in sample.signs} - {POINT})
    signs = np.array([[sample.signs.get(name, 0.0) for name in names] for sample in samples])
    right = np.array([sample.right for sample in samples], float)
    middle, spread = signs.mean(axis=0), signs.std(axis=0) + 1e-6
    columns = np.column_stack([(signs - middle) / spread, np.ones(len(signs))])
    columns = np.vstack([columns, np.zeros((1, len(names) + 1))])
    columns[-1] = [-1.0] * len(names) + [1.0]
    weights = np.concatenate([np.ones(len(signs)), [_UNSEEN]])
    found = logistic(columns, np.append(right, 0.0), weights)
    slopes = found[:-1] / spread
    bias = float(found[-1] - (slopes * middle).sum())
    return {
        "bias": round(bias, 4),
        **{name: round(float(slope), 4) for name, slope in zip(names, slopes, strict=True)},
    }


def logistic(columns: Floats, right: Floats, weights: Floats) -> Floats:
    """Fits a logistic regression by Newton's method. The last column is the bias, which is not shrunk. Signs
    speak for a reading, so no slope may be negative."""
    penalty = np.full(columns.shape[1], _RIDGE)
    penalty[-1] = 1e-9
    free = np.ones(columns.shape[1], bool)
    while True:
        found = np.zeros(columns.shape[1])
        for _ in range(60):
            sure = 1 / (1 + np.exp(-np.clip(columns @ found, -30, 30)))
            slope = columns.T @ (weights * (right - sure)) - penalty * found
            bend = (columns * (weights * sure * (1 - sure))[:, None]).T @ columns + np.diag(penalty)
            step = np.zeros_like(found)
            step[free] = np.linalg.solve(bend[np.ix_(free, free)], slope[free])
            found = found + np.clip(step, -2, 2)
        against = free & (found < -1e-9)
        against[-1] = False
        if not against.any():
            return found
        free &= ~against


def thresholds(samples: Sequence[Sample], weights: dict[str, dict[str, float]]) -> list[tuple[float, float]]:
    """Returns for each share of silent errors the least probability that keeps to it, among all samples, as
    the model was fitted. Two thirds of the share are left to errors that no sign tells."""
    sure = np.array(
        [probability_of(weights, sample.kind, sample.signs) for sample in samples if not sample.doubted]
    )
    levels, counts = np.unique(np.round(sure, 5), return_counts=True)
    wrong = np.cumsum(((1 - levels) * counts)[::-1])[::-1] / len(samples)
    return [(share, float(min(levels[wrong <= share * _OF_SIGNS], default=1.0))) for share in SHARES]


def write(weights: dict[str, dict[str, float]], shares: Sequence[tuple[float, float]], count: int) -> None:
    """Writes the module that the calibration reads."""
    kinds = "\n".join(f"    {json.dumps(kind)}: {json.dumps(one)}," for kind, one in weights.items())
    rows = "\n".join(f"    {row}," for row in shares)
    TARGET.write_text(
        f'"""Written by `python -m benchmarks.calibration fit`, from {count} fields. Not to be edited."""\n\n'
        "# For each kind of field, the logistic regression's weight of each sign.\n"
        f"WEIGHTS: dict[str, dict[str, float]] = {{\n{kinds}\n}}\n"
        "# (share of silent errors, least probability of what is accepted), by share.\n"
        f"THRESHOLDS: list[tuple[float, float]] = [\n{rows}\n]\n",
        "utf-8",
    )


def report(samples: Sequence[Sample]) -> str:
    """Returns a table of how many readings of each probability were right: the reliability, as far as so many
    samples show it."""
    from extractor.weighing.coefficients import WEIGHTS

    edges = (0.0, 0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999, 1.0001)
    lines = [f"{'kind':10} {'probability':>15} {'n':>6} {'said %':>8} {'right %':>8}"]
    for kind in (*sorted({sample.kind for sample in samples}), "all"):
        own = [sample for sample in samples if kind in (sample.kind, "all")]
        sure = np.array([probability_of(WEIGHTS, sample.kind, sample.signs) for sample in own])
        right = np.array([sample.right for sample in own], float)
        for low, high in pairwise(edges):
            inside = (sure >= low) & (sure < high)
            if inside.any():
                said, true = 100 * sure[inside].mean(), 100 * right[inside].mean()
                lines.append(
                    f"{kind:10} {low:7.3f}-{min(high, 1):7.3f} {inside.sum():6} {said:8.2f} {true:8.2f}"
                )
    return "\n".join(lines)


def load(paths: Iterable[Path]) -> list[Sample]:
    """Returns the samples in files that `collect` wrote."""
    return [Sample(**json.loads(line)) for path in paths for line in path.read_text("utf-8").splitlines()]


def save(samples: Iterable[Sample], path: Path) -> None:
    """Writes samples as JSON lines."""
    path.write_text("".join(json.dumps(asdict(sample)) + "\n" for sample in samples), "utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    collecting = commands.add_parser("collect")
    collecting.add_argument("scorer", type=Path)
    collecting.add_argument("folder", type=Path)
    collecting.add_argument("-o", "--output", type=Path, required=True)
    collecting.add_argument("--jobs", type=int, default=2)
    for name in ("fit", "report"):
        commands.add_parser(name).add_argument("samples", type=Path, nargs="+")
    asked = parser.parse_args()
    if asked.command == "collect":
        save(collect(asked.scorer, asked.folder, asked.jobs), asked.output)
    elif asked.command == "fit":
        samples = load(asked.samples)
        weights = fit(samples)
        write(weights, thresholds(samples, weights), len(samples))
    else:
        print(report(load(asked.samples)))


if __name__ == "__main__":
    main()

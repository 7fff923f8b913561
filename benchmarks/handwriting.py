"""Fits the weights that tell a signed name from a typed one behind its prompt, and compares them with those
in `extractor/scan/handwriting.py`.

    python -m benchmarks.handwriting --hands FOLDER [--prompts 900] [--seed 1]

Prompts are drawn in five faces of print, each with a name behind it that is typed in the same face or signed
in a pen's face, and copied by four scanners. A logistic regression over the four differences between the ink
of the name and of its prompt is fitted to two thirds of them. Both the fitted and the committed weights are
tried on the rest. The bias is that of a paper on which a name is signed a dozen times for each time it is
typed.

The committed weights were fitted in this way on 2026-11-22. The sheets were not kept, so another fit gives
other figures of the same size; those of 2026-11-29 stand beside the weights in
`extractor/scan/handwriting.py`. How much ink counts as writing at all was set there by hand; this prints how
much ink a signed name has.
"""

import argparse
import math
from dataclasses import dataclass
from pathlib import Path
from random import Random

import numpy as np

from benchmarks.calibration import Floats, logistic
from benchmarks.writing import INKS, SCANNERS, moved, paper, pens, prints, scanned, write
from extractor import rungs
from extractor.scan import handwriting
from extractor.scan.layers import PAPER

SIGNS = ("HEIGHT", "MIDDLE", "STROKE", "UNEVEN")
_SIGNED_A_TYPED = 12.0
_PROMPTS = ("申报负责人（签字）：", "法定代表人签字：", "负责人（签名）：", "经办人（签字）：", "填表人：")
_SURNAMES = "赵钱孙李周吴郑王冯陈张刘杨黄何林胡唐"
_GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰建国文斌雪梅志宏"


@dataclass(frozen=True)
class Example:
    """A name behind its prompt: the differences between its ink and the prompt's, in the order of `SIGNS`,
    and whether it was signed.

    `sure` is the certainty by the committed weights. `amount` is how much ink the name has, in squares of the
    print's height.
    """

    signs: tuple[float, ...]
    signed: bool
    sure: float
    amount: float


def examples(count: int, seed: int, hands: list[str]) -> list[Example]:
    """Returns about `count` names, every second one signed."""
    found = (_example(Random(f"{seed}/{number}"), bool(number % 2), hands) for number in range(count))
    return [one for one in found if one is not None]


def _example(r: Random, signed: bool, hands: list[str]) -> Example | None:
    size = r.randint(38, 52)
    sheet = paper(34 * size, 6 * size)
    face = r.choice(prints(5))
    prompt = write(sheet, r.choice(_PROMPTS), (size, 3 * size), face, size, (10, 10, 10))
    name = r.choice(_SURNAMES) + "".join(r.sample(_GIVEN, r.choice([1, 2, 2])))
    start = prompt[2] + size * r.uniform(0.1, 3.0)
    if signed:
        level = 3 * size + size * r.gauss(0, 0.25)
        own = write(
            sheet,
            name,
            (start, level),
            r.choice(hands),
            size * r.uniform(1.1, 2.0),
            r.choice(INKS),
            r.uniform(-5, 5),
        )
    else:
        own = write(sheet, name, (start, 3 * size), face, size, (10, 10, 10))
    layers, matrix = scanned(sheet, r.choice(SCANNERS), r)
    ink = layers.text < PAPER
    boxes = [moved(box, matrix) for box in (prompt, own)]
    before = handwriting._shape(ink, boxes[0], boxes[0][3] - boxes[0][1])
    if before is None or not before.edges:
        return None
    x0, y0, x1, y1 = boxes[1]
    (top, bottom), margin = handwriting._body(before), 0.3 * before.height
    shape = handwriting._shape(ink, (x0, min(y0, top - margin), x1, max(y1, bottom + margin)), before.height)
    if shape is None:
        return None
    sure = handwriting._unlike(shape, before, level=True)
    return Example(_signs(shape, before), signed, sure, shape.amount / before.height**2)


def _signs(shape: handwriting._Shape, prompt: handwriting._Shape) -> tuple[float, ...]:
    """Returns the differences that `handwriting._unlike` weighs."""
    top, bottom = handwriting._body(prompt)
    high = max(bottom - top, 1.0)
    tops, bottoms = zip(*shape.edges, strict=True) if shape.edges else ((), ())
    uneven = (max(tops) - min(tops) + max(bottoms) - min(bottoms)) / high if len(tops) > 1 else 0.1
    return (
        abs(math.log(shape.height / high)),
        abs(shape.top + shape.bottom - top - bottom) / 2 / high,
        abs(math.log(shape.stroke / prompt.stroke)),
        uneven,
    )


def committed() -> Floats:
    """Returns the committed weights of `SIGNS` and the bias."""
    return np.array([getattr(handwriting, f"_{name}") for name in (*SIGNS, "BIAS")], np.float64)


def sure(weights: Floats, signs: Floats) -> Floats:
    """Returns how sure it is that each row of signs is a signature's, as `handwriting._unlike` computes
    it."""
    return np.asarray(rungs.CERTAIN / (1 + np.exp(-np.clip(signs @ weights[:-1] + weights[-1], -30, 30))))


def fit(signs: Floats, signed: Floats) -> Floats:
    """Fits weights and bias. Typed and signed names count the same in all, whatever their numbers."""
    spread = signs.std(axis=0) + 1e-6
    columns = np.column_stack([signs / spread, np.ones(len(signs))])
    share = signed.mean()
    found = logistic(columns, signed, np.where(signed > 0, 0.5 / share, 0.5 / (1 - share)))
    return np.append(found[:-1] / spread, found[-1] + math.log(_SIGNED_A_TYPED))


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--hands", type=Path, required=True, help="a folder with pens' faces")
    asked.add_argument("--prompts", type=int, default=900)
    asked.add_argument("--seed", type=int, default=1)
    given = asked.parse_args()
    found = examples(given.prompts, given.seed, pens(given.hands))
    signs, signed = np.array([one.signs for one in found]), np.array([one.signed for one in found], float)
    weights = committed()
    # The formula stands in two places, there to decide and here to fit, and both must give the same.
    assert np.allclose(sure(weights, signs), [one.sure for one in found])
    third = np.arange(len(found)) % 6 < 2
    fitted = fit(signs[~third], signed[~third])
    print(f"{len(found)} names, {int(signed.sum())} signed; tried on {int(third.sum())}")
    print(f"{'':10} {'committed':>10} {'fitted':>10}")
    for name, old, new in zip((*SIGNS, "BIAS"), weights, fitted, strict=True):
        print(f"{name:10} {old:10.1f} {new:10.1f}")
    for title, one in (("committed", weights), ("fitted", fitted)):
        told, true = sure(one, signs[third]), signed[third] > 0
        print(
            f"{title}: typed names accepted as signed "
            f"{int((told[~true] >= rungs.ACCEPTED).sum())} of {int((~true).sum())},",
            f"above {rungs.EVEN} {int((told[~true] >= rungs.EVEN).sum())};",
            f"signed names accepted {int((told[true] >= rungs.ACCEPTED).sum())} of {int(true.sum())},",
            f"below {rungs.EVEN} {int((told[true] < rungs.EVEN).sum())}",
        )
    amounts = np.array([one.amount for one in found])[signed > 0]
    least, few = amounts.min(), np.percentile(amounts, 1)
    print(
        "ink of a signed name in squares of the print's height: least "
        f"{least:.2f}, of a hundred the least {few:.2f};"
    )
    print(f"as likely a smudge {handwriting._HALF_SURE}, less is dust {handwriting._LEAST}")


if __name__ == "__main__":
    main()

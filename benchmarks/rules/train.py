"""Trains a network that finds rules (needs torch and onnx of `requirements.txt`, which the project itself
does not).

    python -m benchmarks.rules.train --examples 900 --minutes 20 --kept FOLDER --out FOLDER/rules.onnx

Examples are drawn from `--seed` on, once, and kept in `--kept`. A twentieth of them is kept aside; the
printed shares are those of this twentieth.
"""

import argparse
import hashlib
import os
import time
from pathlib import Path

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from torch import nn

from benchmarks.rules.pages import SIDE, make_examples

STEP = 4  # pixels along a rule a column of the answer
_BATCH = 3
_FASTEST = 8e-3

Masks = NDArray[np.uint8]


class Network(nn.Module):
    """Finds level rules in a picture of 100 dpi, one answer for each row and every four columns. Upright
    rules are found in the picture mirrored at its diagonal.

    The first layer folds two rows by eight columns into one place, which costs a fifth of what looking at all
    rows costs. Long kernels and dilation see some 40 mm to both sides along the rows. Each place answers for
    two rows by two columns.
    """

    def __init__(self, channels: int = 16) -> None:
        super().__init__()
        self.folded = _layer(1, channels, (6, 12), stride=(2, 2 * STEP), padding=(2, 2))
        self.seen = nn.Sequential(
            *(_Wide(channels, *far) for far in ((1, 1), (2, 2), (4, 4), (2, 1), (1, 2)))
        )
        self.told = nn.Conv2d(channels, 4, (1, 1))
        nn.init.constant_(self.told.bias, -3.0)  # type: ignore[arg-type]  # most places are no rule

    def forward(self, ink: torch.Tensor) -> torch.Tensor:
        """Returns the log odds of a rule, n x 4 x rows / 2 x columns / 8. `ink`: n x 1 x rows x columns, from
        0 to 1; rows are even, columns a multiple of 8."""
        return self.told(self.seen(self.folded(ink)))  # type: ignore[no-any-return]


def unfolded(odds: torch.Tensor) -> torch.Tensor:
    """Returns the answers in their rows and columns: n x 1 x rows x columns / 4."""
    return nn.functional.pixel_shuffle(odds, 2)


class _Wide(nn.Module):
    """Looks along the rows, then across them; added to what came in."""

    def __init__(self, channels: int, along: int, across: int) -> None:
        super().__init__()
        self.look = nn.Sequential(
            *_layer(channels, channels, (1, 5), padding=(0, 2 * along), dilation=(1, along)),
            *_layer(channels, channels, (3, 1), padding=(across, 0), dilation=(across, 1)),
        )

    def forward(self, before: torch.Tensor) -> torch.Tensor:
        return before + self.look(before)  # type: ignore[no-any-return]


def _layer(before: int, after: int, kernel: tuple[int, int], **how: object) -> nn.Sequential:
    convolution = nn.Conv2d(before, after, kernel, bias=False, **how)  # type: ignore[arg-type]
    return nn.Sequential(convolution, nn.BatchNorm2d(after), nn.ReLU(inplace=True))


def drawn(seed: int, count: int, kept: Path) -> tuple[Masks, Masks, Masks]:
    """Returns pictures, level rules and upright ones, each count x SIDE x SIDE. Draws what `kept` has not."""
    kept.mkdir(parents=True, exist_ok=True)
    file = kept / f"examples-{seed}-{count}.npz"
    if not file.exists():
        examples = list(make_examples(seed, count))
        np.savez(file, *(np.stack([getattr(one, part) for one in examples]) for part in
                         ("gray", "level", "upright")))  # fmt: skip
    with np.load(file) as parts:
        gray, level, upright = (parts[name] for name in parts.files)
    return gray, level, upright


def _batch(examples: tuple[Masks, Masks, Masks], picked: NDArray[np.int64], r: np.random.Generator) -> tuple[
    torch.Tensor, torch.Tensor
]:  # fmt: skip
    """Returns ink and truth of some examples, each mirrored, turned about its diagonal and changed in
    contrast by chance."""
    inks, truths = [], []
    for number in picked:
        is_upright = bool(r.random() < 0.5)
        gray, truth = examples[0][number], examples[2 if is_upright else 1][number]
        if is_upright:
            gray, truth = gray.T, truth.T
        way, side = (int(one) for one in r.choice([-1, 1], 2))
        gray, truth = gray[::way, ::side], truth[::way, ::side]
        inks.append(np.clip((1 - gray / np.float32(255)) * r.uniform(0.6, 1.25), 0, 1))
        truths.append(truth.reshape(SIDE, SIDE // STEP, STEP).mean(2) / 255)
    return tuple(torch.from_numpy(np.stack(part).astype(np.float32))[:, None] for part in (inks, truths))  # type: ignore[return-value]


def train(model: Network, examples: tuple[Masks, Masks, Masks], minutes: float) -> None:
    """Trains for so many minutes, at a rate that rises and then falls."""
    r = np.random.default_rng(1)
    best = torch.optim.AdamW(model.parameters(), lr=_FASTEST, weight_decay=1e-4)
    started, step = time.monotonic(), 0
    while (done := (time.monotonic() - started) / 60 / minutes) < 1:
        for group in best.param_groups:
            group["lr"] = _FASTEST * min(done / 0.05 + 0.02, 1.0) * (0.5 + 0.5 * np.cos(np.pi * done)) + 1e-5
        ink, truth = _batch(examples, r.integers(0, len(examples[0]), _BATCH), r)
        odds = unfolded(model(ink))
        told = nn.functional.binary_cross_entropy_with_logits(odds, truth, pos_weight=torch.tensor(2.0))
        found = torch.sigmoid(odds)
        overlap = 1 - (2 * (found * truth).sum() + 1) / ((found**2).sum() + (truth**2).sum() + 1)
        best.zero_grad()
        (told * 5 + overlap).backward()
        best.step()
        if step % 20 == 0:
            print(step, f"{told.item():.4f} {overlap.item():.3f} {done * minutes:.1f} min", flush=True)
        step += 1


def check(model: Network, examples: tuple[Masks, Masks, Masks]) -> tuple[float, float]:
    """Returns the share of what it finds that is a rule, and the share of rules that it finds, in places."""
    right = found = missed = there = 0.0
    model.eval()
    for gray, level, upright in zip(*examples, strict=True):
        for picture, truth in ((gray, level), (gray.T, upright.T)):
            ink = torch.from_numpy(np.ascontiguousarray(1 - picture / np.float32(255)))[None, None]
            with torch.no_grad():
                seen = unfolded(model(ink))[0, 0].numpy() > 0
            near = truth.reshape(SIDE, SIDE // STEP, STEP).mean(2) / 255
            right += float((seen & (near > 0.2)).sum())
            found += float(seen.sum())
            missed += float((~seen & (near > 0.8)).sum())
            there += float((near > 0.8).sum())
    return right / max(found, 1), 1 - missed / max(there, 1)


def export(model: Network, out: Path) -> None:
    """Writes the network as ONNX."""
    out.parent.mkdir(parents=True, exist_ok=True)
    torch.onnx.export(
        model.eval(), (torch.zeros(1, 1, SIDE, SIDE),), str(out), input_names=["ink"], output_names=["odds"],
        dynamic_axes={"ink": {2: "rows", 3: "columns"}, "odds": {2: "halves", 3: "eighths"}}, dynamo=False,
    )  # fmt: skip
    onnx.checker.check_model(onnx.load(out))
    print("SHA-256", hashlib.sha256(out.read_bytes()).hexdigest(), out.stat().st_size, "bytes")


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--examples", type=int, default=600)
    asked.add_argument("--minutes", type=float, default=20)
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--kept", type=Path, required=True, help="where what was drawn is kept between runs")
    asked.add_argument("--out", type=Path, required=True)
    given = asked.parse_args()
    torch.manual_seed(1)
    torch.set_num_threads(max(1, int(os.environ.get("OMP_NUM_THREADS", "1"))))
    examples = drawn(given.seed, given.examples, given.kept)
    aside = given.examples // 20
    model = Network()
    print(sum(part.numel() for part in model.parameters()), "parameters", flush=True)
    learnt = tuple(part[aside:] for part in examples)
    train(model, learnt, given.minutes)  # type: ignore[arg-type]
    export(model, given.out)
    told = check(model, tuple(part[:aside] for part in examples))  # type: ignore[arg-type]
    print("precision {:.3f}, recall {:.3f} of places".format(*told))


if __name__ == "__main__":
    main()

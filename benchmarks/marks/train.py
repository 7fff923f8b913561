"""Trains the mark reader (needs torch and onnx, which the project itself does not).

    python -m benchmarks.marks.train --strips 7000 --steps 4000 --out extractor/scan/ticks/weights/marks.onnx

Strips are drawn from `--seed` on. A twentieth of them is kept aside, and the printed figures are those of
this twentieth.
"""

import argparse
import hashlib
import os
import time
from collections import Counter
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import nn

from benchmarks.marks.strips import ROOM, Strip, make_strips
from extractor.scan.ticks.network import EM, HIGH, STATES, STEP, decode, ink_of, states_of

_WIDE = 384
_BATCH = 32


def network() -> nn.Sequential:
    """Returns a network of some 45,000 parameters: strides to a quarter of the width, then the height is
    folded away, then each column looks to both sides."""

    def layer(before: int, after: int, kernel: tuple[int, int], **how: object) -> list[nn.Module]:
        convolution = nn.Conv2d(before, after, kernel, bias=False, **how)  # type: ignore[arg-type]
        return [convolution, nn.BatchNorm2d(after), nn.ReLU()]

    return nn.Sequential(
        *layer(1, 12, (3, 3), stride=2, padding=1),
        *layer(12, 20, (3, 3), stride=2, padding=1),
        *layer(20, 24, (3, 3), padding=1),
        *layer(24, 32, (3, 3), stride=(2, 1), padding=1),
        *layer(32, 32, (3, 3), stride=(2, 1), padding=(1, 2), dilation=(1, 2)),
        *layer(32, 64, (4, 1)),
        *layer(64, 48, (1, 3), padding=(0, 2), dilation=(1, 2)),
        *layer(48, 48, (1, 3), padding=(0, 4), dilation=(1, 4)),
        nn.Conv2d(48, len(STATES) + 3, (1, 1)),
        nn.Flatten(1, 2),
    )


def resume(model: nn.Module, weights: Path) -> None:
    """Loads weights that were trained before. ONNX files hold each norm folded into its convolution, so the
    norms then stay as they are."""
    graph = onnx.load(weights).graph
    known = {one.name: torch.from_numpy(numpy_helper.to_array(one).copy()) for one in graph.initializer}
    convolutions = [node.input for node in graph.node if node.op_type == "Conv"]
    kernels, biases = ([known[names[at]] for names in convolutions] for at in (1, 2))
    layers = [part for part in model.modules() if isinstance(part, nn.Conv2d | nn.BatchNorm2d)]
    with torch.no_grad():
        for part in layers:
            if isinstance(part, nn.Conv2d):
                part.weight.copy_(kernels.pop(0))
            target = part.bias
            if target is not None:
                target.copy_(biases.pop(0))
            if isinstance(part, nn.BatchNorm2d):
                part.running_var.fill_(1 - part.eps)  # type: ignore[union-attr]
    model.eval()


def _example(strip: Strip, r: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Returns a shifted crop of the strip, the state of each column (-1: ignored), and the values to regress
    there."""
    top = int(r.integers(0, 2 * ROOM + 1))
    left = int(r.integers(-20, max(1, strip.gray.shape[1] - _WIDE // 2)))
    ink = ink_of(strip.gray[top : top + HIGH])
    crop = np.zeros((HIGH, _WIDE), np.float32)
    part = ink[:, max(0, left) : left + _WIDE]
    crop[:, max(0, -left) : max(0, -left) + part.shape[1]] = part
    crop = np.clip(crop * r.uniform(0.75, 1.2), 0, 1)
    states = np.zeros(_WIDE // STEP, np.int64)
    places = np.zeros((3, _WIDE // STEP), np.float32)
    for x, y, side, state in strip.marks:
        x, y = x - left, y - top
        middle = x / STEP - 0.5
        for column in range(int(middle) - 3, int(middle) + 5):
            if 0 <= column < len(states) and abs(column - middle) <= 2.6:
                near = abs(column - middle) <= 1.1
                states[column] = state if near else -1
                places[:, column] = (middle - column, (y - HIGH / 2) / 8, np.log(side / EM)) if near else 0
    return crop, states, places


def train(strips: list[Strip], steps: int, model: nn.Module, fastest: float) -> None:
    r = np.random.default_rng(1)
    best = torch.optim.AdamW(model.parameters(), lr=fastest, weight_decay=1e-4)
    rate = torch.optim.lr_scheduler.OneCycleLR(best, fastest, total_steps=steps)
    weight = torch.tensor([1.0] + [2.0] * (len(STATES) - 1))
    started = time.monotonic()
    for step in range(steps):
        picked = [_example(strips[i], r) for i in r.integers(0, len(strips), _BATCH)]
        ink, states, places = (torch.from_numpy(np.stack(part)) for part in zip(*picked, strict=True))
        answer = model(ink[:, None])
        told = nn.functional.cross_entropy(
            answer[:, : len(STATES)], states, weight, ignore_index=-1, label_smoothing=0.01
        )
        off = (
            nn.functional.smooth_l1_loss(answer[:, len(STATES) :], places, reduction="none")
            * (states > 0)[:, None]
        )
        loss = told + off.sum() / (states > 0).sum().clamp(min=1)
        best.zero_grad()
        loss.backward()
        best.step()
        rate.step()
        if step % 100 == 0:
            print(step, f"{told.item():.4f} {time.monotonic() - started:.0f} s", flush=True)


def check(strips: list[Strip], model: nn.Module) -> Counter[tuple[str, str]]:
    """Counts how often each state was read as which."""
    counts: Counter[tuple[str, str]] = Counter()
    model.eval()
    for strip in strips:
        ink = ink_of(strip.gray[ROOM : ROOM + HIGH])
        wide = ink.shape[1] // STEP * STEP
        with torch.no_grad():
            seen = decode(model(torch.from_numpy(ink[None, None, :, :wide].copy()))[0].numpy())
        told = dict(enumerate(states_of(seen)))
        for x, _, side, state in strip.marks:
            near = min(told, key=lambda n: abs(seen[n].x - x), default=None)
            if near is None or abs(seen[near].x - x) > 0.6 * side:
                counts[STATES[state], "none"] += 1
            else:
                counts[STATES[state], told.pop(near)] += 1
        counts.update(("none", state) for state in told.values())
    return counts


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--strips", type=int, default=7000)
    asked.add_argument("--steps", type=int, default=4000)
    asked.add_argument("--start", type=Path, help="weights to go on from, at a lower rate")
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--out", type=Path, required=True)
    given = asked.parse_args()
    torch.manual_seed(1)
    torch.set_num_threads(max(1, int(os.environ.get("OMP_NUM_THREADS", "1"))))
    strips = list(make_strips(given.seed, given.strips))
    print(len(strips), "strips", flush=True)
    kept = len(strips) // 20
    model = network()
    print(sum(p.numel() for p in model.parameters()), "parameters")
    if given.start:
        resume(model, given.start)
    train(strips[kept:], given.steps, model, 1e-3 if given.start else 4e-3)
    for (state, told), count in sorted(check(strips[:kept], model).items()):
        print(f"{state:10} told as {told:10} {count}")
    given.out.parent.mkdir(parents=True, exist_ok=True)
    torch.onnx.export(
        model, (torch.zeros(1, 1, HIGH, _WIDE),), str(given.out), input_names=["ink"],
        output_names=["answer"],
        dynamic_axes={"ink": {3: "width"}, "answer": {2: "columns"}}, dynamo=False,
    )  # fmt: skip
    print("SHA-256", hashlib.sha256(given.out.read_bytes()).hexdigest(), given.out.stat().st_size, "bytes")


if __name__ == "__main__":
    main()

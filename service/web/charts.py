"""Charts of a campaign as SVG: bars with their figures beside them, told by length, hatching and words, so
that nothing hangs on colour. The page's sheet gives the classes their looks; text is escaped (pure)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, Literal

from service.campaigns.judgement.standing import STATES

Chart = Literal["funnel", "domains", "organisers"]
_LABEL, _LINE, _BAR = 120, 26, 14
_LONGEST_LABEL = 7  # characters


@dataclass(frozen=True)
class Bar:
    """A line of a chart: `part` of the length is hatched, `mark` is where a limit is; `note` says it in
    words."""

    label: str
    length: int
    note: str
    part: int = 0
    mark: int | None = None


def draw(of: Chart, figures: Mapping[str, Any]) -> str:
    """The chart of that name, of the figures of a campaign."""
    kind = _CHARTS[of]
    return _drawn(of, kind, kind.bars(figures))


def _funnel(figures: Mapping[str, Any]) -> list[Bar]:
    states = figures["states"]
    rows = [
        ("来件", figures["submissions"]),
        ("已读取", figures["submissions"] - figures["reading"]),
        ("申请", figures["applications"]),
        ("计入", figures["counted"]),
        *((words, states[state]) for state, words in STATES.items()),
    ]
    return [Bar(label, count, str(count)) for label, count in rows]


def _domains(figures: Mapping[str, Any]) -> list[Bar]:
    return [Bar(name, count, str(count)) for name, count in figures["domains"].items()]


def _organisers(figures: Mapping[str, Any]) -> list[Bar]:
    return [_organiser(row) for row in figures["organisers"]]


def _organiser(row: Mapping[str, Any]) -> Bar:
    limit = row["least"] if row["most"] is None else row["most"]
    note = str(row["counted"]) if limit is None else f"{row['counted']}/{limit}"
    note += f" 缺 {row['lacks']}" if row["lacks"] else f" 超 {row['over']}" if row["over"] else ""
    note += f" 待核 {row['doubtful']}" if row["doubtful"] else ""
    return Bar(row["called"], row["counted"], note, row["doubtful"], limit)


@dataclass(frozen=True)
class _Kind:
    """A chart: what it is called, its bars, and the room for bars and for notes."""

    title: str
    bars: Callable[[Mapping[str, Any]], list[Bar]]
    plot: int = 170
    note: int = 50


_CHARTS: Mapping[Chart, _Kind] = {
    "funnel": _Kind("来件和处理", _funnel),
    "domains": _Kind("各领域计入的申请", _domains),
    "organisers": _Kind(
        "各推荐部门计入的申请，竖线为要求的数量，斜线为待核对", _organisers, plot=260, note=150
    ),
}


def _drawn(name: str, kind: _Kind, bars: Sequence[Bar]) -> str:
    most = max([1, *(bar.length for bar in bars), *(bar.mark or 0 for bar in bars)])
    width, height = _LABEL + kind.plot + kind.note, _LINE * len(bars) + 8
    told = "；".join(f"{bar.label} {bar.note}" for bar in bars)
    lines = "".join(_line(name, kind, bar, number, most) for number, bar in enumerate(bars))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" class="chart" role="img" '
        f'aria-label="{escape(f"{kind.title}：{told}")}">'
        f'<defs><pattern id="hatch-{name}" width="6" height="6" patternUnits="userSpaceOnUse" '
        'patternTransform="rotate(45)"><rect width="3" height="6" class="hatching"/></pattern></defs>'
        f"{lines}</svg>"
    )


def _line(name: str, kind: _Kind, bar: Bar, number: int, most: int) -> str:
    top = 4 + number * _LINE
    middle, scale = top + _LINE / 2, kind.plot / most
    label = bar.label if len(bar.label) <= _LONGEST_LABEL else f"{bar.label[: _LONGEST_LABEL - 1]}…"
    full, part = bar.length * scale, min(bar.part, bar.length) * scale
    bar_top = middle - _BAR / 2
    made = [
        f'<text x="{_LABEL - 10}" y="{middle + 5}" text-anchor="end" class="label">{escape(label)}'
        f"<title>{escape(bar.label)}</title></text>",
        f'<rect x="{_LABEL}" y="{bar_top}" width="{full:.1f}" height="{_BAR}" class="bar"/>',
    ]
    if part:
        start = _LABEL + full - part
        made.append(
            f'<rect x="{start:.1f}" y="{bar_top}" width="{part:.1f}" height="{_BAR}" '
            f'fill="url(#hatch-{name})" class="doubtful"/>'
        )
    if bar.mark is not None:
        at = _LABEL + bar.mark * scale
        made.append(f'<path d="M{at:.1f} {top + 2}V{top + _LINE - 2}" class="mark"/>')
    note = f'<text x="{_LABEL + kind.plot + 8}" y="{middle + 5}" class="note-text">{escape(bar.note)}</text>'
    return "".join([*made, note])

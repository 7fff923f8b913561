"""Sheets that persons write: the register, the announced list, and what they decided on applications."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from generator.sheet import DEFAULT_LIMITS, Row, Sheet, SheetLimits
from generator.workbooks import read_sheets
from models.campaign import Campaign, Recommendation
from models.errors import BadUsage, RosterError
from models.writing import key, one_line
from service.campaigns.judgement.entries import Handling, Ruling
from service.campaigns.judgement.outcome import AnnouncedRow
from service.campaigns.wording import HANDLED, KEY, RULED, YES, score_headings

_HEADER_ROWS = 5
_LONGEST_POINTS = 4  # digits
_MOST_BYTES = 20_000_000
Ruled = Mapping[str, tuple[Ruling, Handling | None]]


def read_table(
    data: bytes, wanted: Sequence[str], optional: Sequence[str] = (), limits: SheetLimits = DEFAULT_LIMITS
) -> list[tuple[int, Mapping[str, str]]]:
    """The rows of the only sheet of the file `data` with all headings that are `wanted`: (number, {heading:
    text}). Other columns are left alone.

    Raises:
        RosterError: no sheet has them, or several do, or a cell that is needed can't be used.
    """
    found = []
    for sheet in read_sheets(data, limits):
        for at, row in enumerate(sheet.rows[:_HEADER_ROWS]):
            columns = _columns(row, [*wanted, *optional])
            if all(heading in columns.values() for heading in wanted):
                found.append((sheet, at, columns))
                break
    listed = "、".join(wanted)
    if not found:
        raise RosterError(f"没有找到表头：{listed}", advice=f"请在前 {_HEADER_ROWS} 行中写上这些栏目")
    if len(found) > 1:
        names = "、".join(f"“{sheet.name}”" for sheet, _, _ in found)
        raise RosterError(f"工作表 {names} 都有表头，不知道用哪一张", advice="请只保留一张")
    return _rows(*found[0])


def sheet_bytes(path: Path) -> bytes:
    """What is in the file, as far as a sheet may have bytes.

    Raises:
        OSError: the file can't be read.
    """
    with path.open("rb") as file:
        return file.read(_MOST_BYTES + 1)


def _columns(row: Row, headings: Sequence[str]) -> dict[int, str]:
    known = {key(heading): heading for heading in headings}
    found: dict[int, str] = {}
    for cell in row.cells:
        heading = known.get(key(cell.text))
        if heading in found.values():
            raise RosterError(f"有重复的栏目：{heading}", advice="请只保留其中一列")
        if heading:
            found[cell.column] = heading
    return found


def _rows(sheet: Sheet, at: int, columns: Mapping[int, str]) -> list[tuple[int, Mapping[str, str]]]:
    made, wrong = list[tuple[int, Mapping[str, str]]](), list[str]()
    for row in sheet.below(at):
        cells = {columns[cell.column]: cell for cell in row.cells if cell.column in columns}
        wrong += [
            f"第 {row.number} 行“{name}”：{fault}"
            for name, cell in cells.items()
            if (fault := cell.fault or row.fault)
        ]
        if cells:
            made.append((row.number, {name: one_line(cell.text) for name, cell in cells.items()}))
    if wrong:
        raise RosterError("；".join(wrong[:5]), advice="请改正后重试")
    return made


def read_announced(
    campaign: Campaign, data: bytes, limits: SheetLimits = DEFAULT_LIMITS
) -> list[AnnouncedRow]:
    """The rows of the file `data`, the list that was announced above.

    Raises:
        RosterError: it can't be read, or has not the campaign's headings.
        BadUsage: no list is announced above in this campaign.
    """
    said = campaign.announced
    if said is None:
        raise BadUsage("本次活动没有上级公布的名单", advice="请去掉 --announced，或在定义中写明 announced")
    rows = read_table(data, [one for one in (said.unit, said.title) if one], limits=limits)
    made = [
        AnnouncedRow(number, row.get(said.unit or "") or None, row.get(said.title or "") or None)
        for number, row in rows
    ]
    return [row for row in made if row.unit or row.title]


def read_rulings(campaign: Campaign, path: Path) -> Ruled:
    """What persons wrote into the sheet of all applications: {key: (ruling, handling)}.

    Raises:
        RosterError: it can't be read.
        BadUsage: with every cell that says nothing that is known.
    """
    found: dict[str, tuple[Ruling, Handling | None]] = {}
    wrong: list[str] = []
    points = score_headings(campaign)
    for number, row in read_table(sheet_bytes(path), [KEY], [*RULED.values(), *points.values()]):
        name, said = row.get(KEY, ""), {what: row.get(heading, "") for what, heading in RULED.items()}
        given = {place: row.get(heading, "") for place, heading in points.items()}
        if not any(said.values()) and not any(given.values()):
            continue
        if not name or name in found:
            wrong.append(f"第 {number} 行：{f'“{name}”不止一行' if name else f'没有“{KEY}”'}")
            continue
        at = f"第 {number} 行"
        ruling, handling = _ruling(campaign, said, at, wrong)
        scores = [_scores(campaign, given, which, at, wrong) for which in range(campaign.reviewers)]
        first, second = (*scores, None, None)[:2]
        found[name] = replace(ruling, scores=first, second_scores=second), handling
    if wrong:
        raise BadUsage("\n".join([f"{path} 有 {len(wrong)} 处问题", *wrong]), advice="请改正后重试")
    return found


def _scores(
    campaign: Campaign, given: Mapping[tuple[int, str], str], which: int, at: str, wrong: list[str]
) -> Mapping[str, int] | None:
    """The points that a reviewer gave, None where none; all criteria or none."""
    texts = {name: text for (reviewer, name), text in given.items() if reviewer == which}
    if not any(texts.values()):
        return None
    headings, found = score_headings(campaign), dict[str, int]()
    for name, text in texts.items():
        points = int(text) if text.isascii() and text.isdigit() and len(text) <= _LONGEST_POINTS else -1
        if 0 <= points <= campaign.points[name]:
            found[name] = points
        else:
            told = f"应为 0 至 {campaign.points[name]} 的整数，写的是“{text}”"
            wrong.append(f"{at}“{headings[which, name]}”：{told}")
    return found


def _ruling(
    campaign: Campaign, said: Mapping[str, str], at: str, wrong: list[str]
) -> tuple[Ruling, Handling | None]:
    organisers = {
        word: one.name for _, one in campaign.members() for word in (key(one.name), key(one.called))
    }
    words: dict[str, Recommendation] = {said: name for name, said in campaign.outcomes.words().items()}
    handled = HANDLED

    def chosen(what: str, known: Mapping[str, object]) -> object:
        text = said[what]
        if text and text not in known:
            wrong.append(f"{at}“{RULED[what]}”：应为 {'、'.join(known)}，写的是“{text}”")
        return known.get(text)

    organiser = organisers.get(key(said["organiser"])) if said["organiser"] else None
    if said["organiser"] and organiser is None:
        wrong.append(f"{at}“{RULED['organiser']}”：没有“{said['organiser']}”这个推荐部门")
    may, on_time = chosen("may_apply", YES), chosen("in_time", YES)
    recommendation, handling = chosen("recommendation", words), chosen("handling", handled)
    if recommendation and not said["reason"]:
        wrong.append(f"{at}：写了初审意见，应写“{RULED['reason']}”")
    ruling = Ruling(
        organiser,
        may if isinstance(may, bool) else None,
        on_time if isinstance(on_time, bool) else None,
        next((word for word in words.values() if word == recommendation), None),
        said["reason"] or None,
        said["second"] or None,
    )
    return ruling, next((word for word in handled.values() if word == handling), None)

"""A campaign from its YAML, strictly, with the files that belong to it: calendars, the register, templates.

As with forms, every problem of a file is told at once, at its line (`service/forms/complaints.py`).
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TypeVar
from zoneinfo import ZoneInfo

from pydantic import ValidationError
from yaml.nodes import Node

from generator.letter import placeholders
from models.base import Model, Wrong
from models.calendars import Calendar
from models.campaign import Campaign, misfits
from models.errors import BadUsage, DefinitionError, GenerationError, RosterError
from models.form import FormDefinition
from models.writing import key
from service.atomic_files import in_words
from service.campaigns.judgement.applicants import Listed, Units, is_code
from service.campaigns.judgement.attribution import Roster
from service.campaigns.judgement.belonging import Call
from service.campaigns.judgement.judging import Judge
from service.campaigns.judgement.timing import Clock, NoCalendar
from service.campaigns.sheets import read_table, sheet_bytes
from service.campaigns.wording import PLACES
from service.forms.complaints import report, tell
from service.forms.shipped import CALENDARS
from service.forms.shipped import CAMPAIGNS as SHIPPED
from service.forms.yaml_nodes import Faults, compose, to_data

T = TypeVar("T", bound=Model)
_SUFFIXES = (".yaml", ".yml")


@dataclass(frozen=True)
class Loaded:
    """A campaign that is sound, with all it needs to be judged by; `templates` by what they are for."""

    campaign: Campaign
    form: FormDefinition
    judge: Judge
    templates: Mapping[str, bytes]


def load_campaign(name: str, forms: Mapping[str, FormDefinition], folder: Path | None = None) -> Loaded:
    """The campaign of that name in `folder` (None: the shipped ones), or in the file that `name` is.

    Raises:
        DefinitionError: with every problem that it has.
        BadUsage: there is none of that name.
    """
    if Path(name).suffix.lower() in _SUFFIXES:
        return _sound(Path(name), forms)
    known = known_campaigns(folder)
    if name not in known:
        raise BadUsage(f"没有名为“{name}”的活动", advice=f"已有：{'、'.join(known)}；也可写定义文件的路径")
    return _sound(known[name], forms)


def known_campaigns(folder: Path | None = None) -> dict[str, Path]:
    """The files of `folder` (None: the shipped ones) by their names, which are those of the campaigns."""
    folder = folder or SHIPPED
    return {path.stem: path for path in sorted(folder.glob("*")) if path.suffix.lower() in _SUFFIXES}


def calls(forms: Mapping[str, FormDefinition], folder: Path | None, mine: Loaded | None = None) -> list[Call]:
    """The calls of `folder` (None: the shipped ones), and `mine`, which may be none of them.

    Raises:
        DefinitionError: one of them has problems.
    """
    every = {name: load_campaign(name, forms, folder) for name in known_campaigns(folder)}
    if mine is not None:
        every[mine.campaign.name] = mine
    return [Call.of(one.campaign, one.judge.clock.zone) for one in every.values()]


def problems(path: Path, forms: Mapping[str, FormDefinition]) -> list[str]:
    """Every problem of the campaign in `path`, and of the files that belong to it."""
    return _read(path, forms)[1]


def _sound(path: Path, forms: Mapping[str, FormDefinition]) -> Loaded:
    loaded, found = _read(path, forms)
    if loaded is None:
        raise DefinitionError(found)
    return loaded


def _read(path: Path, forms: Mapping[str, FormDefinition]) -> tuple[Loaded | None, list[str]]:
    faults = Faults(path)
    campaign, root = _model(path, Campaign, faults)
    if campaign is None or root is None:
        return None, faults.lines()
    found: list[str] = []
    years: dict[int, Calendar] = {}
    for number, place in enumerate(campaign.calendars):
        calendar, wrong = _calendar(path.parent / place)
        found += wrong
        if calendar is not None and years.setdefault(calendar.year, calendar) is not calendar:
            tell(root, [Wrong(("calendars", number), f"{calendar.year} 年的日历不止一个")], faults)
    rows, wrong = _register(campaign, path.parent)
    found += wrong
    templates, missing = _templates(campaign, path.parent)
    tell(root, missing, faults)
    zone = _zone(campaign.time_zone)
    if zone is None:
        tell(root, [Wrong(("time_zone",), "没有这个时区，应如 Asia/Shanghai")], faults)
    form = forms.get(campaign.form)
    if form is None:
        told = f"没有名为“{campaign.form}”的表格，已有：{'、'.join(forms)}"
        tell(root, [Wrong(("stages", 0, "form"), told)], faults)
    else:
        tell(root, misfits(campaign, form), faults)
    clock = Clock(zone or ZoneInfo("UTC"), years)
    if not found:
        tell(root, _years(campaign, clock), faults)
    found = [*faults.lines(), *found]
    if found or form is None:
        return None, found
    return Loaded(campaign, form, Judge(campaign, clock, Units(rows), Roster(campaign)), templates), []


def _model(path: Path, model: type[T], faults: Faults) -> tuple[T | None, Node | None]:
    root = compose(path, faults)
    if root is None:
        return None, None
    data = to_data(root, faults, ())
    if faults.lines():
        return None, root
    try:
        return model.model_validate_json(json.dumps(data), strict=True), root
    except ValidationError as error:
        report(root, error, model, faults)
        return None, root


def _calendar(path: Path) -> tuple[Calendar | None, list[str]]:
    faults = Faults(path)
    calendar, _ = _model(path, Calendar, faults)
    return calendar, faults.lines()


@cache
def shipped_calendars() -> Mapping[int, Calendar]:
    """The calendars that come with the program, by their years."""
    read = (_calendar(path)[0] for path in sorted(CALENDARS.glob("*.yaml")))
    return {calendar.year: calendar for calendar in read if calendar is not None}


def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    # A name may be no path below the zones, or a folder of them.
    except (LookupError, ValueError, OSError):
        return None


def _years(campaign: Campaign, clock: Clock) -> Iterator[Wrong]:
    """Stages that count working days of a year without a calendar."""
    for number, stage in enumerate(campaign.stages):
        try:
            clock.grace_end(stage)
        except NoCalendar as missing:
            yield Wrong(("stages", number), f"要数工作日，但 calendars 中没有 {missing.year} 年的日历")
        except OverflowError:
            yield Wrong(("stages", number, "deadline"), "日期过远")


def _register(campaign: Campaign, folder: Path) -> tuple[list[Listed], list[str]]:
    register = campaign.register_
    if register is None:
        return [], []
    path = folder / register.file
    wanted = [one for one in (register.unit, register.code, register.kind, register.organiser) if one]
    try:
        rows = read_table(sheet_bytes(path), wanted)
    except RosterError as error:
        return [], [f"{path}: {error}"]
    except OSError as error:
        return [], [f"{path}: {in_words(error)}"]
    kinds = {kind.name for kind in campaign.applicants}
    made, found, seen = list[Listed](), list[str](), dict[str, int]()
    for number, row in rows:
        unit, code = row.get(register.unit, ""), row.get(register.code or "", "").upper() or None
        kind = row.get(register.kind or "") or None
        at = f"{path}: 第 {number} 行"
        if not unit:
            found.append(f"{at}没有“{register.unit}”")
            continue
        if key(unit) in seen:
            found.append(f"{at}“{unit}”与第 {seen[key(unit)]} 行重复")
        if code and not is_code(code):
            found.append(f"{at}“{unit}”的代码 {code} 不对（应为 18 位，且末位校验相符）")
        if kind and kind not in kinds:
            found.append(f"{at}“{unit}”的“{kind}”不是 applicants 中的一种")
        seen.setdefault(key(unit), number)
        made.append(Listed(unit, code, kind))
    return made, found


def _templates(campaign: Campaign, folder: Path) -> tuple[dict[str, bytes], list[Wrong]]:
    found, wrong = dict[str, bytes](), list[Wrong]()
    for name, place in campaign.letters.model_dump().items():
        at = ("letters", name)
        try:
            found[name] = (folder / place).read_bytes()
            unknown = sorted(placeholders(found[name]) - PLACES)
        except OSError:
            wrong.append(Wrong(at, f"无法打开模板“{place}”"))
        except GenerationError as error:
            wrong.append(Wrong(at, f"模板“{place}”：{error.message}"))
        else:
            if unknown:
                known = "、".join(sorted(PLACES))
                wrong.append(Wrong(at, f"模板中有不认识的 {'、'.join(unknown)}，可用的有 {known}"))
    return found, wrong

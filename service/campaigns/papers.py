"""What a campaign puts on paper: the sheet of all applications, reminders, lists, the notice.

Everything is made in memory first; nothing is sent.
"""

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from generator.letter import Table, fill_letter
from models.campaign import Organiser, OrganiserGroup
from service.campaigns.judgement import timing
from service.campaigns.judgement.attribution import WORDS as EVIDENCE
from service.campaigns.judgement.outcome import Outcome
from service.campaigns.judgement.standing import STATES, Application, Quota, Standing
from service.campaigns.loading import Loaded
from service.campaigns.wording import (
    HANDLED,
    KEY,
    LIST_HEADINGS,
    MAY,
    RULED,
    SCORE,
    TABLE,
    score,
    score_headings,
)
from service.export.letters import chinese_date, draft_mail
from service.export.workbook import DOUBTFUL, Book, Cell

_WIDTHS = (1.2, 5.0, 5.0, 2.0, 2.8, 1.5)
_NOTICE_DAYS = 5  # working days that a list is shown for
# Of a file's name.
SAFE = str.maketrans(dict.fromkeys('<>:"/\\|?*\r\n\t', "_"))


@dataclass(frozen=True)
class Paper:
    """A file that was made: where below the folder of output, and its bytes."""

    name: str
    data: bytes


def ledger(loaded: Loaded, standing: Standing) -> Paper:
    """The sheet of all applications, with columns for a person to decide in; and of what is none."""
    book = Book()
    headings = [
        KEY, *LIST_HEADINGS[1:], "渠道依据", "时限", "时限依据", "申报资格", "资格依据", "状态", "份数", "待核对",
        *RULED.values(), *score_headings(loaded.campaign).values(),
    ]  # fmt: skip
    sheet = book.sheet("申请台账", headings)
    for one in standing.applications:
        sheet.append(_ledger_row(loaded, one))
    other = book.sheet("未计入的来件", ["来件", "原因", "文件", "来自"])
    for entries, why in (
        (standing.unread, "无法读取，或不是申请表"),
        (standing.strays, "是其他表格"),
        (standing.material, "是后续阶段的材料"),
    ):
        for entry in entries:
            texts = (entry.key, why, "\n".join(entry.files[:20]), entry.sender or "")
            other.append([Cell(text) for text in texts])
    return Paper("申请台账.xlsx", _saved(book))


def _ledger_row(loaded: Loaded, one: Application) -> list[Cell]:
    ruling = one.entry.ruling
    handled = next((word for word, state in HANDLED.items() if state == one.entry.handling), "")
    evidence = EVIDENCE[one.attribution.evidence] if one.attribution.evidence else ""
    texts = [
        one.entry.key, one.unit, one.title, one.eligibility.domain or "", _called(loaded, one),
        f"{evidence}：{one.attribution.reason}" if evidence else one.attribution.reason,
        timing.WORDS[one.timing.verdict], one.timing.reason, MAY[one.eligibility.verdict],
        one.eligibility.reason,
        STATES[one.state], str(len(one.copies)), "\n".join(one.doubts),
    ]  # fmt: skip
    said = {
        "organiser": ruling.organiser or "", "may_apply": _yes(ruling.may_apply, "可", "不可"),
        "in_time": _yes(ruling.in_time, "是", "否"), "handling": handled,
        "recommendation": recommended(loaded, one), "reason": ruling.reason or "",
        "second": ruling.second or "",
    }  # fmt: skip
    fill = DOUBTFUL if one.doubts else None
    given = (ruling.scores or {}, ruling.second_scores or {})
    points = [str(given[which].get(name, "")) for which, name in score_headings(loaded.campaign)]
    return [
        *(Cell(text, fill=fill) for text in texts),
        *(Cell(text) for text in (*(said[name] for name in RULED), *points)),
    ]


def _yes(value: bool | None, yes: str, no: str) -> str:
    return "" if value is None else yes if value else no


def recommended(loaded: Loaded, one: Application) -> str:
    """What the review recommends, in the campaign's own words; empty where it has not."""
    said = one.entry.ruling.recommendation
    return loaded.campaign.outcomes.words()[said] if said else ""


def _called(loaded: Loaded, one: Application) -> str:
    member = loaded.judge.roster.names.get(one.attribution.organiser or "")
    return member.called if member else ""


def reminders(loaded: Loaded, standing: Standing, now: datetime) -> Iterator[Paper]:
    """For each organiser a letter and a draft of a mail with it, to be looked at and sent by a person."""
    quotas = {quota.organiser: quota for quota in standing.quotas()}
    held: dict[str, list[Application]] = {}
    for one in standing.applications:
        if one.attribution.organiser:
            held.setdefault(one.attribution.organiser, []).append(one)
    for group, member in loaded.campaign.members():
        words = _letter_words(loaded, group, member, quotas[member.name], held.get(member.name, ()), now)
        rows = [_reminder_row(number, one) for number, one in enumerate(held.get(member.name, ()), 1)]
        table = Table(
            ("序号", "单位", "名称", "领域", "情况"), rows or [("", "尚未收到", "", "", "")], _WIDTHS[:5]
        )
        letter = fill_letter(loaded.templates["reminder"], words, TABLE, table)
        name = member.called.translate(SAFE)
        yield Paper(f"催报/{name}.docx", letter)
        yield Paper(f"催报/{name}.eml", _mail(loaded, member, words, letter, now))


def _reminder_row(number: int, one: Application) -> Sequence[str]:
    state = STATES[one.state] + (
        "" if one.timing.verdict == "in-time" else f"，{timing.WORDS[one.timing.verdict]}"
    )
    return (str(number), one.unit, one.title, one.eligibility.domain or "", state)


def _letter_words(
    loaded: Loaded,
    group: OrganiserGroup,
    member: Organiser,
    quota: Quota,
    held: Sequence[Application],
    now: datetime,
) -> dict[str, str]:
    doubtful = [one for one in held if one.doubts and one.state not in ("withdrawn", "rejected")]
    asked = "".join(f"请核对：{one.unit}《{one.title}》——{'；'.join(one.doubts)}。\n" for one in doubtful)
    wanted = "" if group.least is None else f"按要求原则上不少于{group.least}项，"
    wanted = wanted if group.most is None else f"按要求不超过{group.most}项，"
    if quota.lacks:
        gap = f"尚缺{quota.lacks}项，请抓紧组织报送。"
    elif quota.over:
        gap = f"超出{quota.over}项，请择优确定后告知我单位。"
    else:
        gap = "已达到要求。" if wanted else ""
    return {
        **_campaign_words(loaded, now),
        "推荐部门": member.name, "称呼": member.people or member.name, "已报": str(quota.came),
        "计入": str(quota.counted), "要求": wanted, "缺口": gap, "待核对": asked.strip(),
        "工作要求": "；".join(group.duties) + ("。" if group.duties else ""),
    }  # fmt: skip


def _campaign_words(loaded: Loaded, now: datetime) -> dict[str, str]:
    campaign, clock = loaded.campaign, loaded.judge.clock
    last = clock.last_day(campaign.applying.deadline)
    closes = campaign.applying.deadline.closes
    return {
        "活动": campaign.title, "文号": campaign.number or "", "发文单位": campaign.issuer,
        "截止时间": f"{chinese_date(last)}{closes.strftime('%H:%M') if closes else '24时'}",
        "统计时间": f"{chinese_date(clock.day(now))}{now.astimezone(clock.zone).strftime('%H:%M')}",
        "经办人": "、".join(campaign.contact.people), "联系方式": campaign.contact.phone,
        "联系邮箱": campaign.contact.mail, "日期": chinese_date(clock.day(now)),
    }  # fmt: skip


def _mail(loaded: Loaded, member: Organiser, words: Mapping[str, str], letter: bytes, now: datetime) -> bytes:
    return draft_mail(
        f"{loaded.campaign.title}：报送情况提示",
        f"{words['称呼']}：\n\n截至{words['统计时间']}，经由贵单位报送的申请共{words['已报']}项，其中按时且有效的"
        f"{words['计入']}项。{words['要求']}{words['缺口']}详见附件。\n\n{words['发文单位']}\n",
        [(f"{member.called.translate(SAFE)}.docx", letter)],
        sender=loaded.campaign.contact.mail,
        to=", ".join(one for one in member.senders() if "@" in one),
        # A file that is made twice should be the same.
        boundary=f"=_sealform_{loaded.campaign.name}_{now.strftime('%Y%m%d')}",
    )


def outcome_lists(loaded: Loaded, outcome: Outcome, now: datetime) -> Iterator[Paper]:
    """The lists as .docx and .xlsx, a notice for each that is shown to the public, and what a person has yet
    to decide."""
    said = loaded.campaign.outcomes
    shown = [(said.own_list, outcome.own)]
    if said.higher_list:
        shown.insert(0, (said.higher_list, outcome.higher))
    headings = list_headings(loaded)
    for title, chosen in [*shown, (said.not_chosen, outcome.not_chosen)]:
        rows = list_rows(loaded, chosen)
        yield Paper(f"名单/{title}.docx", _listed(loaded, "list", title, headings, rows, now))
        yield Paper(f"名单/{title}.xlsx", sheet_of(title, headings, rows))
    for title, chosen in shown:
        # Points are not shown to the public.
        rows = [row[: len(LIST_HEADINGS)] for row in list_rows(loaded, chosen)]
        yield Paper(f"名单/公示_{title}.docx", _listed(loaded, "notice", title, LIST_HEADINGS, rows, now))
    book = Book()
    sheet = book.sheet("待定", (*headings, "原因"))
    for row, (_, why) in zip(
        list_rows(loaded, [one for one, _ in outcome.undecided]), outcome.undecided, strict=True
    ):
        sheet.append([Cell(text) for text in (*row, why)])
    doubts = book.sheet("名单中的疑问", ["疑问"])
    for told in [*outcome.doubts, *unfinished(loaded, now)]:
        doubts.append([Cell(told)])
    yield Paper("名单/待定和疑问.xlsx", _saved(book))


def unfinished(loaded: Loaded, now: datetime) -> list[str]:
    """What a person must write into the lists, because it can't be known here."""
    try:
        loaded.judge.clock.after(loaded.judge.clock.day(now), _NOTICE_DAYS)
    except timing.NoCalendar as missing:
        return [
            f"公示期要数工作日，但活动没有 {missing.year} 年的日历：公示的起止日期空着，请自行填写，或在定义的 calendars 中补上"
        ]
    return []


def list_headings(loaded: Loaded) -> Sequence[str]:
    """The headings of a list, with one for points where the call gives any."""
    return (*LIST_HEADINGS, SCORE) if loaded.campaign.points else LIST_HEADINGS


def list_rows(loaded: Loaded, chosen: Sequence[Application]) -> list[Sequence[str]]:
    """Rows in the bureau's usual form."""
    return [
        (
            *(str(number), one.unit, one.title, one.eligibility.domain or "", _called(loaded, one)),
            *([score(loaded.campaign, one.entry.ruling)] if loaded.campaign.points else []),
        )
        for number, one in enumerate(in_order(loaded, chosen), 1)
    ]


def in_order(loaded: Loaded, chosen: Sequence[Application]) -> list[Application]:
    """By organiser in the roster's order, then as they came."""
    order = {member.name: number for number, (_, member) in enumerate(loaded.campaign.members())}
    return sorted(chosen, key=lambda one: order.get(one.attribution.organiser or "", len(order)))


def sheet_of(title: str, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> bytes:
    """A workbook of one sheet, all of it text."""
    book = Book()
    sheet = book.sheet(title, headings)
    for row in rows:
        sheet.append([Cell(text) for text in row])
    return _saved(book)


def _listed(
    loaded: Loaded,
    template: str,
    title: str,
    headings: Sequence[str],
    rows: Sequence[Sequence[str]],
    now: datetime,
) -> bytes:
    clock = loaded.judge.clock
    today = clock.day(now)
    words = {**_campaign_words(loaded, now), "标题": title, "项数": str(len(rows))}
    if template == "notice":
        days = (1, _NOTICE_DAYS)
        dates = (
            ["    年  月  日"] * 2
            if unfinished(loaded, now)
            else [chinese_date(clock.after(today, count)) for count in days]
        )
        words |= dict(zip(("公示开始", "公示结束"), dates, strict=True))
    return fill_letter(
        loaded.templates[template], words, TABLE, Table(headings, rows, _WIDTHS[: len(headings)])
    )


def _saved(book: Book) -> bytes:
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()

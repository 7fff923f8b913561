"""`sealform campaign`: a call as a whole. Its definition, how it stands, letters and lists."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from models.errors import BadUsage
from service.cli.base import FormsFolder, Overwrite, known_forms, read_settings, say
from service.cli.help import Group, command

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from service.campaigns.judgement.entries import Entry
    from service.campaigns.judgement.outcome import Outcome
    from service.campaigns.judgement.standing import Standing
    from service.campaigns.loading import Loaded
    from service.campaigns.own_rows import Content
    from service.campaigns.own_sheet import OwnSheet
    from service.campaigns.papers import Paper

_campaign = typer.Typer(
    cls=Group, help="申报活动：检查定义、查看进度、出名单。", no_args_is_help=True, rich_markup_mode=None
)

_Name = Annotated[str, typer.Argument(metavar="CAMPAIGN", help="活动名称，或定义文件 .yaml 的路径")]
_Results = Annotated[
    Path | None,
    typer.Argument(
        metavar="[RESULTS.jsonl]",
        help="sealform extract 的结果文件；不写则用服务的数据",
        exists=True,
        dir_okay=False,
    ),
]
_Rulings = Annotated[
    Path | None,
    typer.Option(
        "--rulings", metavar="FILE.xlsx", help="填好人工各栏的申请台账", exists=True, dir_okay=False
    ),
]
_Mail = Annotated[
    Path | None,
    typer.Option(
        "--mail", metavar="DIR", help="sealform mail 收取邮件的文件夹，由它得知到达邮箱的时间", exists=True
    ),
]
_At = Annotated[
    datetime | None,
    typer.Option(
        "--at",
        formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M"],
        metavar="TIME",
        help="按此刻统计，默认为现在（活动所在时区）",
    ),
]


def register(app: typer.Typer) -> None:
    """Adds these commands to `app`."""
    app.add_typer(_campaign, name="campaign")


@command(_campaign, "sealform campaign check 活动.yaml")
def check(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE.yaml...", help="活动的定义文件", exists=True, dir_okay=False)
    ],
    forms: FormsFolder = None,
) -> None:
    """检查活动的定义和它用到的日历、名册、模板，一次列出所有问题。"""
    from service.campaigns.loading import problems

    known = known_forms(forms)
    found = [problem for path in files for problem in problems(path, known)]
    for problem in found:
        typer.echo(problem)
    say(f"检查了 {len(files)} 个活动，" + (f"有 {len(found)} 处问题" if found else "没有问题"))
    if found:
        raise typer.Exit(2)


@command(_campaign, "sealform campaign status near-zero-carbon-2021 results.jsonl")
def status(
    campaign: _Name,
    results: _Results = None,
    rulings: _Rulings = None,
    mail: _Mail = None,
    at: _At = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="FILE.xlsx", help="写出申请台账，供填写人工各栏")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="以 JSON 输出")] = False,
    forms: FormsFolder = None,
    overwrite: Overwrite = False,
) -> None:
    """查看进度：按时、逾期、退回、撤回、重新提交，各领域和各推荐部门的数量，还缺谁。"""
    import json

    from service.atomic_files import check_targets, write_whole
    from service.campaigns.papers import ledger
    from service.campaigns.summary import figures, lines

    if output is not None:
        check_targets(output, replace=overwrite)
    loaded, standing, now = _standing(campaign, results, rulings, mail, at, forms)
    if output is not None:
        write_whole(output, ledger(loaded, standing).data)
        say(f"已写出：{output}")
    if as_json:
        typer.echo(json.dumps(figures(standing, loaded.judge.clock, now), ensure_ascii=False))
    else:
        for line in lines(standing, loaded.judge.clock, now):
            typer.echo(line)


@command(_campaign, "sealform campaign lists near-zero-carbon-2021 results.jsonl -o 名单")
def lists(
    campaign: _Name,
    output: Annotated[Path, typer.Option("-o", "--output", metavar="DIR", help="放文件的文件夹")],
    results: _Results = None,
    rulings: _Rulings = None,
    mail: _Mail = None,
    announced: Annotated[
        Path | None,
        typer.Option(
            "--announced",
            metavar="FILE.xlsx",
            help="上级公布的名单，按名称对应；服务中已导入的不必再给",
            exists=True,
            dir_okay=False,
        ),
    ] = None,
    final: Annotated[bool, typer.Option("--final", help="没有上级名单的活动，出最终名单")] = False,
    at: _At = None,
    forms: FormsFolder = None,
    overwrite: Overwrite = False,
) -> None:
    """出文件：申请台账，给各推荐部门的催报函和邮件草稿；有了上级名单，再出各名单和公示。什么也不会自动发送。"""
    from service.campaigns.papers import ledger, outcome_lists, reminders, unfinished

    loaded, standing, now = _standing(campaign, results, rulings, mail, at, forms)
    papers = [ledger(loaded, standing), *reminders(loaded, standing, now)]
    outcome = _outcome(loaded, standing, announced, final=final, in_service=results is None)
    if outcome is not None:
        papers += outcome_lists(loaded, outcome, now)
        for told in [*outcome.doubts, *unfinished(loaded, now)]:
            say(f"请核对：{told}")
        say(f"待定 {len(outcome.undecided)} 份")
    _write(output, papers, overwrite=overwrite)
    say(f"已生成 {len(papers)} 个文件：{output}")


@command(
    _campaign,
    "sealform campaign summary 活动.yaml 汇总表模板.xlsx 结果.jsonl -o 汇总表",
    'sealform campaign summary 活动.yaml 模板.xlsx -o 汇总表 --each --column "电话=联系电话"',
)
def summary(
    campaign: _Name,
    template: Annotated[
        Path, typer.Argument(metavar="TEMPLATE.xlsx", help="本单位的汇总表", exists=True, dir_okay=False)
    ],
    output: Annotated[Path, typer.Option("-o", "--output", metavar="DIR", help="放文件的文件夹")],
    results: _Results = None,
    rulings: _Rulings = None,
    mail: _Mail = None,
    each: Annotated[bool, typer.Option("--each", help="每个推荐部门各一份")] = False,
    columns: Annotated[
        list[str] | None,
        typer.Option("--column", metavar="HEADING=FIELD", help="模板的这一栏填哪一项；等号后不写则空着"),
    ] = None,
    at: _At = None,
    forms: FormsFolder = None,
    overwrite: Overwrite = False,
) -> None:
    """按本单位自己的汇总表出表：栏目按名称对应，表头、列宽、表后的内容保持原样。名称只是相近的栏目空着，并逐一说明。"""
    from service.campaigns.own_rows import own_sheets, sources
    from service.campaigns.own_sheet import understand
    from service.campaigns.sheets import sheet_bytes

    loaded, standing, _ = _standing(campaign, results, rulings, mail, at, forms)
    known = sources(loaded)
    found = understand(sheet_bytes(template), known)
    found = found.told(_said(found, known, columns or ()))
    for one in found.asked:
        like = f"，可能是“{known[one.source][0]}”" if one.source else ""
        say(f"“{one.heading}”没有对应{like}，这一栏空着；请用 --column 说明")
    for note in found.notes:
        say(note)
    contents = _contents(loaded, standing, results)
    _write(output, list(own_sheets(loaded, standing, found, contents, each=each)), overwrite=overwrite)
    say(f"已写出：{output}")


def _said(
    found: "OwnSheet", known: "Mapping[str, Sequence[str]]", told: "Sequence[str]"
) -> dict[int, str | None]:
    """What columns are to be filled with, as the command line says."""
    from models.writing import key

    named = {key(name): source for source, names in known.items() for name in names}
    said: dict[int, str | None] = {}
    for text in told:
        heading, equals, field = text.partition("=")
        numbers = [one.number for one in found.columns if key(one.heading) == key(heading)]
        if not equals or len(numbers) != 1:
            listed = "、".join(one.heading for one in found.columns)
            raise BadUsage(f"--column {text}：模板中应有且只有一栏叫“{heading}”", advice=f"模板有：{listed}")
        if field.strip() and key(field) not in named:
            raise BadUsage(
                f"--column {text}：没有“{field}”这一项",
                advice=f"可填：{'、'.join(names[0] for names in known.values())}",
            )
        said[numbers[0]] = named[key(field)] if field.strip() else None
    return said


def _contents(loaded: "Loaded", standing: "Standing", results: Path | None) -> "Mapping[str, Content]":
    from service.campaigns.desk import Desk
    from service.campaigns.gather import contents_of
    from service.cli.operations import kept
    from service.results import read_results

    if results is not None:
        return contents_of(read_results(results))
    with kept() as place:
        return Desk(loaded).contents(place.database, standing)


def _outcome(
    loaded: "Loaded", standing: "Standing", announced: Path | None, *, final: bool, in_service: bool
) -> "Outcome | None":
    """What comes of the campaign, None where it is too early to ask; by the list that the service has where
    no other is named."""
    from service.campaigns.desk import decided
    from service.campaigns.judgement.outcome import decide_outcome
    from service.campaigns.sheets import read_announced, sheet_bytes
    from service.cli.operations import kept

    if announced is not None:
        return decide_outcome(standing, read_announced(loaded.campaign, sheet_bytes(announced)))
    if in_service and loaded.campaign.announced is not None:
        with kept() as place:
            found = decided(place.database, standing).outcome
        if found is not None:
            return found
    if final and loaded.campaign.announced is not None:
        raise BadUsage("这次活动要等上级的名单", advice="请用 --announced 给出上级公布的名单")
    return decide_outcome(standing, []) if final else None


def _write(folder: Path, papers: "Sequence[Paper]", *, overwrite: bool) -> None:
    from service.atomic_files import ANOTHER_FOLDER, check_targets, write_whole

    targets = [folder / paper.name for paper in papers]
    check_targets(*targets, replace=overwrite, advice=ANOTHER_FOLDER)
    for target, paper in zip(targets, papers, strict=True):
        write_whole(target, paper.data)


def _standing(
    name: str,
    results: Path | None,
    rulings: Path | None,
    mail: Path | None,
    at: datetime | None,
    forms: Path | None,
) -> "tuple[Loaded, Standing, datetime]":
    from service.campaigns.gather import ruled, until
    from service.campaigns.loading import load_campaign
    from service.campaigns.sheets import read_rulings

    loaded = load_campaign(name, known_forms(forms), read_settings().campaigns)
    now = at.replace(tzinfo=loaded.judge.clock.zone) if at else datetime.now(UTC)
    if results is None and rulings is not None:
        raise BadUsage("服务中的人工意见在服务中填写", advice="请去掉 --rulings，或给出结果文件")
    came = _in_service(loaded, forms) if results is None else _in_file(loaded, results, mail)
    entries, later = until(came, now)
    if later:
        say(f"此刻之后到达的 {later} 件没有计入")
    if rulings is not None:
        entries, unknown = ruled(entries, read_rulings(loaded.campaign, rulings))
        for key in unknown:
            say(f"台账中的“{key}”不在结果中，没有使用")
    return loaded, loaded.judge.stand(entries), now


def _in_file(loaded: "Loaded", results: Path, mail: Path | None) -> "Iterable[Entry]":
    from service.campaigns.gather import from_lines
    from service.mail.folder import arrivals
    from service.results import read_results

    reached = arrivals(mail) if mail else {}
    return from_lines(loaded.campaign, read_results(results), loaded.judge.clock.zone, reached)


def _in_service(loaded: "Loaded", forms: Path | None) -> "Iterable[Entry]":
    from service.campaigns.desk import Desk
    from service.campaigns.loading import calls
    from service.cli.operations import kept

    every = calls(known_forms(forms), read_settings().campaigns, loaded)
    with kept() as place:
        return Desk(loaded, every).entries(place.database)

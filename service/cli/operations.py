"""The commands of who runs the service: backup, restore, purge, audit."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from models.errors import BadUsage
from service.cli.base import Overwrite, read_settings, say

if TYPE_CHECKING:
    from service.blobs import Blobs
    from service.store.audit import Broken
    from service.store.database import Database


_audit = typer.Typer(help="操作日志。", no_args_is_help=True, rich_markup_mode=None)


def register(app: typer.Typer) -> None:
    """Adds these commands to `app`."""
    for command in (backup, restore, purge):
        app.command()(command)
    app.add_typer(_audit, name="audit")


def backup(
    output: Annotated[Path, typer.Option("-o", "--output", metavar="FILE.tar", help="备份文件")],
    overwrite: Overwrite = False,
) -> None:
    """备份服务的一切：数据库和收到的文件。服务不必停止；备份可恢复到 SQLite 或 PostgreSQL。

    备份中有申请表的内容和账号，只有本人可读，请妥善保管。
    """
    from service.atomic_files import check_targets
    from service.serving import now
    from service.terminal import to_stderr
    from service.upkeep.backup import back_up

    with kept() as place:
        check_targets(output, replace=overwrite)
        made = back_up(
            place.database, place.blobs, output, now(), to_stderr(), key=read_settings().backup_key
        )
    say(f"已备份：{output}，{made.rows} 行，{made.blobs} 个文件（{made.bytes / 1e6:.1f} MB）")
    say(f"日志末条摘要（请另外记下）：{made.head}")
    if read_settings().backup_key is None:
        say("没有设置 SEALFORM_BACKUP_KEY，备份未签名：之后无从知道它是否被改动过")
    _end(made.lost, made.broken)


def restore(
    backup: Annotated[
        Path, typer.Argument(metavar="FILE.tar", help="sealform backup 的备份", exists=True, dir_okay=False)
    ],
    force_empty: Annotated[bool, typer.Option("--force-empty", help="清空现有的一切，以备份取代")] = False,
) -> None:
    """把备份恢复到空的数据库，逐项核对；要么全部恢复，要么什么也不改。请先停止服务。

    恢复后，尚未读完的重新排队读取，各人须重新登录。
    """
    from service.jobs.queue import Queue
    from service.serving import now
    from service.terminal import to_stderr
    from service.upkeep.restore import restore as take_back

    with _opened() as place:
        enqueue = Queue(place.database).enqueue
        key = read_settings().backup_key
        came = take_back(
            place.database, place.blobs, backup, enqueue, now(), to_stderr(), empty=force_empty, key=key
        )
    say(f"已恢复：{came.rows} 行，{came.blobs} 个文件；{came.waiting} 份等待读取")
    say(f"备份时的日志末条摘要：{came.head}")
    if key is None:
        say("没有设置 SEALFORM_BACKUP_KEY，没有核对签名：备份是否被改动过，请对照另外记下的摘要")
    _end(came.lost, came.broken)


def purge(
    older_than: Annotated[
        str | None,
        typer.Option(
            "--older-than", metavar="AGE", help="期限，如 90d、2y；不写则按 SEALFORM_RETENTION_DAYS"
        ),
    ] = None,
    status: Annotated[
        list[str] | None,
        typer.Option(
            "--status", metavar="STATUS", help="只清除此状态：accepted、rejected、withdrawn；可写多次"
        ),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="只说会清除多少，不清除")] = False,
) -> None:
    """清除早已办结的申请的内容：读到的值、修改和理由、文件和文件名。处理结果保留，日志仍可核对。

    期限从最后一次处理算起。清除后不能恢复；此前的备份中仍有这些内容。
    """
    from functools import partial

    from service.page_pictures import forget
    from service.serving import now
    from service.upkeep.purge import FINAL, Kept, foresee, period
    from service.upkeep.purge import purge as erase

    settings = read_settings()
    if older_than is None and settings.retention_days is None:
        raise BadUsage("没有说明期限", advice="请写 --older-than，或设置 SEALFORM_RETENTION_DAYS")
    age = period(older_than or str(settings.retention_days))
    chosen = [known for known in FINAL if not status or known in status]
    if unknown := set(status or ()) - set(FINAL):
        raise BadUsage(
            f"不能清除此状态的申请：{'、'.join(sorted(unknown))}", advice=f"只可写 {'、'.join(FINAL)}"
        )
    at = now()
    with kept() as place:
        made = (
            foresee(place.database, at - age, chosen)
            if dry_run
            else erase(
                place.database, Kept(place.blobs, partial(forget, settings)), at - age, chosen, "cli", at
            )
        )
    say(
        f"{'将清除' if dry_run else '已清除'} {made.submissions} 份申请的内容，{made.blobs} 个文件（{made.bytes / 1e6:.1f} MB）"
    )


@_audit.command()
def verify(
    head: Annotated[
        str | None, typer.Option("--head", metavar="HASH", help="先前另外记下的末条摘要，日志中应仍有这一条")
    ] = None,
) -> None:
    """逐条核对操作日志：条目有没有被改动、删去、插入，值有没有被改动；再按日志重算每份申请，看数据库中的是否一致。

    标准输出为条数和末条摘要。请把摘要记在系统之外：只有它能发现整段日志被重写。
    """
    from service.store import audit, replay

    with kept() as place, place.database.snapshot() as connection:
        count, last, broken = audit.verify(connection, head=head)
        departed = list(replay.departures(connection))
    typer.echo(f"{count}\t{last}")
    for one in departed:
        say(str(one))
    _end([], broken)
    if departed:
        say("日志完好，但数据库中的申请与日志不一致，请从备份恢复或查明是谁改动")
        raise typer.Exit(1)
    say("日志完好，申请与日志一致")


@dataclass(frozen=True)
class _Place:
    database: "Database"
    blobs: "Blobs"


@contextmanager
def _opened() -> Iterator[_Place]:
    """The service's database and blobs, as they are."""
    from service.atomic_files import make_folder
    from service.blobs import open_blobs
    from service.store.database import Database

    settings = read_settings()
    make_folder(settings.data)
    database = Database(settings.database_url)
    try:
        database.reach()
        yield _Place(database, open_blobs(settings.blob_place))
    finally:
        database.close()


@contextmanager
def kept() -> Iterator[_Place]:
    """As `_opened`, where there is a database with this program's schema."""
    from service.store.database import is_there

    if not is_there(read_settings().database_url):
        raise BadUsage("这里还没有服务的数据", advice="请检查 SEALFORM_DATA 和 SEALFORM_DATABASE_URL")
    with _opened() as place:
        if not place.database.is_current():
            raise BadUsage(
                "数据库的结构与本程序的版本不同", advice="请用与服务相同的版本；升级后先启动一次服务"
            )
        yield place


def _end(lost: list[str], broken: "list[Broken]") -> None:
    """Tells what is not well, and ends with exit code 1 where anything is."""
    for digest in lost:
        say(f"文件已损坏或不在了：{digest}")
    for one in broken:
        say(f"日志第 {one.seq} 条：{one.why}")
    if lost or broken:
        raise typer.Exit(1)

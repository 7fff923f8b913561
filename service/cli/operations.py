"""The commands of who runs the service: backup, restore, purge, audit."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from models.errors import BadUsage
from service.cli.base import Overwrite, choose, read_settings, say
from service.cli.completion import form_names
from service.cli.help import Group, command

if TYPE_CHECKING:
    from service.blobs import Blobs
    from service.jobs.rereading import Foreseen
    from service.sealing import Keys
    from service.store.audit import Broken
    from service.store.database import Database


_audit = typer.Typer(cls=Group, help="操作日志。", no_args_is_help=True, rich_markup_mode=None)


def register(app: typer.Typer) -> None:
    """Adds these commands to `app`."""
    command(app, "sealform backup -o sealform-0301.tar")(backup)
    command(app, "sealform restore sealform-0301.tar")(restore)
    command(
        app,
        "sealform purge --older-than 2y --dry-run",
        "sealform purge --older-than 90d --status rejected --status withdrawn",
    )(purge)
    command(app, "sealform notice-template -o 补正通知.docx")(notice_template)
    command(app, "sealform readmit admin")(readmit)
    command(app, "sealform new-key > keys")(new_key)
    command(app, "sealform reseal")(reseal)
    command(app, "sealform reread 表格标题", "sealform reread 表格标题 --apply")(reread)
    app.add_typer(_audit, name="audit")


def notice_template(
    output: Annotated[Path, typer.Option("-o", "--output", metavar="FILE.docx", help="模板文件")],
    overwrite: Overwrite = False,
) -> None:
    """写出补正通知书的模板，用 Word 修改后由 SEALFORM_NOTICE_TEMPLATE 指定。

    花括号中的字会换成实际的内容：{编号} {单位} {表名} {期限} {工作日} {签章} {联系} {日期}；{事项} 单独一段，换成事项表。
    """
    from service.atomic_files import check_targets, write_whole
    from service.export.notice import write_template

    check_targets(output, replace=overwrite)
    write_whole(output, write_template())
    say(f"已写出：{output}")


def backup(
    output: Annotated[Path, typer.Option("-o", "--output", metavar="FILE.tar", help="备份文件")],
    overwrite: Overwrite = False,
) -> None:
    """备份服务的一切：数据库和收到的文件。服务不必停止；备份可恢复到 SQLite 或 PostgreSQL。

    备份中有申请表的内容和账号，只有本人可读，请妥善保管。
    """
    from service.atomic_files import check_targets
    from service.terminal import to_stderr
    from service.upkeep.backup import back_up

    with kept() as place:
        check_targets(output, replace=overwrite)
        key = read_settings().backup_key
        made = back_up(
            place.database, place.blobs, output, place.database.now(), to_stderr(), key=key, keys=place.keys
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
    only_rehearse: Annotated[
        bool, typer.Option("--rehearse", help="演练：恢复到临时文件夹中核对，完后删去，不动现有的数据")
    ] = False,
) -> None:
    """把备份恢复到空的数据库，逐项核对；要么全部恢复，要么什么也不改。请先停止服务。

    恢复后，尚未读完的重新排队读取，各人须重新登录。演练不必停止服务，请定期做。
    """
    if only_rehearse and force_empty:
        raise BadUsage("--rehearse 和 --force-empty 不能同时用")
    if only_rehearse:
        _rehearse(backup)
        return
    from service.jobs.queue import Queue
    from service.terminal import to_stderr
    from service.upkeep.restore import restore as take_back

    with _opened() as place:
        enqueue = Queue(place.database).enqueue
        key = read_settings().backup_key
        came = take_back(
            place.database, place.blobs, backup, enqueue, place.database.now(), to_stderr(),
            empty=force_empty, key=key, keys=place.keys,
        )  # fmt: skip
    say(f"已恢复：{came.rows} 行，{came.blobs} 个文件；{came.waiting} 份等待读取")
    say(f"备份时的日志末条摘要：{came.head}")
    if key is None:
        say("没有设置 SEALFORM_BACKUP_KEY，没有核对签名：备份是否被改动过，请对照另外记下的摘要")
    _end(came.lost, came.broken)


def _rehearse(backup: Path) -> None:
    from service.processes.scratch import scratch_folder
    from service.sealing import keys_of
    from service.terminal import to_stderr
    from service.upkeep.rehearse import rehearse

    settings = read_settings()
    key, keys = settings.backup_key, keys_of(settings.keys, settings.key_command)
    with scratch_folder() as folder:
        done = rehearse(backup, folder, datetime.now(UTC), to_stderr(), key, keys)
    came = done.restored
    say(
        f"演练完成：{came.rows} 行，{came.blobs} 个文件，{done.submissions} 份申请，用时 {done.seconds:.0f} 秒；"
        "临时数据已删去"
    )
    say(f"备份时的日志末条摘要：{came.head}")
    say("签名相符" if key else "没有设置 SEALFORM_BACKUP_KEY，没有核对签名")
    for one in done.departed:
        say(one)
    _end(came.lost, came.broken)
    if done.departed:
        say("备份可以恢复，但其中的申请与日志不一致")
        raise typer.Exit(1)
    say("备份可以恢复，日志完好，申请与日志一致")


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

    from service.picture_shelf import forget
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
    with kept() as place:
        # The clock that the rest goes by: this machine's own may be wrong by years.
        at = place.database.now()
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


def readmit(
    name: Annotated[str, typer.Argument(metavar="NAME", help="登录名")],
) -> None:
    """让不能登录的人重新登录：停用其动态验证码，给出设置密码的一次性链接。

    供唯一的管理员丢失手机和恢复码时使用；记入操作日志。标准输出为链接。
    """
    from service.store import accounts, second_factor

    with kept() as place, place.database.write() as connection:
        user = accounts.number_of(connection, name)
        if second_factor.state_of(connection, user).active:
            second_factor.remove(connection, user, "cli", place.database.now())
        secret = accounts.invite(connection, user, "cli", place.database.now())
    typer.echo(f"{read_settings().address}/link/{secret}")
    say(f"请把链接交给{name}本人：只能用一次，三天内有效。动态验证码已停用，请登录后重新设置")


def new_key() -> None:
    """生成一个密封用的密钥，写到标准输出。

    加在 SEALFORM_KEYS 文件的第一行，文件只留给服务的用户读（chmod 600），并另外保管一份：密钥丢失，密封的内容就打不开了。
    """
    from service.sealing import new_key as made

    typer.echo(made())


def reseal() -> None:
    """把收到的文件和动态验证码的密钥都改用现在的密钥密封：尚未密封的、用旧密钥密封的都算。服务不必停止。

    设了 SEALFORM_SEAL_VALUES，数据库中的值也照办；不再设了，就把它们打开。
    可以随时中断，再运行一次就接着做。说完成之后，旧密钥才能从 SEALFORM_KEYS 的文件中删去（更早的备份仍要用它）。
    """
    from service.terminal import to_stderr
    from service.upkeep.reseal import reseal as seal_anew

    with kept() as place:
        done = seal_anew(place.database, place.blobs, place.keys, to_stderr())
    say(f"重新密封 {done.blobs} 个文件（共 {done.of}）、{done.secrets} 个动态验证码的密钥")
    say(f"数据库中{'密封' if read_settings().seal_values else '打开'} {done.rows} 行")
    for one in done.failed:
        say(f"不能密封：{one}")
    if done.failed:
        raise typer.Exit(1)
    say("全部照办：该密封的都用现在的密钥密封")


def reread(
    form: Annotated[str, typer.Argument(metavar="FORM", help="表格的名称或标题", autocompletion=form_names)],
    apply: Annotated[bool, typer.Option("--apply", help="真的重新读取；不写则只列出会有什么变化")] = False,
) -> None:
    """表格定义出了新版之后，把按旧版读的、还没有结论的申请按新版再读一遍；先列出会有什么变化。

    读过的图像不再识别；同一处读出同样的内容，人工核对过的照旧。服务要开着，才会真的读取；可以在“调整分组”页撤销。
    """
    from service.jobs import rereading
    from service.jobs.queue import Queue
    from service.processes.pool import LastingPool, Limits, options_of
    from service.processes.scratch import scratch_folder
    from service.store.forms import FormStore
    from service.store.versions import Editor

    settings = read_settings()
    with kept() as place:
        forms = FormStore(place.database)
        current = forms.current()
        form = choose(form, current).name
        if form not in current:
            raise BadUsage(f"服务中没有“{form}”这种表格", advice=f"可选：{'、'.join(current)}")
        if apply:
            by = Editor("cli", place.database.now())
            count = rereading.reread(place.database, Queue(place.database), forms, form, by)
            say(f"{count} 份申请重新排队读取")
            return
        limits = Limits(1, settings.time_limit, settings.memory_limit)
        count = 0
        with scratch_folder() as folder, LastingPool(limits, folder) as pool:
            found = rereading.foresee(place.database, place.blobs, forms, form, pool, options_of(settings))
            for one in found:
                count += 1
                _tell_foreseen(one)
    say(f"{count} 份申请会重新读取；真的要做，请加 --apply")


def _tell_foreseen(one: "Foreseen") -> None:
    typer.echo(f"{one.submission}\t{one.unit or ''}\t{one.error or f'{one.doubtful} 项待核对'}")
    for change in one.changes:
        before, after = (text if text is not None else "（空）" for text in (change.before, change.after))
        typer.echo(f"\t{change.title}\t{before}\t{after}")


@command(_audit, "sealform audit verify", "sealform audit verify --head 3f0a9c…")
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
    keys: "Keys"


@contextmanager
def _opened() -> Iterator[_Place]:
    """The service's database and blobs, as they are."""
    from service.atomic_files import make_folder
    from service.blobs import open_blobs
    from service.sealing import keys_of
    from service.store.database import Database
    from service.store.sealed import Values

    settings = read_settings()
    make_folder(settings.data)
    keys = keys_of(settings.keys, settings.key_command)
    database = Database(settings.database_url, Values(keys, on=settings.seal_values))
    try:
        database.reach()
        yield _Place(database, open_blobs(settings.blob_place, keys), keys)
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

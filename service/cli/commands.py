"""The command line. Standard output is data, standard error is talk; exit code 0: all well, 1: some failed,
2: bad usage.

Every command imports what it needs when it runs, because `--help` should not wait for a library that it does
not use.
"""

import os
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from typer.exceptions import TyperException

from models.errors import BadUsage, DefinitionError, SealformError
from models.on_demand import loading
from service.cli import campaigns, completion, drafting, operations
from service.cli import forms as form_commands
from service.cli.base import (
    FormsFolder,
    Overwrite,
    check_outputs,
    choose,
    known_forms,
    read_settings,
    say,
)
from service.cli.help import Group, command, explain

if TYPE_CHECKING:
    from service.mail.fetch import Outcome
    from service.mail.imap import Address
    from service.results import Line

# Nothing but the demo writes there.
_DEMO = Path("demo-out")

app = typer.Typer(
    name="sealform",
    help="生成申请表，读取收回的申请表，得到可复核的记录。",
    cls=Group,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
form_commands.register(app)


def _tell_version(wanted: bool) -> None:
    if wanted:
        from importlib import metadata

        typer.echo(f"sealform {metadata.version('sealform')}")
        raise typer.Exit


@app.callback(cls=Group)
def _all(
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_tell_version, help="显示版本")
    ] = False,
) -> None:
    pass


@command(
    app,
    "sealform extract 收件 -o results.jsonl --xlsx 汇总表.xlsx",
    "sealform extract 收件 -o results.jsonl --xlsx 汇总表.xlsx --resume",
    "sealform extract 申请表.docx --form 表格标题",
)
def extract(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="收回的文件，或放这些文件的文件夹")],
    form: Annotated[
        str | None,
        typer.Option(
            "--form",
            metavar="FORM",
            help="指定表格（名称或标题），不自动识别",
            autocompletion=completion.form_names,
        ),
    ] = None,
    forms: FormsFolder = None,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="FILE", help="结果文件（JSON lines）；不写则输出到标准输出"),
    ] = None,
    xlsx: Annotated[Path | None, typer.Option("--xlsx", metavar="FILE", help="另存汇总表 .xlsx")] = None,
    ledger: Annotated[
        Path | None,
        typer.Option(
            "--ledger",
            metavar="FILE.json",
            help="另存账目：文件中的每处文字、勾选、印章各归入哪一栏，或为何没有归入",
        ),
    ] = None,
    jobs: Annotated[
        int | None,
        typer.Option("--jobs", metavar="N", min=1, max=64, help="同时读取的进程数，默认为处理器核数"),
    ] = None,
    resume: Annotated[
        bool,
        typer.Option(
            "--resume",
            help="接着上次的结果文件：已读且未变的不再读；因超时、崩溃、缺少程序而失败的重读，因文件本身而失败的不再读",
        ),
    ] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="覆盖已有的结果文件和汇总表；读出第一份结果后才取代")
    ] = False,
    together: Annotated[
        bool, typer.Option("--together", help="给出的文件夹整体是一份申请，如一页一张照片")
    ] = False,
    time_limit: Annotated[
        float | None, typer.Option("--time-limit", min=0.1, metavar="S", help="每份的时限，以秒计")
    ] = None,
    silent_target: Annotated[
        float,
        typer.Option(
            "--silent-target", min=0.0, max=0.5, metavar="P", help="识别错了却无人复核的字段最多占多少"
        ),
    ] = 0.001,
) -> None:
    """读取收回的申请表。

    每个 PATH 是一份；文件夹中每个文件是一份，每个子文件夹是分成几个文件的一份。
    """
    with loading():
        from service.processes.pool import Limits, cores, options_of
        from service.runs.batch import started
        from service.sources import select

    if resume and output is None:
        raise typer.BadParameter("--resume 需要同时用 -o 给出结果文件", param_hint="--resume")
    if resume and overwrite:
        raise typer.BadParameter(
            "--resume 与 --overwrite 只能用一个：前者接着上次读，后者重新读", param_hint="--overwrite"
        )
    outputs = {"-o": output, "--xlsx": xlsx, "--ledger": ledger}
    for (one, path), (other, more) in combinations(
        [(name, path) for name, path in outputs.items() if path], 2
    ):
        if os.path.realpath(path) == os.path.realpath(more):
            raise typer.BadParameter(f"{one} 与 {other} 不能是同一个文件", param_hint=other)
    settings = read_settings()
    selection = select(paths, together=together, outputs=[path for path in outputs.values() if path])
    check_outputs(output, xlsx)
    limits = Limits(jobs or cores(), time_limit or settings.time_limit, settings.memory_limit)
    with ExitStack() as stack:
        # A run that goes on from another may have nothing left to read.
        early = bool(selection.submissions) and not resume
        threads = limits.for_only(selection.submissions).of_models
        options = options_of(settings, None, silent_target, threads)
        ready = stack.enter_context(started(selection.submissions, limits, options)) if early else None
        # From here on this process loads while those that read do.
        with loading():
            from service.runs.extraction import Targets, read
            from service.terminal import to_stderr

            known = known_forms(forms)
        if form is not None:
            chosen = choose(form, known)
            known, form = {**known, chosen.name: chosen}, chosen.name
        outcome = read(
            selection,
            known,
            replace(options, form=form),
            limits,
            Targets(output, xlsx, resume, overwrite, ledger),
            _print_lines if output is None else _keep_quiet,
            to_stderr(),
            ready=ready,
        )
    if outcome.interrupted:
        raise typer.Exit(130)
    if outcome.failed:
        raise typer.Exit(1)


@command(
    app,
    "sealform mail --imap imaps://user%40bureau.cn@imap.example.cn/INBOX -o 收件",
    "sealform mail --imap imaps://user%40bureau.cn@imap.example.cn/INBOX --into-service --since 2021-03-01",
)
def mail(
    imap: Annotated[
        str,
        typer.Option("--imap", metavar="URL", help="如 imaps://user%40bureau.cn@imap.example.cn:993/INBOX"),
    ],
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="DIR", help="放邮件的文件夹，每封一个 .eml 文件")
    ] = None,
    into_service: Annotated[
        bool, typer.Option("--into-service", help="收取后交给服务读取，每封一份，不另存文件")
    ] = False,
    folder: Annotated[
        str | None,
        typer.Option("--folder", metavar="NAME", help="邮件夹，可用中文；默认为网址中的，或 INBOX"),
    ] = None,
    since: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], metavar="DATE", help="只收此日起到达的邮件")
    ] = None,
    limit: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="本次至多收取的封数，旧的在先")
    ] = None,
    max_bytes: Annotated[
        int, typer.Option(metavar="N", min=1, help="每封的大小上限（字节），超过的列出而不收取")
    ] = 100 << 20,
    authority: Annotated[
        Path | None, typer.Option("--ca", metavar="FILE", help="改为信任此文件（PEM）中的证书")
    ] = None,
    insecure: Annotated[bool, typer.Option("--insecure", help="不加密，只可用于本机的 imap:// 地址")] = False,
) -> None:
    """把邮箱中的新邮件收取到文件夹，供 sealform extract 读取；或直接交给服务。

    只看不动：不删除、不移动、不标为已读。已收取的不再收取，中断后再次运行即可继续。imaps:// 全程加密，imap://
    用 STARTTLS。 密码取自环境变量 SEALFORM_MAIL_PASSWORD，没有则提示输入；163、126、QQ 等邮箱要用授权码。
    标准输出中每封一行 JSON：state（fetched 已收取，duplicate 与已有的相同，too-large 超过上限，failed
    失败）、file、uid、 subject、sender、date 等。
    """
    from service.mail.fetch import Wishes, fetch
    from service.mail.imap import Address
    from service.terminal import to_stderr

    if (output is None) != into_service:
        raise typer.BadParameter(
            "请用 -o 给出文件夹，或用 --into-service 交给服务，二者取一", param_hint="-o"
        )
    address = Address.parse(imap, folder, insecure)

    def fetch_into(target: Path) -> "Outcome":
        return fetch(
            address,
            _mail_password(address.account),
            target,
            Wishes(since.date() if since else None, limit, max_bytes),
            lambda record: typer.echo(record.encode(), nl=False),
            to_stderr(),
            authority,
        )

    outcome = fetch_into(output) if output is not None else _into_service(address, fetch_into)
    if outcome.interrupted:
        raise typer.Exit(130)
    if outcome.left_out:
        raise typer.Exit(1)


@command(app, "sealform doctor")
def doctor(as_json: Annotated[bool, typer.Option("--json", help="以 JSON 输出")] = False) -> None:
    """检查安装：装了什么，缺什么，缺了有何影响，如何补上。"""
    from service.upkeep.doctor import examine, print_table, to_json

    report = examine(read_settings())
    if as_json:
        typer.echo(to_json(report))
    else:
        print_table(report)
    if any(item.broken for item in report):
        raise typer.Exit(1)


@command(app, "sealform serve", "sealform serve --host 0.0.0.0 --port 80")
def serve(
    host: Annotated[
        str | None, typer.Option("--host", metavar="ADDRESS", help="监听的地址，默认 127.0.0.1（只供本机）")
    ] = None,
    port: Annotated[str | None, typer.Option("--port", metavar="N", help="端口，默认 8000")] = None,
    no_worker: Annotated[
        bool, typer.Option("--no-worker", help="只提供网页和接口，由别处的 sealform worker 读取")
    ] = False,
) -> None:
    """启动服务：上传、读取、复核、导出。第一次启动时给出设置管理员密码的链接。"""
    from dataclasses import replace

    from service.listening import listening
    from service.settings import port_of

    settings = read_settings()
    settings = replace(
        settings, host=host or settings.host, port=settings.port if port is None else port_of(port, "--port")
    )
    # First of all, so that nothing is begun, and no link given away, that leads nowhere.
    with listening(settings.host, settings.port) as sockets:
        from service.jobs.queue import Queue
        from service.logs import tell
        from service.serving import opened
        from service.serving import serve as run

        with opened(settings, lambda database: Queue(database).enqueue) as context:
            run(context, sockets, tell, with_worker=not no_worker)


@command(app, "sealform worker", "sealform worker --jobs 2 --name 二号机")
def worker(
    jobs: Annotated[
        int | None,
        typer.Option("--jobs", metavar="N", min=1, max=64, help="同时读取的份数，默认为处理器核数"),
    ] = None,
    name: Annotated[
        str | None,
        typer.Option("--name", metavar="NAME", help="名称，不可与其他工作进程相同；默认为主机名和进程号"),
    ] = None,
) -> None:
    """读取上传到服务的申请。可在几台机器上各开几个：同一数据库，同一存储；中断的由其他工作进程接手。"""
    from dataclasses import replace

    from service.campaigns.twice import KeyedTwice
    from service.jobs.decisions import Tempo
    from service.jobs.worker import Identity, work
    from service.logs import tell

    settings = read_settings()
    work(
        replace(settings, jobs=jobs or settings.jobs), Identity.here(name), tell, None, Tempo(),
        twice_too=lambda forms: KeyedTwice(forms, settings.campaigns),
    )  # fmt: skip
    # A job of ours that another worker took over meanwhile is waited for by a thread of the queue, for as
    # long as that takes.
    sys.stderr.flush()
    os._exit(0)


@command(app, "sealform demo", "sealform demo -o 演示")
def demo(
    output: Annotated[Path, typer.Option("-o", "--output", metavar="DIR", help="放演示文件的文件夹")] = _DEMO,
    overwrite: Overwrite = False,
) -> None:
    """演示：生成空白和预填的申请表，读取样例，列出读到了什么、对什么有疑问。"""
    from service.cli.demo import run
    from service.terminal import to_stderr

    run(output, known_forms(None), read_settings(), to_stderr(), overwrite=overwrite or output == _DEMO)


drafting.register(app)
operations.register(app)
campaigns.register(app)
completion.register(app)


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs the command line, and always ends by SystemExit; an expected error is told without a traceback."""
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(encoding="utf-8")
    completion.prepare()
    try:
        given = list(arguments) if arguments is not None else None
        # Not by the library, which would tell in English what is wrong.
        sys.exit(app(args=given, prog_name="sealform", standalone_mode=False))
    except TyperException as error:
        say(explain(error))
        sys.exit(error.exit_code)
    except typer.Abort:
        say("已取消")
        sys.exit(1)
    except DefinitionError as error:
        say(str(error))
        say(f"错误：表格定义有 {len(error.problems)} 处问题。{error.advice}")
        sys.exit(error.exit_code)
    except SealformError as error:
        say(f"错误：{error}")
        sys.exit(error.exit_code)
    except ModuleNotFoundError as error:
        # Of the extras only what the command needs is missed; of our own modules none may be.
        if (error.name or "").partition(".")[0] in ("service", "extractor", "generator", "models"):
            raise
        say(
            f"错误：没有安装 {error.name}。请安装全部：pip install 'sealform[ocr,service]'；详情见 sealform doctor"
        )
        sys.exit(2)
    except OSError as error:
        from service.atomic_files import in_words

        say(f"错误：无法读写 {error.filename or '文件'}：{in_words(error)}")
        sys.exit(2)


def _mail_password(account: str) -> str:
    """From the environment, or typed unseen; never from the command line, which other users of the machine
    can read."""
    password = read_settings().mail_password
    if password is None and sys.stdin.isatty():
        password = typer.prompt(f"{account} 的密码或授权码", hide_input=True, err=True)
    if not password:
        raise BadUsage("没有密码", advice="请设置环境变量 SEALFORM_MAIL_PASSWORD，或在终端中运行并输入")
    if not password.isprintable():
        raise BadUsage("密码中有换行等控制字符", advice="请检查环境变量 SEALFORM_MAIL_PASSWORD")
    return password


def _into_service(address: "Address", fetch_into: "Callable[[Path], Outcome]") -> "Outcome":
    """Fetches, and hands over what came, also what came before a run was broken off."""
    from service.jobs.queue import Queue
    from service.mail.upload import folder_of, hand_over
    from service.serving import opened

    with opened(read_settings(), lambda database: Queue(database).enqueue) as context:
        target = folder_of(context, address)
        try:
            return fetch_into(target)
        finally:
            made = hand_over(context, target, f"{address.account}/{address.folder}")
            say(f"交给服务读取 {len(made)} 封")


def _print_lines(lines: "Iterable[Line]") -> None:
    from service.results import encode

    typer.echo(encode(lines), nl=False)


def _keep_quiet(lines: "Iterable[Line]") -> None:
    """Standard output stays empty where results go to a file."""

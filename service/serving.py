"""Runs `sealform serve`: brings the database up to date, serves on the port, and keeps a worker running
beside it, which is started again when it dies."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import sqlalchemy as sa
import uvicorn

from service.atomic_files import make_folder
from service.blobs import open_blobs
from service.forms.definitions import load_forms
from service.logs import configure
from service.sealing import keys_of
from service.settings import Settings
from service.store import accounts
from service.store.database import Database
from service.store.forms import FormStore
from service.store.sealed import Values
from service.store.tables import users
from service.web.app import create_app
from service.web.context import Context, Enqueue

_FIRST = "admin"
# Seconds: the first and the longest pause before a dead worker is started again; the time that the worker has
# to stop; the time that requests have to end.
_PAUSE, _LONGEST_PAUSE = 1.0, 30.0
_TO_STOP = 30.0
_TO_END = 5


@contextmanager
def opened(settings: Settings, enqueue: Callable[[Database], Enqueue]) -> Iterator[Context]:
    """Opens the service's database, brought up to date, its blobs and its forms. `enqueue` makes the function
    that puts uploads into the queue.

    Raises:
        BadUsage, DefinitionError, OSError: a setting is wrong.
    """
    make_folder(settings.data)
    keys = keys_of(settings.keys, settings.key_command)
    database = Database(settings.database_url, Values(keys, on=settings.seal_values))
    try:
        database.migrate()
        forms = FormStore(database)
        forms.add(load_forms(settings.forms), "system", database.now())
        blobs = open_blobs(settings.blob_place, keys)
        yield Context(database, blobs, settings, forms, enqueue(database), database.now, keys)
    finally:
        database.close()


def first_link(context: Context) -> str | None:
    """Returns the link with which the first administrator sets a password, or None once some user can sign
    in."""
    with context.database.write() as connection:
        if connection.scalar(
            sa.select(sa.func.count()).select_from(users).where(users.c.password.is_not(None))
        ):
            return None
        known = connection.scalar(sa.select(users.c.id).where(users.c.name == _FIRST))
        at = context.clock()
        user = known or accounts.create_user(connection, _FIRST, "管理员", "administrator", "system", at)
        return f"{context.settings.address}/link/{accounts.invite(connection, user, 'system', at)}"


def serve(
    context: Context, sockets: list[socket.socket], say: Callable[[str], object], *, with_worker: bool
) -> None:
    """Answers the requests that come to `sockets` until a signal (SIGINT, SIGTERM) stops it."""
    settings = context.settings
    configure(settings.log_level)
    link = first_link(context)
    if link:
        say(
            f"第一次使用：请在浏览器打开下面的链接，为管理员 {_FIRST} 设置密码（只能用一次，三天内有效）\n  {link}"
        )
    if settings.forms and (untried := context.forms.untried()):
        say(
            "以下表格由文件夹直接启用，从未试填试读，读不读得准没有人试过："
            + "、".join(f"{form.title}（{form.name} {form.version} 版）" for form in untried)
            + "；请用 sealform forms --add 定义文件 逐份试一遍"
        )
    say(f"服务地址：{settings.address}（按 Ctrl-C 停止）")
    config = uvicorn.Config(
        create_app(context), log_config=None, access_log=False, server_header=False,
        proxy_headers=True, timeout_graceful_shutdown=_TO_END,
    )  # fmt: skip
    with _worker([sys.executable, "-m", "service.cli", "worker"]) if with_worker else _nothing():
        uvicorn.Server(config).run(sockets)


@contextmanager
def _nothing() -> Iterator[None]:
    yield


@contextmanager
def _worker(command: Sequence[str]) -> Iterator[None]:
    """Keeps a process with `command` running for as long as the block lasts, and starts it again whenever it
    dies."""
    stop = threading.Event()
    keeper = threading.Thread(target=_keep_running, args=(command, stop), name="worker-keeper")
    keeper.start()
    try:
        yield
    finally:
        stop.set()
        keeper.join()


def _keep_running(command: Sequence[str], stop: threading.Event) -> None:
    pause = _PAUSE
    while not stop.is_set():
        started = time.monotonic()
        # The worker has a process group of its own: Ctrl-C then reaches only this process, which tells the
        # worker to stop.
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            process_group=0,
            env={**os.environ, "SEALFORM_PARENT": str(os.getpid())},
        )
        while process.poll() is None and not stop.wait(0.2):
            pass
        if process.poll() is None:
            _end(process)
            return
        pause = _PAUSE if time.monotonic() - started > _LONGEST_PAUSE else min(pause * 2, _LONGEST_PAUSE)
        stop.wait(pause)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(_TO_STOP)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

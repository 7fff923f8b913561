"""`serve` where it can not: one line that says why and what to do, before anything is begun, as it is seen at
a terminal."""

import errno
import os
import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from models.errors import BadUsage
from service.listening import listening
from tests.service.terminal import Terminal

pytestmark = pytest.mark.usefixtures("elsewhere")


@pytest.fixture
def held() -> Iterator[int]:
    """A port that somebody else listens at."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def _serve(folder: Path, *arguments: str) -> str:
    """What `serve`, which does not begin, shows: one line."""
    terminal = Terminal(folder, "serve", *arguments)
    assert terminal.end() == 2, terminal.shown
    assert re.fullmatch(r"错误：[^\n]+。[^\n]+\r\n", terminal.shown), terminal.shown
    assert "…" not in terminal.shown
    assert terminal.mark.wait_for_end() == {}, "a worker was started"
    return terminal.shown


def test_a_port_in_use_is_told_before_anything_is_begun(tmp_path: Path, held: int) -> None:
    shown = _serve(tmp_path, "--port", str(held))
    assert f"端口 {held} 已被占用" in shown
    assert f"--port {held + 1}" in shown
    assert [path.name for path in tmp_path.iterdir()] == ["tmp"], "neither database nor link"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        # An address of a network for examples, which nobody has.
        (["--host", "203.0.113.1"], "本机没有地址 203.0.113.1"),
        (["--host", "no-such-host.invalid"], "找不到地址“no-such-host.invalid”"),
        (["--host", "http://127.0.0.1"], "找不到地址"),
        (["--host", "a" * 80], "找不到地址"),
        (["--port", "99999"], "--port 应为 1 到 65535 的整数，现为“99999”"),
        (["--port", "http"], "--port 应为 1 到 65535 的整数，现为“http”"),
        (["--port", "0"], "--port 应为 1 到 65535 的整数，现为“0”"),
    ],
)
def test_an_address_that_can_not_be_had_is_told(tmp_path: Path, arguments: list[str], told: str) -> None:
    assert told in _serve(tmp_path, *arguments)
    assert [path.name for path in tmp_path.iterdir()] == ["tmp"]


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("SEALFORM_PORT", "65536", "SEALFORM_PORT 应为 1 到 65535 的整数，现为“65536”"),
        ("SEALFORM_DATA", "file", "无法读写 file：不是文件夹"),
        ("SEALFORM_DATA", "file/in it", "上级不是文件夹"),
        ("SEALFORM_DATA", "/proc/nowhere", "无法读写 /proc/nowhere"),
        (
            "SEALFORM_DATABASE_URL",
            "postgresql://u:secret@127.0.0.1:1/x",
            "无法连接数据库 127.0.0.1 上的 x：.*Connection refused",
        ),
        (
            "SEALFORM_DATABASE_URL",
            "postgresql://u:secret@no-such-host.invalid/x",
            "无法连接数据库 no-such-host.invalid 上的 x：.*not known",
        ),
        ("SEALFORM_DATABASE_URL", "postgresql://u:secret@127.0.0.1:http/x", "数据库地址有误"),
        ("SEALFORM_DATABASE_URL", "sqlite:///file", "无法打开数据库 file：file is not a database"),
        (
            "SEALFORM_DATABASE_URL",
            "sqlite:////proc/x.db",
            "无法打开数据库 /proc/x.db：unable to open database file",
        ),
    ],
)
def test_a_setting_with_which_it_can_not_work_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str, told: str
) -> None:
    (tmp_path / "file").write_bytes(b"not a database" * 100)
    monkeypatch.setenv(name, value)
    with socket.create_server(("127.0.0.1", 0)) as probe:
        free = str(probe.getsockname()[1])
    shown = _serve(tmp_path, *(["--port", free] * (name != "SEALFORM_PORT")))
    assert re.search(told, shown)
    assert "secret" not in shown


def test_a_port_for_administrators_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    if int(Path("/proc/sys/net/ipv4/ip_unprivileged_port_start").read_text()) < 2:
        pytest.skip("here any port is anybody's")
    read, write = os.pipe()
    child = os.fork()
    if not child:
        try:
            if os.getuid() == 0:
                os.setuid(65534)
            with listening("127.0.0.1", 1):
                pass
        except BadUsage as error:
            os.write(write, str(error).encode())
        finally:
            os._exit(0)
    os.close(write)
    with os.fdopen(read, encoding="utf-8") as pipe:
        told = pipe.read()
    os.waitpid(child, 0)
    assert "没有权限使用端口 1。" in told
    assert "--port 8000" in told


def test_a_port_that_is_taken_stays_ours_until_the_end_and_is_free_then(held: int) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        free = probe.getsockname()[1]
    for _ in range(2):
        with listening("localhost", free) as sockets:
            assert {one.family for one in sockets} <= {socket.AF_INET, socket.AF_INET6}
            socket.create_connection(("127.0.0.1", free), 5).close()
            with pytest.raises(BadUsage, match=f"端口 {free} 已被占用"), listening("localhost", free):
                pass
    with pytest.raises(OSError) as refused:  # noqa: PT011
        socket.create_connection(("127.0.0.1", free), 5)
    assert refused.value.errno == errno.ECONNREFUSED


def test_a_connection_that_is_accepted_sends_small_pieces_at_once() -> None:
    with (
        listening("127.0.0.1", 0) as (server,),
        socket.create_connection(server.getsockname()),
        server.accept()[0] as accepted,
    ):
        assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)

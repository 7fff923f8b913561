"""Opens the sockets on which the service listens, before anything else starts, and explains why an address
can't be used."""

import errno
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from models.errors import BadUsage
from service.atomic_files import in_words

_ADDRESSES = "请用 --host 给出本机的地址：127.0.0.1 只供本机，0.0.0.0 也供其他机器"
_NOT_HERE = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)


@contextmanager
def listening(host: str, port: int) -> Iterator[list[socket.socket]]:
    """Opens sockets that accept connections at every address of `host`. Connections wait in them until they
    are served.

    Raises:
        BadUsage: there is no such address, or the port can't be used.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (socket.gaierror, UnicodeError) as error:
        raise BadUsage(f"找不到地址“{host}”", advice=_ADDRESSES) from error
    with ExitStack() as stack:
        sockets, refused = [], list[OSError]()
        for family, _, _, _, address in dict.fromkeys(found):
            try:
                server = stack.enter_context(socket.create_server(address, family=family))
                # Connections inherit it. asyncio would set it only where the socket names its protocol, and
                # without it the body of each answer waits 40 ms for a sign that its head arrived.
                server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                sockets.append(server)
            except OSError as error:
                refused.append(error)
        # A host name may have an address of a family that this machine does not use, such as localhost
        # without IPv6.
        if missing := [error for error in refused if not sockets or error.errno not in _NOT_HERE]:
            raise _refusal(host, port, missing[0]) from missing[0]
        yield sockets


def _refusal(host: str, port: int, error: OSError) -> BadUsage:
    another = port + 1 if port < 65535 else 8000
    if error.errno == errno.EADDRINUSE:
        advice = (
            f"也许服务已经在运行；请用 --port 换一个端口，如 --port {another}，或用 ss -ltnp 查看是谁占用"
        )
        return BadUsage(f"端口 {port} 已被占用", advice=advice)
    if error.errno in _NOT_HERE:
        return BadUsage(f"本机没有地址 {host}", advice=_ADDRESSES)
    if error.errno == errno.EACCES:
        return BadUsage(
            f"没有权限使用端口 {port}",
            advice="1024 以下的端口要有管理员的权限；请用 --port 换一个，如 --port 8000",
        )
    return BadUsage(
        f"无法在 {host} 的端口 {port} 监听：{in_words(error)}", advice="请用 --host 和 --port 换一个地址"
    )

"""RAR archives, where libarchive's bsdtar is installed. It turns them into a tar stream, so that no file is
written."""

import os
import shutil
import signal
import subprocess
import tempfile
import threading
from contextlib import suppress
from typing import IO

from extractor.arrival.containers.archive import open_tar
from extractor.arrival.containers.base import Contents, megabytes
from extractor.limits import ContainerLimits
from models.errors import Damaged, Encrypted, TimedOut, TooLarge, UnsupportedKind

PROGRAM = "bsdtar"
_CHUNK = 1 << 20
_ADVICE = "请安装 libarchive-tools（sealform doctor 有说明），或请申报单位改用 zip 重新提交"


def open_rar(data: bytes, name: str, limits: ContainerLimits) -> Contents:
    """Return the files of a RAR archive; it raises as `open_container` does."""
    found = shutil.which(PROGRAM)
    if found is None:
        raise UnsupportedKind("打开 RAR 压缩包需要 bsdtar", advice=_ADVICE)
    with tempfile.TemporaryDirectory(prefix="sealform-") as folder:
        stream, said, code = _run([found, "-c", "-f", "-", "--format=pax", "@-"], data, folder, limits)
    if b"ncrypted" in said or b"assphrase" in said:
        raise Encrypted("压缩包设有密码")
    if code != 0 and not stream.strip(b"\0"):
        raise Damaged("压缩包不完整，无法打开")
    return open_tar(stream, name, limits, len(data))


def _run(command: list[str], data: bytes, folder: str, limits: ContainerLimits) -> tuple[bytes, bytes, int]:
    """Return what a program wrote to its outputs, and its exit code. End it where it writes or takes too
    much.

    The program gets `data` through a pipe, so that it can't look for the end: an archive's end record may
    belong to a document inside it.
    """
    environment = {"LC_ALL": "C.UTF-8", "PATH": os.defpath}
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=folder,
        start_new_session=True,
        env=environment,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    is_late = threading.Event()

    def end_late() -> None:
        # Said before it ends: whoever sees the end must see the reason.
        is_late.set()
        _end(process)

    timer = threading.Timer(limits.seconds, end_late)
    said: list[bytes] = []
    listener = threading.Thread(
        target=lambda stream: said.append(stream.read(_CHUNK)), args=(process.stderr,), daemon=True
    )
    feeder = threading.Thread(target=_feed, args=(process.stdin, data), daemon=True)
    timer.start()
    listener.start()
    feeder.start()
    found = bytearray()
    try:
        while piece := process.stdout.read(_CHUNK):
            found += piece
            if len(found) > limits.unpacked_bytes + _CHUNK:
                raise TooLarge(f"解压后总共超过 {megabytes(limits.unpacked_bytes)} MB")
        process.wait(limits.seconds)
        if is_late.is_set():
            raise TimedOut(f"解压超过 {limits.seconds:.0f} 秒")
        listener.join(1)
        return bytes(found), b"".join(said), process.returncode
    except subprocess.TimeoutExpired:
        raise TimedOut(f"解压超过 {limits.seconds:.0f} 秒") from None
    finally:
        timer.cancel()
        _end(process)
        process.wait()
        feeder.join(1)
        process.stdout.close()


def _feed(stream: IO[bytes], data: bytes) -> None:
    with suppress(OSError):  # the program has read enough, or was ended
        stream.write(data)
    with suppress(OSError):
        stream.close()


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End the whole process group, including processes that the program started."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)

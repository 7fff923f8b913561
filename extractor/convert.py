"""Old and foreign word processors' files, made into .docx by LibreOffice in a profile and a process group of its own."""

import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

from models.errors import ConverterMissing, Damaged, TimedOut


def to_docx(data: bytes, suffix: str, program: str, seconds: float) -> bytes:
    """`data`, a file of the kind that `suffix` says, as .docx.

    The profile is new for each call: a profile that another run holds makes LibreOffice hand the work over and lose it,
    and macros, links and recovery of a user's own profile have no place here.

    Raises:
        ConverterMissing: LibreOffice is not installed. TimedOut: it took longer than `seconds`. Damaged: it could not.
    """
    found = shutil.which(program)
    if found is None:
        raise ConverterMissing("读取旧版 Word、WPS、RTF 或 ODT 文件需要 LibreOffice")
    with tempfile.TemporaryDirectory(prefix="sealform-") as folder:
        source = Path(folder, f"in{suffix}")
        source.write_bytes(data)
        command = [
            found, f"-env:UserInstallation={Path(folder, 'profile').as_uri()}", "--headless", "--norestore", "--nolockcheck",
            "--convert-to", "docx:MS Word 2007 XML", "--outdir", str(Path(folder, "out")), str(source),
        ]  # fmt: skip
        _run(command, seconds)
        made = Path(folder, "out", "in.docx")
        if not made.exists():
            raise Damaged("LibreOffice 无法打开这个文件")
        return made.read_bytes()


def _run(command: list[str], seconds: float) -> None:
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        raise TimedOut(f"LibreOffice 转换超过 {seconds:.0f} 秒") from None
    finally:
        # soffice is a script round the real program, so the whole group ends, also when we are interrupted.
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()

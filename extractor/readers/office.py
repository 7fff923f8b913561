"""Converting word processors' files with LibreOffice: to .docx for reading, or to .pdf for showing.

LibreOffice runs in a profile and a process group of its own.
"""

import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from models.errors import ConverterMissing, Damaged, TimedOut

# soffice is a script round the real program, and its parent may be killed at any moment without warning. A
# watcher in its group therefore waits for the end of our pipe, which the system closes whatever becomes of
# us, and then ends the whole group. $0 is a file to be removed at that moment.
_WATCHED = 'exec 3<&0; { read -r _ <&3; rm -f -- "$0"; kill -s KILL 0; } & exec "$@" </dev/null 3<&-'


# Settings that forbid a document to fetch what it links to, from the network or from this machine's disk, or
# to run its macros. The proxy does not exist; it stops what LibreOffice fetches in spite of the first
# setting.
_SETTINGS = {
    "Office.Common/Security/Scripting": {
        "BlockUntrustedRefererLinks": "true", "DisableMacrosExecution": "true", "MacroSecurityLevel": "3",
    },
    "Office.Writer/Content/Update": {"Link": "0"},
    "Inet/Settings": {
        "ooInetProxyType": "2", "ooInetNoProxy": "", "ooInetHTTPProxyName": "127.0.0.1",
        "ooInetHTTPProxyPort": "1",
        "ooInetHTTPSProxyName": "127.0.0.1", "ooInetHTTPSProxyPort": "1",
    },
}  # fmt: skip


# By default LibreOffice opens a web page in another program, which prints only the content of its tables.
_IMPORT = {".html": ("--infilter=HTML (StarWriter)",)}


def to_docx(data: bytes, suffix: str, program: str, seconds: float) -> bytes:
    """Convert `data`, a file of the kind that `suffix` says, to .docx.

    Raises:
        ConverterMissing: LibreOffice is not installed. TimedOut: it took longer than `seconds`. Damaged: it
            failed.
    """
    return _converted(data, suffix, "docx:MS Word 2007 XML", program, seconds)


def to_pdf(data: bytes, suffix: str, program: str, seconds: float) -> bytes:
    """Convert `data`, a file of the kind that `suffix` says, to the .pdf that LibreOffice would print.

    Raises:
        ConverterMissing: LibreOffice is not installed. TimedOut: it took longer than `seconds`. Damaged: it
            failed.
    """
    return _converted(data, suffix, "pdf:writer_pdf_Export", program, seconds, _IMPORT.get(suffix, ()))


def _converted(
    data: bytes, suffix: str, target: str, program: str, seconds: float, more: Sequence[str] = ()
) -> bytes:
    """Convert with a new profile for each call. A profile that another run holds makes LibreOffice hand the
    work over and lose it. A user's own profile would also bring in macros, links and recovery."""
    found = shutil.which(program)
    if found is None:
        raise ConverterMissing("读取旧版 Word、WPS、RTF 或 ODT 文件需要 LibreOffice")
    with tempfile.TemporaryDirectory(prefix="sealform-") as folder:
        source = Path(folder, f"in{suffix}")
        source.write_bytes(data)
        _settle(Path(folder, "profile"))
        profile = Path(folder, "profile").as_uri()
        command = [
            found, f"-env:UserInstallation={profile}", "--headless", "--norestore", "--nolockcheck", *more,
            "--convert-to", target, "--outdir", str(Path(folder, "out")), str(source),
        ]  # fmt: skip
        _run(command, _socket(profile), seconds)
        made = Path(folder, "out", f"in.{target.partition(':')[0]}")
        if not made.exists():
            raise Damaged("LibreOffice 无法打开这个文件")
        return made.read_bytes()


def _settle(profile: Path) -> None:
    """Make a profile with `_SETTINGS`."""
    items = "".join(
        f'<item oor:path="/org.openoffice.{path}"><prop oor:name="{name}" '
        f'oor:op="fuse"><value>{value}</value></prop></item>'
        for path, settings in _SETTINGS.items()
        for name, value in settings.items()
    )
    user = profile / "user"
    user.mkdir(parents=True)
    Path(user, "registrymodifications.xcu").write_text(
        '<?xml version="1.0" encoding="UTF-8"?>\n<oor:items xmlns:oor="http://openoffice.org/2001/registry" '
        'xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        f"{items}</oor:items>\n",
        "utf-8",
    )


def _run(command: list[str], left_behind: Path, seconds: float) -> None:
    process = subprocess.Popen(
        ["/bin/sh", "-c", _WATCHED, str(left_behind), *command],
        stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    assert process.stdin is not None
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        raise TimedOut(f"LibreOffice 转换超过 {seconds:.0f} 秒") from None
    finally:
        process.stdin.close()
        process.wait()


def _socket(profile: str) -> Path:
    """Return the socket of the LibreOffice that uses the profile at this URL; a killed one leaves it behind.

    Its name is the MD5 of the URL as in `RequestHandler::Enable` of desktop/source/app/officeipcthread.cxx,
    and its place is that of sal/osl/unx/pipe.cxx.
    """
    digest = hashlib.md5(profile.encode("utf-16-le"), usedforsecurity=False).digest()
    return Path("/tmp", f"OSL_PIPE_{os.getuid()}_SingleOfficeIPC_{''.join(f'{byte:x}' for byte in digest)}")

"""Word processors' files, made .docx to be read or .pdf to be shown, by LibreOffice in a profile and process
group of its own."""

import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from models.errors import ConverterMissing, Damaged, TimedOut

# soffice is a script round the real program, and whoever started it may be killed at any moment, without
# warning. So a watcher in its group waits for the end of our pipe, which the system closes whatever becomes
# of us, and ends the whole group. $0 is a file to be removed then.
_WATCHED = 'exec 3<&0; { read -r _ <&3; rm -f -- "$0"; kill -s KILL 0; } & exec "$@" </dev/null 3<&-'


# What a document may not do to us: fetch what it links to, from the network or from this machine's disk, or
# run what it brings. The proxy is one that nobody is, for what LibreOffice fetches whatever the first setting
# says.
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


# Left to itself, LibreOffice opens a web page in another program, which prints what is in its tables and
# nothing else.
_IMPORT = {".html": ("--infilter=HTML (StarWriter)",)}


def to_docx(data: bytes, suffix: str, program: str, seconds: float) -> bytes:
    """`data`, a file of the kind that `suffix` says, as .docx.

    Raises:
        ConverterMissing: LibreOffice is not installed. TimedOut: it took longer than `seconds`. Damaged: it
            could not.
    """
    return _converted(data, suffix, "docx:MS Word 2007 XML", program, seconds)


def to_pdf(data: bytes, suffix: str, program: str, seconds: float) -> bytes:
    """`data`, a file of the kind that `suffix` says, as the .pdf that LibreOffice would print.

    Raises:
        ConverterMissing: LibreOffice is not installed. TimedOut: it took longer than `seconds`. Damaged: it
            could not.
    """
    return _converted(data, suffix, "pdf:writer_pdf_Export", program, seconds, _IMPORT.get(suffix, ()))


def _converted(
    data: bytes, suffix: str, target: str, program: str, seconds: float, more: Sequence[str] = ()
) -> bytes:
    """The profile is new for each call: a profile that another run holds makes LibreOffice hand the work over
    and lose it, and macros, links and recovery of a user's own profile have no place here."""
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
    """Makes a profile that holds `_SETTINGS`."""
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
    """The socket of the LibreOffice that uses the profile at this URL; a killed one leaves it.

    Its name is the MD5 of the URL as in `RequestHandler::Enable` of desktop/source/app/officeipcthread.cxx,
    and its place as in sal/osl/unx/pipe.cxx.
    """
    digest = hashlib.md5(profile.encode("utf-16-le"), usedforsecurity=False).digest()
    return Path("/tmp", f"OSL_PIPE_{os.getuid()}_SingleOfficeIPC_{''.join(f'{byte:x}' for byte in digest)}")

"""What a roster may come as: a workbook of today or of before 2007, or separated values. A file is told by
its content, never by its name."""

from generator.csv_sheet import read_csv
from generator.sheet import DEFAULT_LIMITS, Sheet, SheetLimits, read_xlsx
from generator.xls_sheet import read_xls
from models.errors import RosterError

_ZIP_MAGIC = b"PK\x03\x04"
_OLE_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED_STREAM = "EncryptedPackage".encode("utf-16-le")


def read_sheets(data: bytes, limits: SheetLimits = DEFAULT_LIMITS) -> list[Sheet]:
    """The visible sheets of the file `data`.

    Raises:
        RosterError: it is of no such kind, needs a password, is damaged or over a limit.
    """
    if len(data) > limits.bytes:
        raise RosterError(f"名册超过 {limits.bytes // 1_000_000} MB", advice="请删去图片和无关的工作表后重试")
    if data.startswith(_ZIP_MAGIC):
        return read_xlsx(data, limits)
    if not data.startswith(_OLE_MAGIC):
        return read_csv(data, limits)
    if _ENCRYPTED_STREAM in data:
        raise RosterError("名册设有打开密码", advice="请去除密码后重试")
    return read_xls(data, limits)

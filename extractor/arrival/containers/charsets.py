"""Decoding names and texts of mail programs and packers of every age, which state their encoding poorly or
wrongly."""

import re

from models.writing import one_line

_LONGEST_NAME = 200
# Chinese programs write all of GB 18030, whichever subset they name; only they use some of these names.
_CHINESE = frozenset(
    {"gb2312", "gbk", "gb18030", "cp936", "x-gbk", "gb_2312-80", "gb2312-80", "ansi", "chinesegb", "936"}
)
_UNKNOWN = frozenset({"us-ascii", "ascii", "", "unknown-8bit", "default", "8bit", "binary", "x-unknown"})
_OTHER_NAMES = {
    "ks_c_5601-1987": "cp949",
    "euc-kr": "cp949",
    "shift_jis": "cp932",
    "big5": "big5hkscs",
    "utf8": "utf-8",
    "utf-8mb4": "utf-8",
}


def decode(data: bytes, charset: str | None = None) -> str:
    """Decode `data` by `charset`, where it names one that fits, else as UTF-8, else as GB 18030. It never
    fails."""
    said = (charset or "").strip("\"' ").lower()
    said = _OTHER_NAMES.get(said, said)
    guesses = ["gb18030"] if said in _CHINESE else [] if said in _UNKNOWN else [said]
    for name in [*guesses, "utf-8", "gb18030"]:
        try:
            return data.decode(name)
        except (UnicodeDecodeError, LookupError, ValueError):
            continue
    return data.decode(guesses[0] if guesses[:1] == ["gb18030"] else "utf-8", "replace")


def code_page(number: int) -> str:
    """Return the charset of a Windows code page; where there is none, an empty string, which `decode` takes
    for unknown."""
    return {
        65001: "utf-8",
        936: "gb18030",
        54936: "gb18030",
        20936: "gb18030",
        1200: "utf-16-le",
        20127: "",
        0: "",
    }.get(number, f"cp{number}")


def path_like(name: str, otherwise: str = "附件") -> str:
    """Return `name` without anything that could lead out of a folder, name a device or end a line. Return
    `otherwise` if nothing remains."""
    steps = [_clean(step) for step in re.sub(r"^[A-Za-z]:(?=[\\/])", "", name).replace("\\", "/").split("/")]
    kept = "/".join(step for step in steps if step.strip("."))
    if len(kept) > _LONGEST_NAME:
        kept = f"{kept[: _LONGEST_NAME // 2]}…{kept[-_LONGEST_NAME // 2 :]}"
    return kept or otherwise


def _clean(step: str) -> str:
    printable = "".join(" " if ord(char) < 32 or 0x7F <= ord(char) < 0xA0 else char for char in step)
    return one_line(printable.encode("utf-8", "replace").decode("utf-8"))


def last_step(name: str) -> str:
    """Return the file's own name from a path-like name; mail programs send whole paths."""
    return path_like(name).rpartition("/")[2] or "附件"

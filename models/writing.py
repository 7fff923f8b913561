"""Normalising of typed Chinese text: full width, zero width, blanks between characters, look-alikes.

There are two strengths. `tidy` keeps everything that a person would still call the same writing; values are
stored in it. `key` drops everything but letters, digits and ideographs, and serves only to compare.
"""

import re
import unicodedata

_INVISIBLE = dict.fromkeys(
    [
        0x00AD,
        0x034F,
        0x061C,
        0x180E,
        *range(0x200B, 0x2010),
        *range(0x202A, 0x202F),
        *range(0x2060, 0x2070),
        0xFEFF,
    ]
)
_HYPHENS = {ord(c): "-" for c in "\u2010\u2011\u2012\u2013\u2212\uff0d\ufe63"}
_BLANKS = dict.fromkeys([160, 5760, *range(8192, 8203), 8239, 8287, 12288], " ")
_ALPHANUMERIC = {
    code: code - 0xFEE0 for code in [*range(0xFF10, 0xFF1A), *range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B)]
}
_TIDY = {**_INVISIBLE, **_HYPHENS, **_BLANKS, **_ALPHANUMERIC}

CJK = "\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0002fa1f"
_CJK_OR_STOP = f"[{CJK}\u3001-\u3011\u201c\u201d\u2018\u2019\uff01-\uff0f\uff1a-\uff20]"
_BLANK_INSIDE = re.compile(rf"(?<={_CJK_OR_STOP}) +(?=[{CJK}])|(?<=[{CJK}]) +(?={_CJK_OR_STOP})")
_NOT_KEY = re.compile(r"[\W_]", re.UNICODE)
# Numerals that are not digits of the number beside them: 10² is not 102, and ②8580 is not 28580.
_ENCLOSED = re.compile("([²³¹¼-¾⁰-⁹₀-₉⅐-⅟↉①-⒛⓪㉑-㉟㊱-㊿\U0001f100-\U0001f10a])")
# Hundreds of accents on one letter: sorting them takes quadratic time, and no real writing has them.
_ACCENTS = re.compile(r"(?:[^\w\x00-\x7f]|[\uff9e\uff9f]){32,}")

_EXCERPT = 60

# What the form of a notice of correction prints where something is to be corrected, and how it is known
# again, whatever brackets a recogniser makes of it.
_OPEN, _CLOSED = "[【\\[［〔(（]", "[】\\]］〕)）]"
CORRECTION_MARK = re.compile(rf"{_OPEN}\s*补正第\s*[0-9]{{1,3}}\s*项\s*{_CLOSED}")
# A mark, or a part of one, that a recogniser did not read as it is.
MARK_LEFT = re.compile(rf"[补朴卜][正止王]\s*第\s*\S{{1,4}}|第\s*[0-9]{{1,3}}\s*[项顶]\s*{_CLOSED}")
_CORRECTION_KEY = re.compile("补正第[0-9]{1,3}项")


def correction_mark(number: int) -> str:
    """Return the mark for item `number` of a notice."""
    return f"【补正第{number}项】"


def is_correction_mark(words: str) -> bool:
    """Tell whether `words`, a key, are such a mark."""
    return _CORRECTION_KEY.fullmatch(words) is not None


def tidy(text: str) -> str:
    """Return `text` on the lines it has: half-width letters and digits, plain blanks and hyphens, nothing
    invisible, no blanks at the ends of a line or between two ideographs. Punctuation stays as typed."""
    text = re.sub(r"\r\n?|[\u2028\u2029\v\f]", "\n", text.translate(_TIDY).replace("\t", " "))
    lines = [_BLANK_INSIDE.sub("", re.sub(r" +", " ", line).strip(" ")) for line in text.split("\n")]
    return "\n".join(lines).strip("\n")


def one_line(text: str) -> str:
    """Apply `tidy` and join the lines: with a blank, or without one where either side is an ideograph."""
    return _BLANK_INSIDE.sub("", re.sub(r"\s+", " ", tidy(text)).strip())


def compact(text: str, blank: str = "") -> str:
    """Return `text` in NFKC with long dashes as hyphens, without invisible characters, and with each stretch
    of white space replaced by `blank`. It is meant for codes such as a phone number or an e-mail address.
    Superscripts, fractions and numbers in circles stay."""
    pieces = _ENCLOSED.split(_bounded(text.translate(_TIDY)))
    pieces[::2] = [unicodedata.normalize("NFKC", piece) for piece in pieces[::2]]
    text = re.sub("[\u2014\u2015]+", "-", "".join(pieces).translate(_TIDY))
    # Removing blanks can bring a letter and its accent together.
    return unicodedata.normalize("NFC", re.sub(r"\s+", blank, text)).strip()


def traced(text: str) -> tuple[str, list[int]]:
    """Return `compact(text, " ")`, made character by character, and the index in `text` of each character."""
    pieces = [(" " if char.isspace() else compact(char), number) for number, char in enumerate(text)]
    found = [(char, number) for piece, number in pieces for char in piece]
    # Several blanks in a row would separate what belongs together.
    kept = [one for n, one in enumerate(found) if one[0] != " " or n == 0 or found[n - 1][0] != " "]
    return "".join(char for char, _ in kept), [number for _, number in kept]


def key(text: str) -> str:
    """Return what two writings of the same words have in common: NFKC, lower case, and only letters, digits
    and ideographs."""
    letters = unicodedata.normalize("NFKC", _bounded(text.translate(_INVISIBLE))).lower()
    return unicodedata.normalize("NFKC", _NOT_KEY.sub("", letters))


def excerpt(text: str) -> str:
    """Return `text` as a message quotes it: on one line, and cut where it gets long."""
    line = one_line(text[: 2 * _EXCERPT])
    return line if len(line) <= _EXCERPT and len(text) <= 2 * _EXCERPT else line[:_EXCERPT] + "…"


def _bounded(text: str) -> str:
    return _ACCENTS.sub(
        lambda run: "".join(c for c in run[0] if not unicodedata.combining(c) and c not in "\uff9e\uff9f"),
        text,
    )

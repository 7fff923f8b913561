"""Formulas on one line: fractions as 3/4, powers as 10^5, brackets and roots, from Word's equations and EQ
fields."""

import re
from collections.abc import Iterator, Sequence

from lxml import etree

from extractor.readers.word.elements import M
from extractor.readers.word.package import W
from extractor.text.raised import Raised
from models.page import Remark

_PLAIN = re.compile(r"[\w.%]*")
_SIMPLE = frozenset(
    f"{M}{name}"
    for name in (
        "oMath",
        "oMathPara",
        "r",
        "t",
        "e",
        "num",
        "den",
        "sup",
        "sub",
        "box",
        "f",
        "sSup",
        "sSub",
        "d",
        "dPr",
    )
)
_EQ_PART = re.compile(r"\\(?P<name>[a-z]+)|(?P<sign>[(),;])|(?P<text>[^\\(),;]+|\\.)", re.IGNORECASE)


def equation(element: etree._Element) -> Iterator[Raised | Remark]:
    """Yield an `m:oMath` as text, with a remark unless it is plain text. The remark is minor where nothing in
    the text can be mistaken."""
    text = _linear(element).strip()
    tags = [e for e in element.iter(f"{M}*") if not str(e.tag).endswith("Pr") and not _is_property(e)]
    if text:
        yield Raised(text, "on")
    if any(e.tag not in {f"{M}{name}" for name in ("oMath", "oMathPara", "r", "t")} for e in tags):
        yield Remark(code="formula-in-answer", text=text, minor=all(e.tag in _SIMPLE for e in tags))


def _is_property(element: etree._Element) -> bool:
    return any(
        str(ancestor.tag).endswith("Pr")
        for ancestor in element.iterancestors()
        if str(ancestor.tag).startswith(M)
    )


def _linear(element: etree._Element) -> str:
    name = str(element.tag).removeprefix(M)
    if name == "t":
        return element.text or ""
    if name == "f":
        return f"{_group(_child(element, 'num'))}/{_group(_child(element, 'den'))}"
    if name in ("sSup", "sSub", "sSubSup"):
        scripts = [(sign, _child(element, part)) for sign, part in (("_", "sub"), ("^", "sup"))]
        return _child(element, "e") + "".join(sign + _group(text) for sign, text in scripts if text)
    if name == "d":
        begin, end, part = (
            _said(element, key, usual) for key, usual in (("begChr", "("), ("endChr", ")"), ("sepChr", "|"))
        )
        return begin + part.join(_linear(one) for one in element.iterfind(f"{M}e")) + end
    if name == "rad":
        return f"{_child(element, 'deg')}√{_group(_child(element, 'e'))}"
    if str(element.tag).endswith("Pr") or element.tag in (f"{W}del", f"{W}moveFrom"):
        return ""
    return "".join(map(_linear, element))


def _child(element: etree._Element, name: str) -> str:
    child = element.find(M + name)
    return "" if child is None else _linear(child)


def _said(element: etree._Element, name: str, usual: str) -> str:
    item = element.find(f"{M}dPr/{M}{name}")
    return usual if item is None else item.get(f"{M}val", "")


def _group(text: str) -> str:
    return text if _PLAIN.fullmatch(text) else f"({text})"


def eq_field(instruction: str) -> Iterator[Raised | Remark]:
    """Yield what an EQ field draws, as text: fractions, roots, raised and lowered text. Anything else comes
    as its words with a remark."""
    parts = list(_EQ_PART.finditer(instruction.strip()[2:]))
    text, known = _eq_text(parts)
    if text.strip():
        yield Raised(text.strip(), "on")
    yield Remark(
        code="formula-in-answer", text=text.strip() or instruction.strip(), minor=known and bool(text.strip())
    )


def _eq_text(parts: Sequence[re.Match[str]]) -> tuple[str, bool]:
    """Return the text of an instruction that was cut into parts, and whether all of it was understood."""
    known = True
    # For each open bracket, the switch before it and the arguments in it.
    open_: list[tuple[str, list[str]]] = [("", [""])]
    switch = ""
    for part in parts:
        if part["name"]:
            # \s\up8(…): the last switch before the bracket says what is done.
            switch = re.sub(r"\d+", "", part["name"].lower())
        elif part["sign"] == "(":
            open_.append((switch, [""]))
            switch = ""
        elif part["sign"] == ")" and len(open_) > 1:
            name, arguments = open_.pop()
            text, is_known = _eq_drawn(name, [one.strip() for one in arguments])
            known &= is_known
            open_[-1][1][-1] += text
        elif part["sign"] in (",", ";") and len(open_) > 1:
            open_[-1][1].append("")
        elif not switch or part["text"].strip().strip("0123456789"):
            open_[-1][1][-1] += (part["text"] or part["sign"]).removeprefix("\\")
    return "".join(" ".join(arguments) for _, arguments in open_), known and len(open_) == 1


def _eq_drawn(name: str, arguments: list[str]) -> tuple[str, bool]:
    if name == "f" and len(arguments) == 2:
        return f"{_group(arguments[0])}/{_group(arguments[1])}", True
    if name == "r":
        return "".join(arguments[:-1]) + "√" + _group(arguments[-1]), True
    if name in ("up", "do") and len(arguments) == 1:
        return ("^" if name == "up" else "_") + _group(arguments[0]), True
    if name == "":
        return f"({','.join(arguments)})", True
    return " ".join(arguments), False

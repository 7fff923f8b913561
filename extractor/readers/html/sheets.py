"""The style sheets in a web page, as far as they decide whether anybody sees a text."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from lxml import html

from extractor.work import Allowance

# What is taken from a sheet; the rest of how a page looks says nothing about what stands on it.
_TOLD = frozenset(
    [
        "display", "visibility", "opacity", "mso-hide", "color", "background", "background-color",
        "font-size", "text-indent",
        "left", "top", "vertical-align", "mso-text-raise",
    ]
)  # fmt: skip
_NOISE = re.compile(r"/\*.*?\*/|<!--|-->", re.DOTALL)
# Rules for other media than the screen, and rules of the page.
_AT_RULE = re.compile(r"@[^{};]*(?:;|\{(?:[^{}]*\{[^{}]*\})*[^{}]*\})")
_RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")
_SIMPLE = re.compile(r"(?P<tag>\*|[a-z][\w\\:-]*)?(?P<more>(?:[.#][\w-]+)*)", re.IGNORECASE)
_MOST = 2_000
# Rules that are held against elements, one by one.
_MOST_TRIED = 1_000_000


@dataclass(frozen=True)
class _Rule:
    parts: tuple[tuple[str, frozenset[str]], ...]
    said: tuple[tuple[str, str], ...]
    rank: tuple[int, int]

    def holds_for(self, element: html.HtmlElement) -> bool:
        """Tell whether the selector means the element: its last part matches the element itself, the other
        parts match elements round it."""
        if not _is_meant(self.parts[-1], element):
            return False
        waiting = list(self.parts[:-1])
        for outer in element.iterancestors():
            if waiting and _is_meant(waiting[-1], outer):
                waiting.pop()
        return not waiting


def declarations(style: str) -> Iterator[tuple[str, str]]:
    """Yield the names and values of a style, in order, in lower case."""
    for one in style.lower().split(";"):
        name, colon, value = one.partition(":")
        if colon:
            yield name.strip(), value.strip()


class Sheets:
    """The rules of a page's sheets, of the kinds that Word and people write: by tag, class and id, one inside
    another."""

    def __init__(self, root: html.HtmlElement) -> None:
        self._rules: dict[str, list[_Rule]] = {}
        self._work = Allowance(_MOST_TRIED, "样式规则的比对")
        text = " ".join(style.text_content() for style in root.iter("style"))
        text = _AT_RULE.sub(" ", _NOISE.sub(" ", text))
        for number, rule in enumerate(_RULE.finditer(text)):
            said = tuple((name, value) for name, value in declarations(rule[2]) if name in _TOLD)
            for selector in rule[1].split(",") if said and number < _MOST else []:
                self._add(selector, said, number)

    def _add(self, selector: str, said: tuple[tuple[str, str], ...], number: int) -> None:
        parts = []
        for one in selector.replace(">", " ").split():
            simple = _SIMPLE.fullmatch(one)
            if simple is None:
                return
            tag = (simple["tag"] or "*").lower().replace("\\", "")
            parts.append((tag, frozenset(re.findall(r"[.#][\w-]+", simple["more"]))))
        if parts:
            tag, more = parts[-1]
            rank = sum(
                100 * len([m for m in names if m[0] == "#"]) + 10 * len(names) + (name != "*")
                for name, names in parts
            )
            self._rules.setdefault(min(more, default=tag), []).append(
                _Rule(tuple(parts), said, (rank, number))
            )

    def style_of(self, element: html.HtmlElement) -> str:
        """Return what the sheets and the element itself set, the last value for each name, in lower case."""
        keys = ("*", str(element.tag).lower(), *_names(element))
        tried = [rule for key in keys for rule in self._rules.get(key, ())]
        self._work.spend(len(tried))
        rules = [rule for rule in tried if rule.holds_for(element)]
        said: dict[str, str] = {}
        for rule in sorted(rules, key=lambda one: one.rank):
            said |= dict(rule.said)
        return ";".join(
            f"{name}:{value}"
            for name, value in (said | dict(declarations(element.get("style") or ""))).items()
        )


def _names(element: html.HtmlElement) -> set[str]:
    own = element.get("id")
    return {f".{name}" for name in (element.get("class") or "").split()} | ({f"#{own}"} if own else set())


def _is_meant(part: tuple[str, frozenset[str]], element: html.HtmlElement) -> bool:
    tag, more = part
    return tag in ("*", str(element.tag).lower()) and more <= _names(element)

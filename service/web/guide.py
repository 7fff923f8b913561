"""The guide as pages of the service, so that help is where people work and needs no network: what `docs/`
holds for the people who use it, made into HTML once."""

import re
from functools import cache
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

_INSTALLED = Path(__file__).parent / "docs"
_PLACE = _INSTALLED if _INSTALLED.is_dir() else Path(__file__).parents[2] / "docs"
GUIDE = "guide.zh"
# What the guide leads to, beside itself.
OTHERS = ("definitions", "campaigns", "export", "api.zh")
_NO_LETTER = re.compile(r"[^\w\- ]")
_PAGE = re.compile(r"([a-z.]+)\.md(#.*)?")


def path_of(name: str) -> str:
    """The address of a text of these."""
    return "/guide" if name == GUIDE else f"/guide/{name}"


def slug(heading: str) -> str:
    """What an address calls a heading, as on GitHub."""
    return _NO_LETTER.sub("", heading.strip().lower()).replace(" ", "-")


@cache
def text(name: str) -> str:
    """A text of these as HTML. Its pictures are left out: whoever reads it has the pages before them."""
    parser = MarkdownIt("commonmark", {"html": True}).enable("table")
    tokens = parser.parse((_PLACE / f"{name}.md").read_text("utf-8"))
    for at, token in enumerate(tokens):
        if token.type == "heading_open":
            token.attrSet("id", slug(tokens[at + 1].content))
        elif token.type == "inline":
            token.children = _joined(_linked([one for one in token.children or [] if one.type != "image"]))
    return str(parser.renderer.render(tokens, parser.options, {}))


def _linked(tokens: list[Token]) -> list[Token]:
    """The tokens of a line whose links lead to pages of the service; a link to what is not one is only its
    words."""
    kept, dropped = list[Token](), 0
    for token in tokens:
        if token.type == "link_open":
            found = _PAGE.fullmatch(str(token.attrGet("href")))
            if found and found[1] not in (GUIDE, *OTHERS):
                dropped += 1
                continue
            if found:
                token.attrSet("href", path_of(found[1]) + (found[2] or ""))
        elif token.type == "link_close" and dropped:
            dropped -= 1
            continue
        kept.append(token)
    return kept


def _joined(tokens: list[Token]) -> list[Token]:
    """The tokens of a paragraph without the ends of its lines between Chinese, which a browser would show as
    blanks."""
    return [
        token
        for at, token in enumerate(tokens)
        if token.type != "softbreak"
        or tokens[at - 1].content[-1:].isascii()
        or (at + 1 < len(tokens) and tokens[at + 1].content[:1].isascii())
    ]

"""A Word file under way, for tests that compose one: its parts, the links to them, its notes, and where
chance comes from."""

import random
from dataclasses import dataclass, field

from tests.extractor.documents import NAMESPACES, docx, paragraph

OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml"
_HAN = "能源项目改造园区设备光伏减排核算单位负责政策措施投资年度审查意见推荐公司管理节约用电水汽煤油气热网站"
_TYPES = {
    "png": "image/png",
    "docx": f"{WORD}.document.main+xml",
    "html": "text/html",
    "bin": "application/vnd.ms-office",
}


@dataclass
class Composed:
    """A Word file under way: its parts and links beside the body, and where chance comes from."""

    chance: random.Random
    parts: dict[str, str | bytes] = field(default_factory=dict)
    links: list[tuple[str, str]] = field(default_factory=list)
    overrides: dict[str, str] = field(default_factory=dict)
    notes: dict[str, list[str]] = field(default_factory=dict)

    def words(self, most: int = 6) -> str:
        """A few characters, digits among them now and then."""
        chance = self.chance
        text = "".join(chance.choice(_HAN) for _ in range(chance.randint(2, most)))
        return text + str(chance.randint(10, 99999)) * (chance.random() < 0.5)

    def number(self) -> str:
        return f"{self.chance.randint(100, 99999)}{self.chance.choice(['', '.5', '万元', '吨'])}"

    def part(self, kind: str, name: str, data: str | bytes, content_type: str = "") -> str:
        """Add a part that the document links to; gives the id of the link."""
        self.parts[f"word/{name}"] = data
        if content_type:
            self.overrides[f"/word/{name}"] = content_type
        self.links.append((kind, name))
        return f"rId{len(self.links)}"

    def note(self, kind: str, text: str) -> int:
        """Add a footnote, endnote or comment; gives its number."""
        self.notes.setdefault(kind, []).append(text)
        return len(self.notes[kind]) + 1

    def finished(self, body: str) -> bytes:
        """The file."""
        for kind, texts in self.notes.items():
            name = f"{kind}s"
            each = "".join(
                f'<w:{kind} w:id="{n}" w:author="a">{paragraph(text)}</w:{kind}>'
                for n, text in enumerate(texts, 2)
            )
            self.part(name, f"{name}.xml", f"<w:{name} {NAMESPACES}>{each}</w:{name}>", f"{WORD}.{name}+xml")
        self.part("numbering", "numbering.xml", _NUMBERING, f"{WORD}.numbering+xml")
        links = "".join(
            f'<Relationship Id="rId{n}" Type="{OFFICE}/{kind}" Target="{name}"/>'
            for n, (kind, name) in enumerate(self.links, 1)
        )
        rels = (
            '<Relationships xmlns="http://schemas.openxmlformats.org/'
            f'package/2006/relationships">{links}</Relationships>'
        )
        defaults = "".join(
            f'<Default Extension="{key}" ContentType="{value}"/>' for key, value in _TYPES.items()
        )
        overrides = {"/word/document.xml": f"{WORD}.document.main+xml"} | self.overrides
        types = (
            '<Types xmlns="http://schemas.openxmlformats.org/package/'
            '2006/content-types"><Default Extension="xml" '
            'ContentType="application/xml"/><Default Extension="rels" ContentType='
            f'"application/vnd.openxmlformats-package.relationships+xml"/>{defaults}'
            + "".join(
                f'<Override PartName="{name}" ContentType="{kind}"/>' for name, kind in overrides.items()
            )
            + "</Types>"
        )
        return docx(
            body, parts=self.parts | {"word/_rels/document.xml.rels": rels, "[Content_Types].xml": types}
        )


def _level(kind: str, shown: str) -> str:
    return (
        '<w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt '
        f'w:val="{kind}"/><w:lvlText w:val="{shown}"/></w:lvl>'
    )


LISTS = [
    ("decimal", "%1."),
    ("bullet", "•"),
    ("chineseCounting", "第%1项："),
    ("lowerLetter", "（%1）"),
    ("upperRoman", "%1、"),
]
_NUMBERING = (
    f"<w:numbering {NAMESPACES}>"
    + "".join(
        f'<w:abstractNum w:abstractNumId="{n}">{_level(*one)}</w:abstractNum>'
        for n, one in enumerate(LISTS, 1)
    )
    + "".join(
        f'<w:num w:numId="{n}"><w:abstractNumId w:val="{n}"/></w:num>' for n in range(1, len(LISTS) + 1)
    )
    + "</w:numbering>"
)

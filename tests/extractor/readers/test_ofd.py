"""OFD files, written part by part: what a person sees on their pages is what is read."""

import base64
import hashlib
import io
import zipfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from xml.sax.saxutils import escape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from extractor import Source, extract
from extractor.arrival.kinds import kind_of
from extractor.limits import PictureLimits, ZipLimits
from extractor.readers.ofd import OfdReading, read_ofd
from models.errors import Damaged, Encrypted, Hostile, TooManyPages, UnreadableFile
from models.form import FormDefinition
from models.page import Line, Picture, Remark, Table, Tick

NAMESPACE = 'xmlns:ofd="http://www.ofdspec.org/2016"'


def ofd(
    pages: Sequence[str],
    parts: Mapping[str, bytes | str] | None = None,
    resources: str = "",
    document: str = "",
    body: str = "",
) -> bytes:
    """An OFD whose pages have these layers; `parts` are added or replace what is usual."""
    listed = "".join(f'<ofd:Page ID="{n}" BaseLoc="Pages/Page_{n}/Content.xml"/>' for n in range(len(pages)))
    every: dict[str, bytes | str] = {
        "OFD.xml": f"<ofd:OFD {NAMESPACE}><ofd:DocBody><ofd:DocRoot>Doc_0/"
        f"Document.xml</ofd:DocRoot>{body}</ofd:DocBody></ofd:OFD>",
        "Doc_0/Document.xml": f"<ofd:Document {NAMESPACE}><ofd:CommonData>"
        "<ofd:PageArea><ofd:PhysicalBox>0 0 210 297</ofd:PhysicalBox></"
        "ofd:PageArea><ofd:PublicRes>PublicRes.xml</ofd:PublicRes>"
        '<ofd:TemplatePage ID="t" BaseLoc="Tpl.xml"/></ofd:CommonData>'
        f"<ofd:Pages>{listed}</ofd:Pages>{document}</ofd:Document>",
        "Doc_0/PublicRes.xml": f'<ofd:Res {NAMESPACE} BaseLoc="Res"><ofd:Fonts><ofd:Font '
        'ID="1" FontName="宋体"/></ofd:Fonts>'
        f"{resources}</ofd:Res>",
        **{
            f"Doc_0/Pages/Page_{n}/Content.xml": f"<ofd:Page {NAMESPACE}>{content}</ofd:Page>"
            for n, content in enumerate(pages)
        },
        **(parts or {}),
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as package:
        for name, data in every.items():
            package.writestr(name, data)
    return buffer.getvalue()


def layer(*objects: str, template: str = "") -> str:
    return f"{template}<ofd:Content><ofd:Layer>{''.join(objects)}</ofd:Layer></ofd:Content>"


def words(text: str, x: float, y: float, size: float = 4, more: str = "") -> str:
    """Text whose line stands `y` mm from the top."""
    steps = f'DeltaX="g {max(len(text) - 1, 1)} {size}"'
    return (
        f'<ofd:TextObject Boundary="{x} {y - size} {len(text) * size} '
        f'{size * 1.3}" Font="1" Size="{size}" {more}>'
        f'<ofd:TextCode X="0" Y="{size}" {steps}>{escape(text)}</ofd:TextCode></ofd:TextObject>'
    )


def path(data: str, x: float = 0, y: float = 0, more: str = "") -> str:
    drawn = f"<ofd:AbbreviatedData>{data}</ofd:AbbreviatedData></ofd:PathObject>"
    return f'<ofd:PathObject Boundary="{x} {y} 200 200" LineWidth="0.3" {more}>{drawn}'


def ruled(rows: Sequence[Sequence[str]], high: float = 10, wide: float = 60) -> list[str]:
    """A table of lines, with its texts."""
    down, across = 20 + high * len(rows), 20 + wide * len(rows[0])
    lines = [path(f"M 20 {20 + high * n} L {across} {20 + high * n}") for n in range(len(rows) + 1)]
    lines += [path(f"M {20 + wide * n} 20 L {20 + wide * n} {down}") for n in range(len(rows[0]) + 1)]
    texts = [
        words(text, 22 + wide * c, 26 + high * r, 3)
        for r, row in enumerate(rows)
        for c, text in enumerate(row)
        if text
    ]
    return [*lines, *texts]


def read(data: bytes) -> OfdReading:
    assert kind_of(data) == "ofd"
    return read_ofd(data, ZipLimits(), 50, PictureLimits())


def lines(data: bytes) -> list[str]:
    lines = (block for block in read(data).pages.pages[0].blocks if isinstance(block, Line))
    return [line.text for line in lines if line.text.strip()]


def cells(data: bytes) -> list[tuple[int, int, str]]:
    (table,) = (block for block in read(data).pages.pages[0].blocks if isinstance(block, Table))
    return [(cell.row, cell.column, cell.text) for cell in table.cells]


def test_ruled_lines_make_a_table_and_words_stand_in_its_cells() -> None:
    data = ofd([layer(words("试点申请表", 80, 12), *ruled([["单位", "某公司"], ["电话", "027-85807053"]]))])
    assert cells(data) == [(0, 0, "单位"), (0, 1, "某公司"), (1, 0, "电话"), (1, 1, "027-85807053")]
    assert lines(data) == ["试点申请表"]
    page = read(data).pages.pages[0]
    assert (page.width, page.height) == pytest.approx((595.3, 841.9), abs=0.1)
    box = page.blocks[0].box
    assert box is not None
    assert (box.x0, box.y1) == pytest.approx((80 * 72 / 25.4, 12.5 * 72 / 25.4), abs=1)


def test_steps_between_characters_are_followed_also_to_a_second_line() -> None:
    steps = 'X="0" Y="4" DeltaX="g 2 4 -8 4 4" DeltaY="g 2 0 6 0 0"'
    code = f"<ofd:TextCode {steps}>甲乙丙丁戊己</ofd:TextCode>"
    code = f'<ofd:TextObject Boundary="20 20 99 20" Font="1" Size="4">{code}</ofd:TextObject>'
    assert lines(ofd([layer(code)])) == ["甲乙丙", "丁戊己"]


def test_the_template_and_the_notes_on_a_page_are_read_with_it() -> None:
    seen = (
        '<ofd:Annot><ofd:Appearance Boundary="20 60 50 '
        f'10">{words("批注", 0, 5)}</ofd:Appearance></ofd:Annot>'
    )
    unseen = seen.replace("<ofd:Annot>", '<ofd:Annot Visible="false">').replace("批注", "藏")
    note = f"<ofd:PageAnnot {NAMESPACE}>{seen}{unseen}</ofd:PageAnnot>"
    data = ofd(
        [layer(words("正文", 20, 40), template='<ofd:Template TemplateID="t"/>')],
        {
            "Doc_0/Tpl.xml": f"<ofd:Page {NAMESPACE}>{layer(words('模板', 20, 20))}</ofd:Page>",
            "Doc_0/Annots.xml": f'<ofd:Annotations {NAMESPACE}><ofd:Page PageID="0">'
            "<ofd:FileLoc>Annot_0.xml</ofd:FileLoc></ofd:Page></ofd:Annotations>",
            "Doc_0/Annot_0.xml": note,
        },
        document="<ofd:Annotations>Annots.xml</ofd:Annotations>",
    )
    assert lines(data) == ["模板", "正文", "批注"]


@pytest.mark.parametrize("hidden", ['Visible="false"', 'Alpha="0"', 'Fill="false"'])
def test_what_cannot_be_seen_is_not_read(hidden: str) -> None:
    assert lines(ofd([layer(words("看得见", 20, 20), words("看不见", 20, 40, more=hidden))])) == ["看得见"]
    cover = path("M 0 0 L 100 0 L 100 20 L 0 20 C", 10, 30, 'Fill="true"').replace(
        "</ofd:PathObject>", '<ofd:FillColor Value="255 255 255"/></ofd:PathObject>'
    )
    assert lines(ofd([layer(words("看得见", 20, 20), words("盖住了", 20, 40), cover)])) == ["看得见"]


def test_a_drawn_box_with_a_tick_in_it_is_a_tick() -> None:
    box = "M 0 0 L 4 0 L 4 4 L 0 4 C"
    data = ofd(
        [
            layer(
                path(box, 20, 20),
                words("√", 20, 24, 4),
                words("城镇", 26, 24),
                path(box, 60, 20),
                words("商业", 66, 24),
            )
        ]
    )
    (line,) = (block for block in read(data).pages.pages[0].blocks if isinstance(block, Line))
    assert [span.state for span in line.spans if isinstance(span, Tick)] == ["ticked", "empty"]


def page_picture() -> bytes:
    image = Image.new("RGB", (600, 800), "white")
    ImageDraw.Draw(image).rectangle((0, 0, 299, 399), fill="red")
    buffer = io.BytesIO()
    image.save(buffer, "JPEG")
    return buffer.getvalue()


def pictured(matrix: str, more: str = "") -> bytes:
    media = '<ofd:MultiMedia ID="9" Type="Image"><ofd:MediaFile>a.jpg</ofd:MediaFile></ofd:MultiMedia>'
    shown = f'<ofd:ImageObject Boundary="0 0 210 297" CTM="{matrix}" ResourceID="9"/>'
    return ofd(
        [layer(shown, more)],
        {"Doc_0/Res/a.jpg": page_picture()},
        f"<ofd:MultiMedias>{media}</ofd:MultiMedias>",
    )


@pytest.mark.parametrize(
    ("matrix", "red"),
    [
        ("210 0 0 297 0 0", (0.2, 0.2)),
        ("-210 0 0 -297 210 297", (0.8, 0.8)),
        ("0 297 -210 0 210 0", (0.8, 0.2)),
    ],
)
def test_a_page_that_is_a_picture_goes_to_the_image_reader_as_it_is_shown(
    matrix: str, red: tuple[float, float]
) -> None:
    reading = read(pictured(matrix))
    assert list(reading.scanned) == [1]
    assert reading.pages.pages[0].blocks == ()
    colour = reading.scanned[1].colour
    high, wide = colour.shape[:2]
    assert wide / high == pytest.approx(210 / 297, abs=0.01)
    for x in (0.2, 0.8):
        for y in (0.2, 0.8):
            is_red = colour[int(y * high), int(x * wide), 1] < 100
            assert is_red == ((x, y) == red)


def test_words_over_a_picture_are_read_as_words_and_those_under_it_are_not() -> None:
    text = "".join(words("这一页上有许多看得见的文字", 20, 30 + 10 * n) for n in range(5))
    assert read(pictured("210 0 0 297 0 0", text)).scanned == {}
    shown = '<ofd:ImageObject Boundary="0 0 210 297" ResourceID="9"/>'
    assert list(read(pictured("210 0 0 297 0 0", text + shown)).scanned) == [1]


def signed(changed: bool = False, method: str = "SHA256") -> bytes:
    content = f"<ofd:Page {NAMESPACE}>{layer(words('承诺', 20, 20))}</ofd:Page>"
    digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
    signature = (
        f"<ofd:Signature {NAMESPACE}><ofd:SignedInfo><ofd:SignatureDateTime>"
        "20210205100000Z</ofd:SignatureDateTime>"
        f'<ofd:References CheckMethod="{method}"><ofd:Reference FileRef="/Doc_0/Pages/Page_0/Content.xml">'
        f"<ofd:CheckValue>{digest}</ofd:CheckValue></ofd:Reference></ofd:References>"
        '<ofd:StampAnnot ID="1" PageRef="0" Boundary="100 200 40 40"/></ofd:SignedInfo>'
        "<ofd:SignedValue>v.dat</ofd:SignedValue></ofd:Signature>"
    )
    name = "某某科技有限公司".encode()
    return ofd(
        [""],
        {
            "Doc_0/Pages/Page_0/Content.xml": content.replace("承诺", "改了") if changed else content,
            "Doc_0/Signs/Signatures.xml": f"<ofd:Signatures {NAMESPACE}><ofd:Signature "
            'ID="1" BaseLoc="Sign_0/Signature.xml"/>'
            "</ofd:Signatures>",
            "Doc_0/Signs/Sign_0/Signature.xml": signature,
            "Doc_0/Signs/Sign_0/v.dat": b"\x30\x20\x0c\x02ES\x0c" + bytes([len(name)]) + name,
        },
        body="<ofd:Signatures>Doc_0/Signs/Signatures.xml</ofd:Signatures>",
    )


def test_a_seal_is_a_signature_with_its_place_and_its_name() -> None:
    pages = read(signed()).pages
    (found,) = pages.signatures
    assert (found.signer, found.page, found.intact) == ("某某科技有限公司", 1, None)
    assert found.box is not None
    assert (found.box.x0, found.box.y1) == pytest.approx((283.5, 680.3), abs=0.1)
    shown = [
        span
        for block in pages.pages[0].blocks
        if isinstance(block, Line)
        for span in block.spans
        if isinstance(span, Picture)
    ]
    assert [(picture.kind, picture.box) for picture in shown] == [("digital", found.box)]


def test_a_part_that_was_changed_after_signing_is_noticed() -> None:
    assert [found.intact for found in read(signed(changed=True)).pages.signatures] == [False]
    assert [found.intact for found in read(signed(changed=True, method="1.2.3")).pages.signatures] == [None]


def test_files_attached_to_an_ofd_are_parts() -> None:
    one = '<ofd:Attachment Name="附表" ID="1"><ofd:FileLoc>a.docx</ofd:FileLoc></ofd:Attachment>'
    listed = f"<ofd:Attachments {NAMESPACE}>{one}</ofd:Attachments>"
    data = ofd(
        [layer()],
        {"Doc_0/Att.xml": listed, "Doc_0/a.docx": b"x"},
        document="<ofd:Attachments>Att.xml</ofd:Attachments>",
    )
    assert [(one.name, one.data) for one in read(data).attachments] == [("附表.docx", b"x")]


def test_a_form_in_ofd_is_read(tmp_path: Path, forms: Mapping[str, FormDefinition]) -> None:
    form = next(iter(forms.values()))
    labels = [cell.label for cell in form.cells() if cell.label]
    path = tmp_path / "a.ofd"
    path.write_bytes(
        ofd([layer(words(form.title, 60, 12), *ruled([[label[:18], "某某公司"] for label in labels], 9, 80))])
    )
    (result,) = extract(Source.at(path), forms)
    assert result.form is form
    assert [part.state for part in result.parts] == ["read"]
    placed = [one for field in result.fields.values() for one in field.evidence]
    assert placed
    assert all(one.page == 1 and one.box for one in placed)


def test_what_is_no_whole_ofd_is_refused() -> None:
    with pytest.raises(TooManyPages):
        read_ofd(ofd([layer()] * 3), ZipLimits(), 2, PictureLimits())
    with pytest.raises(Damaged):
        read(ofd([]))
    with pytest.raises(Damaged):
        read(ofd([layer()], {"OFD.xml": "<x/>"}))
    with pytest.raises(Encrypted):
        read(ofd([layer()], {"Encryptions.xml": "<x/>"}))
    with pytest.raises(Hostile):
        read(ofd([layer()], {"Doc_0/Document.xml": '<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>'}))
    with pytest.raises((Hostile, Damaged)):
        read(ofd([layer("<ofd:PageBlock>" * 60 + "</ofd:PageBlock>" * 60)]))
    again = '<ofd:CompositeObject Boundary="0 0 1 1" ResourceID="7"/>'
    unit = f'<ofd:CompositeGraphicUnit ID="7"><ofd:Content>{again}</ofd:Content></ofd:CompositeGraphicUnit>'
    with pytest.raises(Hostile):
        read(ofd([layer(again)], resources=f"<ofd:CompositeGraphicUnits>{unit}</ofd:CompositeGraphicUnits>"))


def test_a_page_that_is_missing_does_not_cost_the_others() -> None:
    data = ofd([layer(words("第一页", 20, 20)), layer()], {"Doc_0/Pages/Page_1/Content.xml": "<broken"})
    reading = read(data)
    assert [len(page.blocks) for page in reading.pages.pages] == [1, 0]
    assert reading.pages.damage


SAMPLE = layer(
    words("正文", 20, 40),
    *ruled([["单位", "某公司"]]),
    path("M 0 0 A 3 3 0 1 1 5 5 B 1 1 2 2 3 3 Q 1 1 2 2 C"),
)


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_damaged_pages_end_in_an_error_of_ours_or_are_read(data: st.DataObject) -> None:
    page = SAMPLE
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(page) - 1))
        page = (
            page[:at]
            + data.draw(st.sampled_from(["", "9", "-", " ", "1e9", "nan", "x", "<", '"', "g 999999 1"]))
            + page[at + 1 :]
        )
    with suppress(UnreadableFile):
        read(ofd([page]))
    whole = bytearray(signed())
    for _ in range(data.draw(st.integers(0, 4))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    with suppress(UnreadableFile):
        read_ofd(bytes(whole), ZipLimits(), 50, PictureLimits())


@pytest.mark.parametrize("more", ['Fill="false"', 'Visible="false"'])
def test_what_cannot_be_seen_is_a_remark_at_its_place(more: str) -> None:
    hidden = ofd([layer(words("看得见", 20, 20), words("看不见", 20, 40, more=more))])
    spans = [
        span
        for block in read(hidden).pages.pages[0].blocks
        if isinstance(block, Line)
        for span in block.spans
    ]
    assert [(span.code, span.text) for span in spans if isinstance(span, Remark)] == [
        ("text-unseen", "看不见")
    ]


def test_what_stands_beside_the_picture_of_a_page_is_told() -> None:
    over = read(pictured("210 0 0 297 0 0", words("作废", 20, 30))).pages
    assert [("作废" in damage) for damage in over.damage] == [True]
    shown = '<ofd:ImageObject Boundary="0 0 210 297" ResourceID="9"/>'
    under = read(pictured("210 0 0 297 0 0", words("文字层", 20, 30) + shown)).pages
    assert under.damage == ()
    assert [(one.kind, one.text) for one in under.aside] == [("replaced", "文字层")]

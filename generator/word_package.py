"""The parts of a .docx around its body: page, styles, settings, header with QR code, identity, properties."""

import io

import segno
from docx import Document as new_package
from docx.document import Document as Package
from docx.enum.section import WD_ORIENT
from docx.opc.constants import CONTENT_TYPE as CT
from docx.opc.constants import RELATIONSHIP_TYPE as RT
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docx.opc.rel import Relationships
from docx.oxml.ns import nsdecls
from docx.oxml.parser import parse_xml
from docx.shared import Cm, Length, Pt

from generator.word_controls import GUIDANCE_STYLE, element, run, valued
from models.form import FormDefinition
from models.identity import XML_NAMESPACE, Identity

TEXT_FONT, TITLE_FONT = "宋体", "黑体"
TEXT_SIZE: Length = Pt(12)
_SHORT_SIDE, _LONG_SIDE = Cm(21), Cm(29.7)
_TOP, _BOTTOM, _HEADER = Cm(3.0), Cm(2.0), Cm(0.9)
_WIDEST_MARGIN, _LEAST_MARGIN = Cm(2.5), Cm(1.0)
_QR_WIDTH = Cm(1.8)  # makes a module half a millimetre wide, which a 200 dpi scan can read

_STYLES = f"""
<w:styles {nsdecls("w")}>
  <w:docDefaults>
    <w:rPrDefault><w:rPr>
      <w:rFonts w:ascii="{TEXT_FONT}" w:eastAsia="{TEXT_FONT}" w:hAnsi="{TEXT_FONT}" w:cs="Times New Roman"/>
      <w:sz w:val="24"/><w:szCs w:val="24"/><w:lang w:val="en-US" w:eastAsia="zh-CN" w:bidi="ar-SA"/>
    </w:rPr></w:rPrDefault>
    <w:pPrDefault/>
  </w:docDefaults>
  <w:style w:type="paragraph" w:default="1" w:styleId="Normal"><w:name w:val="Normal"/><w:qFormat/></w:style>
  <w:style w:type="character" w:default="1" w:styleId="DefaultParagraphFont">
    <w:name w:val="Default Paragraph Font"/><w:uiPriority w:val="1"/><w:semiHidden/></w:style>
  <w:style w:type="table" w:default="1" w:styleId="TableNormal">
    <w:name w:val="Normal Table"/><w:uiPriority w:val="99"/><w:semiHidden/>
    <w:tblPr><w:tblInd w:w="0" w:type="dxa"/><w:tblCellMar>
      <w:top w:w="0" w:type="dxa"/><w:left w:w="108" w:type="dxa"/>\
<w:bottom w:w="0" w:type="dxa"/><w:right w:w="108" w:type="dxa"/>
    </w:tblCellMar></w:tblPr></w:style>
  <w:style w:type="character" w:styleId="{GUIDANCE_STYLE}">
    <w:name w:val="Placeholder Text"/><w:basedOn w:val="DefaultParagraphFont"/><w:uiPriority w:val="99"/>
    <w:rPr><w:color w:val="808080"/></w:rPr></w:style>
</w:styles>"""

_MICROSOFT = "http://schemas.microsoft.com/office/word"
_SETTINGS = f"""
<w:settings {nsdecls("w")}>
  <w:zoom w:percent="100"/>
  <w:defaultTabStop w:val="420"/>
  <w:characterSpacingControl w:val="compressPunctuation"/>
  <w:compat>
    <w:compatSetting w:name="compatibilityMode" w:uri="{_MICROSOFT}" w:val="15"/>
    <w:compatSetting w:name="overrideTableStyleFontSizeAndJustification" w:uri="{_MICROSOFT}" w:val="1"/>
    <w:compatSetting w:name="enableOpenTypeFeatures" w:uri="{_MICROSOFT}" w:val="1"/>
    <w:compatSetting w:name="doNotFlipMirrorIndents" w:uri="{_MICROSOFT}" w:val="1"/>
    <w:compatSetting w:name="differentiateMultirowTableHeaders" w:uri="{_MICROSOFT}" w:val="1"/>
  </w:compat>
  <w:themeFontLang w:val="en-US" w:eastAsia="zh-CN"/>
  <w:decimalSymbol w:val="."/>
  <w:listSeparator w:val=","/>
</w:settings>"""

# The alternative name of each font is its name on systems outside China.
_FONTS = f"""<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<w:fonts {nsdecls("w")}>
  <w:font w:name="{TEXT_FONT}"><w:altName w:val="SimSun"/>\
<w:panose1 w:val="02010600030101010101"/><w:charset w:val="86"/>\
<w:family w:val="auto"/><w:pitch w:val="variable"/></w:font>
  <w:font w:name="{TITLE_FONT}"><w:altName w:val="SimHei"/>\
<w:panose1 w:val="02010609060101010101"/><w:charset w:val="86"/>\
<w:family w:val="modern"/><w:pitch w:val="fixed"/></w:font>
  <w:font w:name="MS Gothic"><w:altName w:val="ＭＳ ゴシック"/>\
<w:panose1 w:val="020B0609070205080204"/><w:charset w:val="80"/>\
<w:family w:val="modern"/><w:pitch w:val="fixed"/></w:font>
</w:fonts>"""

# We write no other item than the identity, so that its GUID may always be the same.
_ITEM_ID = "{6D3C7B52-94F1-4C0E-8E3A-51A5E0F00D01}"
_ITEM_PROPERTIES = f"""<?xml version="1.0" encoding="UTF-8" standalone="no"?>
<ds:datastoreItem ds:itemID="{_ITEM_ID}" \
xmlns:ds="http://schemas.openxmlformats.org/officeDocument/2006/customXml">\
<ds:schemaRefs><ds:schemaRef ds:uri="{XML_NAMESPACE}"/></ds:schemaRefs></ds:datastoreItem>"""


def empty_package(form: FormDefinition, identity: Identity, notice: str = "") -> Package:
    """Return a .docx with an empty body and everything else that a form of ours needs. `notice` is the number
    of the notice of correction that it goes with."""
    package = new_package()
    _strip_template(package)
    _set_page(package, Cm(sum(form.columns)))
    _write_header(package, form, identity, notice)
    _write_footer(package)
    _add_identity(package, identity, notice)
    package.core_properties.title = form.title
    return package


def _strip_template(package: Package) -> None:
    """Remove everything of python-docx's template but the bare document and its theme: styles, fonts,
    thumbnail, author, date and custom XML."""
    for name, xml in (("styles", _STYLES), ("settings", _SETTINGS)):
        getattr(package, name).element[:] = list(parse_xml(xml))
    package.core_properties._element[:] = []
    whole = package.part.package
    _keep_only(whole.rels, {RT.OFFICE_DOCUMENT, RT.CORE_PROPERTIES})
    _keep_only(package.part.rels, {RT.STYLES, RT.SETTINGS, RT.THEME})
    fonts = Part(PackURI("/word/fontTable.xml"), CT.WML_FONT_TABLE, _FONTS.encode(), whole)
    package.part.relate_to(fonts, RT.FONT_TABLE)


def _keep_only(relations: Relationships, kinds: set[str]) -> None:
    for key in [key for key, relation in relations.items() if relation.reltype not in kinds]:
        del relations[key]


def _set_page(package: Package, table_width: Length) -> None:
    """Set A4 with the margins that the table leaves, in landscape where the table is too wide for
    portrait."""
    section = package.sections[0]
    upright = table_width + 2 * _LEAST_MARGIN <= _SHORT_SIDE
    section.orientation = WD_ORIENT.PORTRAIT if upright else WD_ORIENT.LANDSCAPE
    width, height = (_SHORT_SIDE, _LONG_SIDE) if upright else (_LONG_SIDE, _SHORT_SIDE)
    section.page_width, section.page_height = width, height
    section.top_margin, section.bottom_margin = _TOP, _BOTTOM
    section.left_margin = section.right_margin = min(
        _WIDEST_MARGIN, max(_LEAST_MARGIN, Length((width - table_width) // 2))
    )
    section.header_distance = section.footer_distance = _HEADER
    for grid in section._sectPr.xpath("w:docGrid"):
        section._sectPr.remove(grid)


def _write_header(package: Package, form: FormDefinition, identity: Identity, notice: str) -> None:
    """Write one line: title, version, instance and notice for people, then the QR code for scanners."""
    paragraph = package.sections[0].header.paragraphs[0]
    paragraph._p[:] = [element("w:pPr", None, valued("w:jc", "right"))]
    words = f"{form.title}　{identity.version} 版　编号 {identity.instance}　"
    words += f"补正通知 {notice}　" if notice else ""
    paragraph._p.append(run(words, valued("w:color", "595959"), valued("w:sz", 15), valued("w:szCs", 15)))
    picture = io.BytesIO()
    segno.make(identity.qr_payload(), micro=False, error="m").save(picture, kind="png", scale=8, border=4)
    drawing = paragraph.add_run().add_picture(picture, width=_QR_WIDTH)
    drawing._inline.docPr.set("descr", identity.qr_payload())


def _write_footer(package: Package) -> None:
    paragraph = package.sections[0].footer.paragraphs[0]._p
    small = [("w:sz", 18), ("w:szCs", 18)]
    paragraph[:] = [element("w:pPr", None, valued("w:jc", "center"))]
    for words, code in (("第 ", "PAGE"), (" 页　共 ", "NUMPAGES"), (" 页", None)):
        paragraph.append(run(words, *(valued(*size) for size in small)))
        if code:
            shown = run("1", *(valued(*size) for size in small))
            paragraph.append(element("w:fldSimple", {"w:instr": f" {code} "}, shown))


def _add_identity(package: Package, identity: Identity, notice: str) -> None:
    whole = package.part.package
    item = Part(PackURI("/customXml/item1.xml"), CT.XML, identity.to_xml(notice).encode(), whole)
    properties = Part(
        PackURI("/customXml/itemProps1.xml"), CT.OFC_CUSTOM_XML_PROPERTIES, _ITEM_PROPERTIES.encode(), whole
    )
    item.relate_to(properties, RT.CUSTOM_XML_PROPS)
    package.part.relate_to(item, RT.CUSTOM_XML)

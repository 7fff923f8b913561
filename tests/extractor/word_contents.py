"""All that Word can put into a cell, each kind a function that takes the file under way and gives the XML of
the paragraphs.

The texts are drawn, so that whatever is lost is missed by its characters.
"""

import base64
from collections.abc import Callable, Mapping

from tests.extractor.compound import compound
from tests.extractor.documents import docx, paragraph, row, run, table
from tests.extractor.word_package import LISTS, OFFICE, Composed

_PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)

Content = Callable[[Composed], str]


def control(content: str, properties: str = "") -> str:
    """A content control of any level."""
    return f"<w:sdt><w:sdtPr>{properties}</w:sdtPr><w:sdtContent>{content}</w:sdtContent></w:sdt>"


def sign(kind: str) -> str:
    """A mark of a field."""
    return f'<w:r><w:fldChar w:fldCharType="{kind}"/></w:r>'


def complex_field(instruction: str, result: str = "") -> str:
    """A field of its marks."""
    shown = sign("separate") + result if result else ""
    return f"{sign('begin')}<w:r><w:instrText>{instruction}</w:instrText></w:r>{shown}{sign('end')}"


def plain(file: Composed) -> str:
    return paragraph(file.words(20))


def raised(file: Composed) -> str:
    kind = file.chance.choice(["superscript", "subscript"])
    return paragraph(
        file.number(),
        run(file.chance.choice(["2", "注", "[1]"]), f'<w:vertAlign w:val="{kind}"/>'),
        file.words(),
    )


def raised_by_position(file: Composed) -> str:
    return paragraph(file.number(), run("3", '<w:position w:val="12"/><w:sz w:val="10"/>'))


def inline_control(file: Composed) -> str:
    return paragraph(file.words(), control(run(file.words())), file.words())


def prompt(file: Composed) -> str:
    return paragraph(control(run(f"请填写{file.words()}"), "<w:showingPlcHdr/>"))


def block_control(file: Composed) -> str:
    return control(paragraph(file.words()) + paragraph(file.words())) + paragraph(file.words())


def check_box(file: Composed) -> str:
    on = file.chance.random() < 0.5
    box = f'<w14:checkbox><w14:checked w14:val="{int(on)}"/></w14:checkbox>'
    shown = "☒" if on else "☐"
    label = file.words()
    return paragraph(
        control(run(file.chance.choice([shown, shown + label, label + shown])), box), file.words()
    )


def custom_check_box(file: Composed) -> str:
    return paragraph(control(run(file.words()), '<w14:checkbox><w14:checked w14:val="1"/></w14:checkbox>'))


def bound_control(file: Composed) -> str:
    number = len(file.links)
    item = f"{{5A1C0B7E-2F4D-4C63-9E11-{number:012X}}}"
    file.part("customXml", f"item{number}.xml", f'<a xmlns="urn:d"><v>{file.words()}</v></a>')
    binding = (
        """<w:dataBinding w:prefixMappings="xmlns:d='urn:d'" """
        f"""w:xpath="/d:a[1]/d:v[1]" w:storeItemID="{item}"/>"""
    )
    props = (
        f'<ds:datastoreItem ds:itemID="{item}" xmlns:ds="http://'
        'schemas.openxmlformats.org/officeDocument/2006/customXml"/>'
    )
    file.parts[f"word/props{number}.xml"] = props
    file.parts[f"word/_rels/item{number}.xml.rels"] = (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        f'<Relationship Id="r1" Type="{OFFICE}/customXmlProps" Target="props{number}.xml"/></Relationships>'
    )
    return paragraph(control(run(file.words()), binding))


def drop_down(file: Composed) -> str:
    entry = f'<w:listItem w:displayText="{file.words()}" w:value="1"/>'
    return paragraph(control(run(file.words()), f"<w:dropDownList>{entry}</w:dropDownList>"))


def equation(file: Composed) -> str:
    text = lambda: f"<m:r><m:t>{file.chance.randint(10, 99)}</m:t></m:r>"  # noqa: E731
    drawn = file.chance.choice(
        [
            f"<m:f><m:num>{text()}</m:num><m:den>{text()}</m:den></m:f>",
            f"<m:sSup><m:e>{text()}</m:e><m:sup>{text()}</m:sup></m:sSup>",
            f"<m:nary><m:sub>{text()}</m:sub><m:sup>{text()}</m:sup><m:e>{text()}</m:e></m:nary>",
            f"<m:m><m:mr><m:e>{text()}</m:e><m:e>{text()}</m:e></m:mr></m:m>",
            f"<m:func><m:fName>{text()}</m:fName><m:e>{text()}</m:e></m:func>",
        ]
    )
    math = f"<m:oMath>{drawn}</m:oMath>"
    if file.chance.random() < 0.3:
        return paragraph(f"<m:oMathPara>{math}</m:oMathPara>")
    return paragraph(file.words(), math, file.words())


def equation_between_paragraphs(file: Composed) -> str:
    return f"<m:oMathPara><m:oMath><m:r><m:t>{file.number()}</m:t></m:r></m:oMath></m:oMathPara>" + paragraph(
        file.words()
    )


def eq_field(file: Composed) -> str:
    drawn = file.chance.choice([r"\F({},{})", r"\r(3,{})", r"\s\up8({})", r"\a({},{})", r"\x({})"])
    return paragraph(
        file.words(), complex_field("EQ " + drawn.format(file.number(), file.number())), file.words()
    )


def chunk(file: Composed) -> str:
    number = len(file.links)
    if file.chance.random() < 0.5:
        link = file.part("aFChunk", f"chunk{number}.html", f"<html><body><p>{file.words()}</p></body></html>")
    else:
        link = file.part("aFChunk", f"chunk{number}.docx", docx(paragraph(file.words())))
    return f'<w:altChunk r:id="{link}"/>' + paragraph(file.words())


def field_with_result(file: Composed) -> str:
    return paragraph(
        file.words(), complex_field('HYPERLINK "http://a.example.cn"', run(file.words())), file.words()
    )


def field_in_instruction(file: Composed) -> str:
    inner = complex_field(f"MERGEFIELD {file.words()}", run(file.words()))
    return paragraph(
        sign("begin"),
        "<w:r><w:instrText>IF </w:instrText></w:r>",
        inner,
        sign("separate"),
        run(file.words()),
        sign("end"),
    )


def simple_field(file: Composed) -> str:
    # LibreOffice knows one value of each name.
    name = f"v{file.chance.randint(1, 9**9)}"
    return paragraph(
        f'<w:fldSimple w:instr="DOCVARIABLE {name}">{run(file.words())}</w:fldSimple>', file.words()
    )


def field_end_deleted(file: Composed) -> str:
    instruction = f"<w:r><w:instrText>MERGEFIELD {file.words()}</w:instrText></w:r>"
    gone = f"<w:del>{sign('separate')}{sign('end')}</w:del>"
    return paragraph(file.words(), sign("begin"), instruction, gone, run(file.words()))


def instruction_alone(file: Composed) -> str:
    return paragraph(f"<w:r><w:instrText>{file.words()}</w:instrText></w:r>", file.words())


def note(file: Composed) -> str:
    kind = file.chance.choice(["footnote", "endnote"])
    return paragraph(file.words(), f'<w:r><w:{kind}Reference w:id="{file.note(kind, file.words())}"/></w:r>')


def note_without_mark(file: Composed) -> str:
    file.note(file.chance.choice(["footnote", "endnote", "comment"]), file.words())
    return paragraph(file.words())


def comment(file: Composed) -> str:
    number = file.note("comment", file.words())
    start, end = (f'<w:commentRange{side} w:id="{number}"/>' for side in ("Start", "End"))
    return paragraph(start, run(file.words()), end, f'<w:r><w:commentReference w:id="{number}"/></w:r>')


def listed(file: Composed) -> str:
    properties = (
        f'<w:numPr><w:ilvl w:val="0"/><w:numId w:val="{file.chance.randint(1, len(LISTS))}"/></w:numPr>'
    )
    items = (f"<w:p><w:pPr>{properties}</w:pPr>{run(file.words() if n else '')}</w:p>" for n in (1, 0, 1))
    return "".join(items)


def unseen(file: Composed) -> str:
    look = file.chance.choice(
        ['<w:color w:val="FFFFFF"/>', '<w:sz w:val="2"/>', "<w:vanish/>", "<w:webHidden/>"]
    )
    return paragraph(file.number(), run(file.words(), look), file.words())


def hidden_symbol(file: Composed) -> str:
    return paragraph(
        file.words(), '<w:r><w:rPr><w:vanish/></w:rPr><w:sym w:font="Wingdings" w:char="F0FE"/></w:r>'
    )


def symbol(file: Composed) -> str:
    font, code = file.chance.choice(
        [("Wingdings 2", "F052"), ("Wingdings", "F0A8"), ("Wingdings", "F0E0"), ("Symbol", "F061")]
    )
    letters = run(
        chr(int(code, 16)), f'<w:rFonts w:ascii="{font}" w:hAnsi="{font}" w:eastAsia="{font}" w:cs="{font}"/>'
    )
    drawn = f'<w:r><w:sym w:font="{font}" w:char="{code}"/></w:r>'
    return paragraph(file.chance.choice([drawn, letters]), file.words())


def small_characters(file: Composed) -> str:
    words = [
        f'<w:r><w:t xml:space="preserve">{file.words()}</w:t><w:{name}/></w:r>'
        for name in ("noBreakHyphen", "tab", "br", "cr")
    ]
    return paragraph(*words, file.words())


def computed_by_word(file: Composed) -> str:
    return paragraph(
        file.words(), f"<w:r><w:{file.chance.choice(['dayShort', 'yearLong', 'monthLong'])}/></w:r>"
    )


def text_box(file: Composed) -> str:
    inner = paragraph(file.words()) + file.chance.choice(
        ["", control(paragraph(file.words())), table(row(file.words(), file.words()))]
    )
    box = f"<w:txbxContent>{inner}</w:txbxContent>"
    modern = (
        "<w:drawing><wp:inline><a:graphic><a:graphicData "
        f'uri="{_WPS}"><wps:wsp><wps:txbx>{box}</wps:txbx></wps:wsp>'
    )
    modern += "</a:graphicData></a:graphic></wp:inline></w:drawing>"
    old = f'<w:pict><v:shape style="width:90pt;height:20pt"><v:textbox>{box}</v:textbox></v:shape></w:pict>'
    both = (
        f'<mc:AlternateContent><mc:Choice Requires="wps">{modern}</'
        f"mc:Choice><mc:Fallback>{old}</mc:Fallback></mc:AlternateContent>"
    )
    return paragraph(file.words(), f"<w:r>{file.chance.choice([old, both])}</w:r>")


_WPS = "http://schemas.microsoft.com/office/word/2010/wordprocessingShape"


def picture(file: Composed) -> str:
    link = file.part("image", f"image{len(file.links)}.png", _PNG)
    pic = (
        '<pic:pic><pic:nvPicPr><pic:cNvPr id="1" name="p"/><pic:cNvPicPr/'
        f'></pic:nvPicPr><pic:blipFill><a:blip r:embed="{link}"/>'
        "</pic:blipFill><pic:spPr/></pic:pic>"
    )
    drawing = (
        '<w:drawing><wp:inline><wp:extent cx="9000" cy="9000"/><wp:docPr '
        f'id="1" name="p" descr="{file.words()}"/><a:graphic>'
    )
    uri = "http://schemas.openxmlformats.org/drawingml/2006/picture"
    drawing += f'<a:graphicData uri="{uri}">{pic}</a:graphicData></a:graphic></wp:inline></w:drawing>'
    old = (
        f'<w:pict><v:shape alt="{file.words()}" style="width:9pt;height:9pt">'
        f'<v:imagedata r:id="{link}"/></v:shape></w:pict>'
    )
    return paragraph(file.words(), f"<w:r>{file.chance.choice([drawing, old])}</w:r>")


def drawn_word(file: Composed) -> str:
    return paragraph(f'<w:r><w:pict><v:shape><v:textpath string="{file.words()}"/></v:shape></w:pict></w:r>')


def nested_table(file: Composed) -> str:
    inner = table(*(row(*(file.words() for _ in range(file.chance.randint(1, 3)))) for _ in range(2)))
    return paragraph(file.words()) + inner + paragraph("")


def ruby(file: Composed) -> str:
    above = file.chance.choice(["yuán qū", "ㄩㄢˊ", file.words()])
    base = f"<w:rubyBase>{run(file.words())}</w:rubyBase>"
    return paragraph(file.words(), f"<w:r><w:ruby><w:rubyPr/><w:rt>{run(above)}</w:rt>{base}</w:ruby></w:r>")


def tracked(file: Composed) -> str:
    gone = f'<w:del w:id="1" w:author="a"><w:r><w:delText>{file.words()}</w:delText></w:r></w:del>'
    moved = f'<w:moveFrom w:id="3" w:author="a">{run(file.words())}</w:moveFrom>'
    new = f'<w:ins w:id="2" w:author="a">{run(file.words())}</w:ins>'
    return paragraph(gone, new, file.chance.choice([moved, file.words()]))


def deleted_paragraph(file: Composed) -> str:
    return f'<w:del w:id="1" w:author="a">{paragraph(file.words())}</w:del>' + paragraph(file.words())


def smart_tag(file: Composed) -> str:
    wrapped = f'<w:smartTag w:uri="urn:a" w:element="b"><w:smartTagPr/>{run(file.words())}</w:smartTag>'
    return paragraph(wrapped, f'<w:bdo w:val="ltr">{run(file.words())}</w:bdo>', file.words())


def custom_xml(file: Composed) -> str:
    inner = f'<w:customXml w:element="b"><w:customXmlPr/>{run(file.words())}</w:customXml>'
    return f'<w:customXml w:element="a">{paragraph(inner)}</w:customXml>' + paragraph(file.words())


def alternate(file: Composed) -> str:
    needs = file.chance.choice(["wps", "x"])
    choice, other = run(file.words()), run(file.words())
    both = (
        f'<mc:Choice Requires="{needs}" xmlns:x="urn:x">{choice}</'
        f"mc:Choice><mc:Fallback>{other}</mc:Fallback>"
    )
    return paragraph(file.words(), f"<mc:AlternateContent>{both}</mc:AlternateContent>")


def alternate_paragraphs(file: Composed) -> str:
    choice, other = (
        f"<{tag}>{paragraph(file.words())}</{tag.split()[0]}>"
        for tag in ('mc:Choice Requires="w14"', "mc:Fallback")
    )
    return f"<mc:AlternateContent>{choice}{other}</mc:AlternateContent>" + paragraph(file.words())


def unknown_run_content(file: Composed) -> str:
    return paragraph(file.words(), f'<w:r><x:new xmlns:x="urn:x"><w:t>{file.words()}</w:t></x:new></w:r>')


def unknown_inline(file: Composed) -> str:
    return paragraph(file.words(), f'<x:new xmlns:x="urn:x">{run(file.words())}</x:new>', file.words())


def unknown_block(file: Composed) -> str:
    return (
        f'<w:newBlock>{paragraph(file.words())}</w:newBlock><x:new xmlns:x="urn:x">{file.words()}</x:new>'
        + paragraph("")
    )


def misplaced(file: Composed) -> str:
    return run(file.words()) + paragraph(file.words(), paragraph(file.words()))


def embedded_object(file: Composed) -> str:
    number = len(file.links)
    inner: bytes = docx(paragraph(file.words()))
    name, kind = f"embeddings/inner{number}.docx", "package"
    if file.chance.random() < 0.5:
        inner, name, kind = (
            compound({"Equation Native": b"x"}),
            f"embeddings/oleObject{number}.bin",
            "oleObject",
        )
    link, image = file.part(kind, name, inner), file.part("image", f"icon{number}.png", _PNG)
    shape = f'<v:shape id="s{number}" style="width:9pt;height:9pt"><v:imagedata r:id="{image}"/></v:shape>'
    ole = (
        f'<o:OLEObject Type="Embed" ProgID="Word.Document.12" ShapeID="s{number}" '
        f'DrawAspect="Icon" ObjectID="_1" r:id="{link}">'
    )
    return paragraph(
        file.words(),
        f"<w:r><w:object>{shape}{ole}<o:LockedField>false</o:LockedField></o:OLEObject></w:object></w:r>",
    )


KINDS: Mapping[str, Content] = {
    made.__name__: made
    for made in (
        plain, raised, raised_by_position, inline_control, prompt, block_control, check_box, custom_check_box,
        bound_control,
        drop_down, equation, equation_between_paragraphs, eq_field, chunk, field_with_result,
        field_in_instruction, simple_field,
        field_end_deleted, instruction_alone, note, note_without_mark, comment, listed, unseen, hidden_symbol,
        symbol,
        small_characters, computed_by_word, text_box, picture, drawn_word, nested_table, ruby, tracked,
        deleted_paragraph,
        smart_tag, custom_xml, alternate, alternate_paragraphs, unknown_run_content, unknown_inline,
        unknown_block, misplaced,
        embedded_object,
    )
}  # fmt: skip

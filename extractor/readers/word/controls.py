"""Content controls: check boxes and their glyphs, placeholders, and the changes that editors make to them."""

from lxml import etree

from extractor.readers.word.package import W14, W
from extractor.readers.word.pieces import Piece, plain_text, symbol_state
from extractor.text import tick_signs
from models.identity import Tag
from models.page import Run, Tick, TickState


def checkbox(box: etree._Element, pieces: list[Piece], tag: Tag | None) -> Tick:
    """Return the tick of a check box by its `w14:checked` (missing: 0, without value: 1). A glyph that says
    the opposite makes it unclear."""
    checked = box.find(f"{W14}checked")
    ticked = checked is not None and checked.get(f"{W14}val", "1").lower() in ("1", "true", "on")
    shown = {_shown_state(piece) for piece in pieces} - {None}
    emphasis = next((piece.emphasis for piece in pieces if isinstance(piece, Run | Tick)), frozenset())
    state: TickState = "ticked" if ticked else "empty"
    if shown and all((one == "empty") == ticked for one in shown) and not _is_custom(box, pieces):
        state = "unclear"
    return Tick(state=state, emphasis=emphasis, tag=tag)


def _shown_state(piece: Piece) -> TickState | None:
    if isinstance(piece, Tick):
        return piece.state
    if isinstance(piece, Run) and piece.text.strip():
        return tick_signs.state_of(piece.text.strip()[0])
    return None


def shows_prompt(control: etree._Element) -> bool:
    """Tell whether a content control declares that it shows its prompt, whatever its words are."""
    flag = control.find(f"{W}sdtPr/{W}showingPlcHdr")
    return flag is not None and flag.get(f"{W}val", "1").lower() not in ("0", "false", "off")


def around_glyph(pieces: list[Piece]) -> tuple[list[Piece], list[Piece], list[Piece]]:
    """Return what a check box control holds before its box, the box as drawn, and what is behind it. Some
    editors write the label into the control."""
    for number, piece in enumerate(pieces):
        if _shown_state(piece) is None:
            continue
        if not isinstance(piece, Run):
            return pieces[:number], [], pieces[number + 1 :]
        text = piece.text.strip()
        rest = [Run(text=text[1:], emphasis=piece.emphasis)] if text[1:] else []
        return pieces[:number], [Run(text=text[0])], [*rest, *pieces[number + 1 :]]
    # A single character that the form's maker chose stands for the box; anything longer is a label.
    return ([], pieces, []) if len(plain_text(pieces).strip()) < 2 else ([], [], pieces)


def _is_custom(box: etree._Element, pieces: list[Piece]) -> bool:
    """Tell whether the form's maker chose the shown character for this very state, however odd it is."""
    ticked = box.find(f"{W14}checkedState")
    empty = box.find(f"{W14}uncheckedState")
    symbols = [(s.get(f"{W14}font"), s.get(f"{W14}val", "")) for s in (ticked, empty) if s is not None]
    if len(symbols) < 2:
        return False
    usual = [symbol_state(*symbol) for symbol in symbols]
    return usual[0] == "empty" or usual[1] not in ("empty", None)


def repeated_controls(paragraph: etree._Element) -> list[etree._Element]:
    """Return the controls that repeat the one before them. LibreOffice 7.4 writes an inline control of n runs
    as n + 2 controls: the first and the last with the whole text, the others with a run's text and the whole
    text."""
    repeated: list[etree._Element] = []
    chain: list[etree._Element] = []
    for child in [*paragraph, None]:
        if child is not None and child.tag == f"{W}sdt" and child.find(f"{W}sdtPr/{W14}checkbox") is None:
            chain.append(child)
            continue
        texts = ["".join(t.text or "" for t in control.iter(f"{W}t")) for control in chain]
        whole = texts[0] if texts else ""
        if len(texts) > 2 and whole and texts[-1] == whole and all(text.endswith(whole) for text in texts):
            runs = "".join(text[: len(text) - len(whole)] for text in texts[1:-1])
            repeated += chain[1:] if runs == whole else []
        chain = []
    return repeated

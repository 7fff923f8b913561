"""The generator makes a document from a definition and, where there is one, a record."""

import secrets
from collections.abc import Callable, Sequence
from typing import Literal

from generator.document import Document, Place
from generator.filling import Notes
from models.form import FormDefinition
from models.identity import INSTANCE_ALPHABET, Identity
from models.record import Record
from models.template import Spot, Unplaced

# `pdf` is for filling in on the screen, `pdf-flat` for printing.
Kind = Literal["docx", "pdf", "pdf-flat"]

_INSTANCE_LENGTH = 10

__all__ = ["Document", "Kind", "Notes", "Place", "draw_pages", "generate", "generate_from", "new_identity"]


def new_identity(form: FormDefinition) -> Identity:
    """Return an identity for one copy of `form`. Its instance is random: nobody guesses 50 bits."""
    instance = "".join(secrets.choice(INSTANCE_ALPHABET) for _ in range(_INSTANCE_LENGTH))
    return Identity(form=form.name, version=form.version, instance=instance)


def generate(
    form: FormDefinition,
    kind: Kind,
    identity: Identity,
    record: Record | None = None,
    notes: Notes | None = None,
) -> Document:
    """Return `form` as a document of `kind`: blank, or with the values of `record` filled in; `notes` are of
    the notice of correction that it goes with.

    Raises:
        GenerationError: the record is of another form, or one of its values can't stand in a document.
    """
    return _BUILDERS[kind](form, identity, record, notes)


def draw_pages(
    form: FormDefinition, identity: Identity, record: Record | None = None, resolution: float = 110
) -> list[bytes]:
    """Return the pages of `form` for viewing, as it is printed: a PNG each, `resolution` pixels an inch.

    Raises:
        GenerationError: as `generate`.
    """
    from generator.pdf import draw_pdf

    return draw_pdf(form, identity, record, resolution)


def generate_from(
    template: bytes,
    form: FormDefinition,
    identity: Identity,
    spots: Sequence[Spot],
    record: Record | None = None,
    *,
    is_print: bool = False,
) -> tuple[Document, tuple[Unplaced, ...]]:
    """The same out of the bureau's own .docx `template`, whose look is left as it is: a .docx with the
    answers in `spots`, and what could not be put there.

    Raises:
        GenerationError: as `generate`; or the template is no .docx.
    """
    from generator.template import fill_template

    return fill_template(template, form, identity, spots, record, is_print=is_print)


def _word(form: FormDefinition, identity: Identity, record: Record | None, notes: Notes | None) -> Document:
    from generator.word import build_word  # python-docx costs 0.2 s, and most commands make no document

    return build_word(form, identity, record, notes)


def _pdf(form: FormDefinition, identity: Identity, record: Record | None, notes: Notes | None) -> Document:
    from generator.pdf import generate_pdf

    return generate_pdf(form, identity, record, notes, fillable=True)


def _flat_pdf(
    form: FormDefinition, identity: Identity, record: Record | None, notes: Notes | None
) -> Document:
    from generator.pdf import generate_pdf

    return generate_pdf(form, identity, record, notes, fillable=False)


_BUILDERS: dict[Kind, Callable[[FormDefinition, Identity, Record | None, Notes | None], Document]] = {
    "docx": _word,
    "pdf": _pdf,
    "pdf-flat": _flat_pdf,
}

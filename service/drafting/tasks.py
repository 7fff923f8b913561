"""What the desk's processes do: draft a definition from a file that somebody else made, and try a definition
by filling it in and reading it back. Both open what may be hostile, or may take long, so neither runs in the
service itself. How far they are stands in a file, since a process says nothing before it ends."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random
from typing import Any

from extractor import Drafted, Options, Source
from models.errors import NoView, SealformError, UnreadableFile
from models.form import FormDefinition
from models.page import CellAddress
from models.record import Part, PartPage
from service.atomic_files import write_whole
from service.forms.invented import random_record
from service.forms.trials import WAYS, Reading, Report, trial
from service.processes.pool import Forms

_SCALE = 2.0  # pixels a point
_MOST_PAGES = 20
_COPIES = 1  # of each way that a form comes back


@dataclass(frozen=True)
class Outcome:
    """What a task made: facts as JSON, and pictures by name. Or the reason why it made nothing."""

    facts: Mapping[str, Any]
    pictures: Mapping[str, bytes]


@dataclass(frozen=True)
class Step:
    """How far a task is: a share of 1, and what it does, for people."""

    share: float
    doing: str

    def note(self, place: Path) -> None:
        """Leaves the step where the service looks for it."""
        write_whole(place, json.dumps([self.share, self.doing], ensure_ascii=False).encode())

    @classmethod
    def seen(cls, place: Path) -> "Step":
        """Returns the last step that was left there."""
        try:
            share, doing = json.loads(place.read_bytes())
        except FileNotFoundError:
            return cls(0.0, "正在准备")
        return cls(share, doing)


@dataclass(frozen=True)
class DraftTask:
    """Drafts a definition from the one file of a submission. `progress` is where it notes how far it is."""

    progress: Path

    def __call__(self, submission: Source, forms: Forms, options: Options) -> Outcome | SealformError:
        """Returns the draft with pictures of its pages, or the error because of which there is none."""
        try:
            return self._made(submission, options)
        except (SealformError, RecursionError) as error:
            return error if isinstance(error, SealformError) else NoView("文件结构过于复杂")

    def _made(self, submission: Source, options: Options) -> Outcome:
        from extractor import draft_pages
        from service.forms.drafts import field_name, form_name

        Step(0.1, "正在读取表格").note(self.progress)
        ((_, path),) = submission.files()
        data = path.read_bytes()
        found = draft_pages(data, "draft", field_name, options)
        found.draft.form["name"] = form_name(str(found.draft.form["title"]))
        Step(0.7, "正在画出页面").note(self.progress)
        pages, pictures, places = _drawn(data, found, options)
        return Outcome(_facts(found, pages, places), pictures)


Places = Mapping[CellAddress, Sequence[tuple[int, Any]]]


def _drawn(
    data: bytes, found: Drafted, options: Options
) -> tuple[Sequence[PartPage], dict[str, bytes], Places]:
    """The pages of a file with their pictures, and where the cells of a file without pages lie on them. What
    can't be drawn has none; the draft is no worse for it."""
    from extractor import open_view, print_word

    places: Places = {}
    sheets = found.sheets
    try:
        if not sheets:
            printed = print_word(data, options)
            data, sheets, places = printed.pdf, printed.pages, printed.places
        part = Part(name="", sha256="", state="read", pages=tuple(sheets))
        view = open_view(data, part, options)
        shown = sheets[:_MOST_PAGES]
        pictures = {f"{page.number}": view.image(page.number, _SCALE, encoding="webp") for page in shown}
    except (NoView, UnreadableFile):
        return (), {}, {}
    return shown, pictures, places


def _facts(found: Drafted, pages: Sequence[PartPage], places: Places) -> dict[str, Any]:
    spots = []
    for spot in found.draft.spots:
        at = [(spot.page, spot.box)] if spot.box else list(places.get(spot.cell, ())) if spot.cell else []
        page, box = at[0] if at else (spot.page, None)
        shown = [box.x0, box.y0, box.x1, box.y1] if box else None
        spots.append({"page": page, "text": spot.text[:200], "box": shown})
    return {
        "form": found.draft.form,
        "guesses": [asdict(guess) for guess in found.draft.guesses],
        "pages": [{"page": one.number, "width": one.width, "height": one.height} for one in pages],
        "spots": spots,
        "places": [asdict(place) for place in found.draft.places],
    }


@dataclass(frozen=True)
class TrialTask:
    """Fills in the one form that it is given, prints it, wears it and reads it back."""

    progress: Path

    def __call__(self, submission: Source, forms: Forms, options: Options) -> Outcome | SealformError:
        """Returns the report, or the error because of which there is none."""
        (form,) = forms.values()
        try:
            readings = list(self._readings(form, options))
            report = Report.of(readings)
            fields = [asdict(one) for one in readings]
            return Outcome({**asdict(report), "passes": report.passes, "fields": fields}, _pictures(form))
        except SealformError as error:
            return error

    def _readings(self, form: FormDefinition, options: Options) -> Iterator[Reading]:
        done = 0

        def advance() -> None:
            nonlocal done
            done += 1
            Step(done / (WAYS * _COPIES), f"已读回 {done} 份").note(self.progress)

        yield from trial(form, None, options, copies=_COPIES, scanned=True, advance=advance)


def _pictures(form: FormDefinition) -> dict[str, bytes]:
    """The form as it goes out, and as it comes back in the trial."""
    from generator import draw_pages, new_identity

    record = random_record(form, Random(0))
    made = {
        "blank": draw_pages(form, new_identity(form)),
        "filled": draw_pages(form, new_identity(form), record),
    }
    return {
        f"{what}-{number}": png
        for what, pages in made.items()
        for number, png in enumerate(pages[:_MOST_PAGES], 1)
    }

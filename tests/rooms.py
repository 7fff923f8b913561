"""The table of rooms, and the import graph that must keep to it: which module imports which, also inside
functions and for types."""

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent
TOPS = ("models", "generator", "extractor", "service", "sealform")


@dataclass(frozen=True)
class Room:
    """What a room may import, and what others may import of it.

    `may` names the rooms that it may import beside `models`, which all may import; `text` means the room of
    that name in its own package. `doors` names its modules that others may import, beside the names in its
    `__all__`. A single module is its own door. `*` means that all modules are doors.
    """

    may: str = ""
    doors: str = ""


# The ground floor comes first: a room may import only rooms above it in this table. The docstring of a room
# says what it is for.
ROOMS: Mapping[str, Room] = {
    "models": Room(doors="*"),
    "generator": Room(doors="letter roster roster_template sheet workbooks"),
    "extractor.limits": Room(),
    "extractor.work": Room("limits"),
    "extractor.rungs": Room(),
    "extractor.text": Room(
        doors="centred confusions passage placeholders raised readings tick_signs unseen upright"
    ),
    "extractor.weighing": Room(
        "limits rungs text", doors="calibration compare decide form_words seal_names spelling"
    ),
    "extractor.scan": Room("limits rungs text", doors="decode frames ocr read seals.lift"),
    "extractor.arrival": Room(
        "limits scan", doors="containers.charsets containers.headers containers.rar containers.zipped"
    ),
    "extractor.kept": Room(),
    "extractor.options": Room("limits kept scan"),
    # A Word file may hold web pages.
    "extractor.readers.html": Room("work text"),
    "extractor.readers.word": Room("limits work text readers.html", doors="package"),
    "extractor.readers.painted": Room(
        "rungs text", doors="colours lines marks overlay page rendering rules tables trust underlines unseen"
    ),
    "extractor.readers.pdf": Room("limits work arrival readers.painted"),
    "extractor.readers.ofd": Room("limits work scan arrival readers.word readers.painted"),
    "extractor.readers": Room(
        "work scan arrival options readers.html readers.word readers.pdf readers.ofd", doors="by_kind office"
    ),
    "extractor.answers": Room("rungs text weighing"),
    "extractor.drafting": Room("text"),
    "extractor.applications": Room("weighing answers"),
    "extractor.results": Room("limits weighing arrival applications"),
    "extractor.drafts": Room("options readers drafting", doors=""),
    "extractor.templates": Room("answers options readers", doors=""),
    "extractor.ledgers": Room("answers results"),
    "extractor.pipeline": Room("kept ledgers arrival options readers applications results"),
    "extractor.arranged": Room("kept arrival options readers applications results", doors=""),
    "extractor.new_aliases": Room("arrival options answers arranged"),
    "extractor.views": Room(
        "limits scan arrival options readers.pdf readers.ofd readers", doors="draw_pages print_word"
    ),
    "extractor": Room(
        "limits kept weighing arrival options applications drafting drafts templates pipeline arranged "
        "new_aliases views"
    ),
    "service.atomic_files": Room(),
    "service.terminal": Room(),
    "service.signals": Room(),
    "service.logs": Room(),
    "service.settings": Room("extractor"),
    "service.sealing": Room(),
    "service.sources": Room("extractor.arrival extractor atomic_files"),
    "service.results": Room("extractor atomic_files sources"),
    "service.parts": Room("extractor results"),
    "service.proof.judgement": Room(
        "results", doors="agreement aliases confusions interval learning plan strata watch"
    ),
    "service.blobs": Room("atomic_files sealing"),
    "service.forms": Room(
        "generator extractor atomic_files",
        doors="complaints definitions documents drafts invented shipped templates trials yaml_nodes",
    ),
    "service.processes": Room(
        "extractor.scan extractor settings sources results", doors="ahead child pool readers scratch"
    ),
    "service.picture_shelf": Room("atomic_files settings sealing"),
    "service.page_pictures": Room("extractor settings results blobs sealing processes picture_shelf"),
    "service.store": Room(
        "results parts sealing",
        doors="accounts again answers attempts audit belongings campaigns changes counts database events "
        "exports forms four_eyes groupings identities listing marks moving notices proof_tables "
        "rearranged records regrouping replay sealed search second_factor sessions settling statuses "
        "tables twins uploads versions webhooks workers",
    ),
    "service.migrations": Room("store"),
    "service.drafting": Room(
        "generator extractor atomic_files settings sealing forms processes store",
        doors="desk publishing",
    ),
    "service.proof": Room(
        "extractor settings results parts store proof.judgement",
        doors="aliases drawing figures holding keying learning twice work",
    ),
    "service.webhooks": Room("settings store"),
    "service.jobs": Room(
        "extractor signals logs settings sealing results blobs processes page_pictures store "
        "proof.judgement proof webhooks",
        doors="decisions inside_dbos queue rereading worker",
    ),
    "service.export": Room(
        "generator extractor results blobs page_pictures store",
        doors="columns covering cutouts dossier files letters notice summary_sheet workbook",
    ),
    "service.campaigns.judgement": Room(
        doors="applicants attribution belonging entries judging outcome standing timing"
    ),
    "service.campaigns": Room(
        "generator atomic_files results forms store export campaigns.judgement",
        doors="desk gather loading own_rows own_sheet papers sheets summary twice",
    ),
    "service.corrections": Room(
        "generator extractor settings results store export campaigns.judgement",
        doors="asking papers sending",
    ),
    "service.runs": Room(
        "extractor atomic_files terminal signals sources results processes export", doors="batch extraction"
    ),
    "service.web": Room(
        "generator extractor logs settings sealing "
        "results parts blobs forms page_pictures store drafting proof "
        "webhooks export "
        "campaigns.judgement campaigns corrections",
        doors="app context",
    ),
    "service.listening": Room("atomic_files"),
    "service.serving": Room("atomic_files logs settings sealing blobs forms store web"),
    "service.mail": Room(
        "extractor.arrival atomic_files terminal store web", doors="fetch folder imap upload"
    ),
    "service.upkeep": Room(
        "extractor.scan extractor.arrival atomic_files terminal settings sealing "
        "results blobs store proof jobs",
        doors="backup doctor purge rehearse reseal restore",
    ),
    "service.cli": Room(
        "generator extractor atomic_files terminal settings sealing sources "
        "results blobs forms processes picture_shelf store drafting "
        "jobs export campaigns.judgement campaigns runs listening logs serving mail upkeep"
    ),
    "service": Room(),
    "sealform": Room("generator extractor service.forms"),
}


@dataclass(frozen=True)
class Import:
    """`importer` imports the module `target`, or `name` from that module."""

    importer: str
    target: str
    name: str = ""

    def __str__(self) -> str:
        return (
            f"{MODULES[self.importer].relative_to(ROOT).as_posix()} imports "
            f"{self.target}{self.name and f'.{self.name}'}"
        )


def _name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


MODULES: Mapping[str, Path] = {
    _name(path): path for top in TOPS for path in sorted((ROOT / top).rglob("*.py"))
}


Arrows = Mapping[tuple[str, str], list[Import]]


def imports() -> Iterator[Import]:
    """Yields all imports between modules of the project."""
    for importer, path in MODULES.items():
        for node in ast.walk(_tree(path)):
            if isinstance(node, ast.Import):
                yield from (Import(importer, alias.name) for alias in node.names if alias.name in MODULES)
            elif isinstance(node, ast.ImportFrom) and node.module in MODULES:
                for alias in node.names:
                    whole = f"{node.module}.{alias.name}"
                    is_module = whole in MODULES and alias.name not in published(node.module)
                    yield Import(importer, whole) if is_module else Import(importer, node.module, alias.name)


def room_of(module: str) -> str:
    """Returns the innermost room that holds `module`, or an empty text where the table has none for it."""
    return max((room for room in ROOMS if f"{module}.".startswith(f"{room}.")), key=len, default="")


def allowed(room: str) -> list[str]:
    """Returns the rooms that `room` may import."""
    return [name if name in ROOMS else f"{room.partition('.')[0]}.{name}" for name in ROOMS[room].may.split()]


def arrows_of(imports: Iterable[Import]) -> Arrows:
    """Returns the imports from each room to each other one."""
    found: dict[tuple[str, str], list[Import]] = {}
    for one in imports:
        ends = room_of(one.importer), room_of(one.target)
        if ends[0] != ends[1]:
            found.setdefault(ends, []).append(one)
    return found


def strays(arrows: Arrows) -> list[str]:
    """Returns the imports that the table does not allow, each in a sentence."""
    return [
        f"{one}: {here} may import only {', '.join(['models', *allowed(here)])}"
        for (here, there), many in arrows.items()
        if there not in ("models", *allowed(here))
        for one in many
    ]


def backward(arrows: Arrows) -> list[str]:
    """Returns the imports that run back up, to a room on a higher floor than the importer's."""
    order = list(ROOMS)
    return [
        str(one)
        for (here, there), many in arrows.items()
        for one in many
        if order.index(there) > order.index(here)
    ]


def past_doors(arrows: Arrows) -> list[str]:
    """Returns the imports that go past a room's doors, each in a sentence."""
    return [
        f"{one}: the doors of {there} are only "
        f"{', '.join([*ROOMS[there].doors.split(), *sorted(published(there))])}"
        for (_, there), many in arrows.items()
        for one in many
        if not _is_through_a_door(one, there)
    ]


def _is_through_a_door(one: Import, room: str) -> bool:
    if one.name.startswith("_"):
        return False
    if ROOMS[room].doors == "*" or (one.target == room and MODULES[room].name != "__init__.py"):
        return True
    if one.target == room:
        return one.name in published(room)
    return one.target.removeprefix(f"{room}.") in ROOMS[room].doors.split()


def unused(arrows: Arrows) -> list[str]:
    """Returns what the table allows but no module needs."""
    used = {
        (there, one.target.removeprefix(f"{there}.")) for (_, there), many in arrows.items() for one in many
    }
    return [
        *(
            f"{here} may import {there}"
            for here in ROOMS
            for there in allowed(here)
            if (here, there) not in arrows
        ),
        *(
            f"{there} has the door {door}"
            for there, room in ROOMS.items()
            for door in room.doors.split()
            if door != "*" and (there, door) not in used
        ),
    ]


@cache
def published(module: str) -> frozenset[str]:
    """Returns the names in the `__all__` of `module`."""
    lists = (
        node.value
        for node in _tree(MODULES[module]).body
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and node.targets[0].id == "__all__"
    )
    return frozenset(name for one in lists for name in ast.literal_eval(one))


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))

"""Which options are chosen: one model of marks near options in a run of text.

Whatever the file was, its reader has turned boxes, ticks, symbol fonts, controls and ink into marks inside
the text. Here the text is taken apart into options, marks and the gaps between them; each mark is bound to an
option by the side on which this form's marks stand and, where two options could claim it, by the nearer one;
and the states of all options together give the answer. What could be read in two ways says so.
"""

import re
import unicodedata
from dataclasses import dataclass, replace

from extractor import rungs
from extractor.answers.choice_tokens import BOXES, CLOSE, OPEN, Token, emphasis_of, tokens_of, with_lost
from extractor.answers.odd_options import odd_option
from extractor.text import tick_signs
from extractor.text.passage import Passage
from models.fields import ChoiceField
from models.findings import Finding
from models.page import Emphasis, Run, Tick
from models.writing import key

_CHOSEN = ("ticked", "tick", "filled")
_SEPARATORS = frozenset(";,、，；。.:：/|｜-—_·")
# A bare mark that stands further than this beyond the first or the last option may belong to no option at
# all.
_FAR = 2
_SIGN = 2  # characters: a mark by pen is read as no more
_NUMBERS = re.compile(r"[\d①-⑳]+")
# Stars, arrows, plus signs: beside options they are marks of a kind that nobody told us.
_SIGNS = ("So", "Sm", "Sc")
_STARS = frozenset("*＊※")
_BY_PEN: frozenset[Emphasis] = frozenset(["underline", "strike", "border"])


@dataclass(frozen=True)
class ChoiceReading:
    """Options chosen (None: none), how sure that is, other readings, and why a person should look. `seen` is
    how surely the least sure of its marks was seen, 1 where the file holds them."""

    value: tuple[str, ...] | None
    confidence: float
    alternatives: tuple[tuple[str, ...], ...] = ()
    doubts: tuple[Finding, ...] = ()
    seen: float = 1.0


@dataclass
class _Option:
    """What was found for one option."""

    index: int
    marks: list[str]
    emphasis: frozenset[Emphasis]

    @property
    def is_ticked(self) -> bool:
        return any(mark in _CHOSEN for mark in self.marks) and "corrected" not in self.marks

    @property
    def is_filled(self) -> bool:
        """Whether it has a blackened box and no tick."""
        return "filled" in self.marks and not {"ticked", "tick"} & set(self.marks)


def read_choice(field: ChoiceField, title: str, passage: Passage) -> ChoiceReading:
    """The options that the marks in `passage` choose."""
    return _Reader(field, title, passage).read()


def boxes_of(field: ChoiceField, passage: Passage) -> dict[int, tuple[int, int]]:
    """From where to where the box of each option, by its index, stands; none for an option without one."""
    return _Reader(field, "", passage).boxes()


class _Reader:
    def __init__(self, field: ChoiceField, title: str, passage: Passage) -> None:
        self.field, self.title, self.passage = field, title, passage
        found = tokens_of(field, passage)
        self.tokens = with_lost(field, found, passage) if self._is_read_off else found
        self.has_lost = len(self.tokens) > len(found)
        self.options: list[_Option] = []
        self.ambiguous: list[tuple[int, int]] = []
        self.apart = False
        self._bind()

    def read(self) -> ChoiceReading:
        """The reading, with its doubts; whatever says too little or too much is never sure."""
        reading = self._chosen() if self.options else self._nothing_recognised()
        doubts = list(reading.doubts)
        extra = self._extra_text()
        if extra and self.options:
            doubts.append(self._doubt("choice-extra-text", text=extra))
        if self.passage.pictures:
            doubts.append(self._doubt("choice-picture"))
        if self.has_lost and not any(doubt.code == "choice-ambiguous" for doubt in doubts):
            doubts.append(self._doubt("choice-ambiguous", evidence="有的选项的文字没有认出"))
        return replace(reading, doubts=tuple(doubts), seen=self._mark_confidence())

    def boxes(self) -> dict[int, tuple[int, int]]:
        """The boxes on the side of the options on which this form has them."""
        slots = self._slots()
        before = _side(slots[0], slots[-1]) != "after"
        found: dict[int, tuple[int, int]] = {}
        for number, option in enumerate(self.options):
            slot = slots[number if before else number + 1]
            boxes = [token for token in slot if token.mark in BOXES]
            if boxes:
                box = boxes[-1 if before else 0]
                found.setdefault(option.index, (box.start, box.end))
        return found

    # -- binding marks to options

    def _bind(self) -> None:
        named = [token for token in self.tokens if token.option is not None]
        self.options = [_Option(int(t.option or 0), [], emphasis_of(self.passage, t)) for t in named]
        slots = self._slots()
        if not named:
            return
        side = _side(slots[0], slots[-1])
        for number, slot in enumerate(slots):
            if number in (0, len(named)):
                self._give_end(min(number, len(named) - 1), slot, named[0].start, named[-1].end)
            else:
                self._split(number, slot, named[number - 1].end, named[number].start, side)

    def _slots(self) -> list[list[Token]]:
        """The marks before the first option, between each two, and after the last."""
        slots: list[list[Token]] = [[]]
        for token in self.tokens:
            if token.option is not None:
                slots.append([])
            elif token.mark is not None:
                slots[-1].append(token)
        return slots

    def _give(self, option: int, slot: list[Token]) -> None:
        self.options[option].marks += [str(token.mark) for token in slot]

    def _give_end(self, option: int, slot: list[Token], start: int, end: int) -> None:
        """Give what stands before the first option (which begins at `start`) or after the last one (which
        ends at `end`).

        A mark on a line or in a cell of its own, or far away, may speak of any option, and so may one of many
        boxes, or a box behind an option that has its own.
        """
        has_box = any(mark in BOXES for mark in self.options[option].marks)
        self._give(option, slot)
        chosen = [token for token in slot if token.mark in _CHOSEN]
        gaps = [(token.end, start) if token.end <= start else (end, token.start) for token in chosen]
        boxes = sum(token.mark in BOXES for token in slot)
        if any(
            "\n" in self.passage.text[a:b] or self._gap(a, b) - _signs(slot, a, b) > _FAR for a, b in gaps
        ) or (chosen and (boxes > _FAR or (has_box and boxes))):
            self.apart = True

    def _split(
        self, number: int, slot: list[Token], left_end: int, right_start: int, side: str | None
    ) -> None:
        """Share the marks between option `number - 1`, which ends at `left_end`, and option `number`.

        A box keeps to its side, and what stands between a box and its option goes with it. A bare mark that
        is left over belongs to the nearer of its neighbours; without a nearer one, it is read in both ways.
        """
        boxes = [k for k, token in enumerate(slot) if token.mark in BOXES]
        if side == "before":
            own = boxes[-1] if boxes else len(slot)
            loose, sure_left, sure_right = slot[:own], [], slot[own:]
        elif side == "after":
            own = boxes[0] + 1 if boxes else 0
            loose, sure_left, sure_right = slot[own:], slot[:own], []
        else:
            loose, sure_left, sure_right = slot, [], []
        self._give(number - 1, sure_left)
        left_edge = sure_left[-1].end if sure_left else left_end
        right_edge = sure_right[0].start if sure_right else right_start
        for token in loose:
            left, right = self._gap(left_edge, token.start), self._gap(token.end, right_edge)
            # Where the marks have a side, a bare mark without a box in its slot stands in a box's place.
            if not boxes and side is not None:
                toward, away = (right, left) if side == "before" else (left, right)
                owner = (number if side == "before" else number - 1) if toward <= away else None
            else:
                owner = None if left == right else number - 1 if left < right else number
            if owner is None:
                self.ambiguous.append((number - 1, number))
            self._give(number if owner is None else owner, [token])
        self._give(number, sure_right)

    def _gap(self, start: int, end: int) -> int:
        """How far apart two tokens stand: blanks count one, separators two, the end of a line ten."""
        between = self.passage.text[start:end]
        return sum(
            10 if char == "\n" else 2 if char in _SEPARATORS or char == "\t" else 1 for char in between
        )

    # -- from states to an answer

    def _chosen(self) -> ChoiceReading:
        ticked = [o for o in self.options if o.is_ticked]
        value = self._value(ticked)
        doubtful = self._doubtful_boxes(ticked)
        if doubtful:
            return doubtful
        if self.ambiguous:
            others = [self._swapped(pair) for pair in self.ambiguous]
            return self._ambiguous(value, "标记与前后两个选项距离相同", *others)
        if self.apart:
            return self._ambiguous(value, "标记离选项较远")
        if ticked:
            if self._has_both_boxes():
                return self._ambiguous(value, "“☑”和“☒”并用，“☒”可能表示不选")
            if any("strike" in o.emphasis for o in ticked):
                rest = self._value([o for o in ticked if "strike" not in o.emphasis])
                return self._ambiguous(value, "勾选的选项又被划去", *([rest] if rest else []))
            if len({o.index for o in self.options}) < len(self.options):
                return self._ambiguous(value, "选项重复出现")
            if self.field.max is not None and self.field.max < len(ticked) == len(self.field.options):
                return self._ambiguous(value, "全部选项都有标记")
            return ChoiceReading(value, rungs.CERTAIN)
        if any("picture" in o.marks for o in self.options):
            return self._inferred([o for o in self.options if "picture" in o.marks], "选项旁的图片")
        crossed = [o for o in self.options if "cross" in o.marks]
        if crossed:
            rest = self._value([o for o in self.options if "cross" not in o.marks])
            return self._ambiguous(
                self._value(crossed), "只有“×”，可能表示选中，也可能表示不选", *([rest] if rest else [])
            )
        return self._without_marks()

    def _doubtful_boxes(self, ticked: list[_Option]) -> ChoiceReading | None:
        """The reading where a box is seen but can't be trusted, or is missing; None where all boxes are
        plain."""
        filled = [o for o in ticked if o.is_filled]
        if filled and len(filled) < len(ticked):
            rest = self._value([o for o in ticked if not o.is_filled])
            return self._ambiguous(
                rest, "有的选框打勾，有的涂黑，涂黑可能表示不选", self._value(ticked) or ()
            )
        unclear = [o for o in self.options if "unclear" in o.marks]
        if unclear:
            # A ring, or a stroke beside the box, chooses; where all boxes look like that, something lies
            # over them.
            count = len(self.options)
            may_choose = len(unclear) <= max(1, min(self.field.max or count, count - 1))
            drawn_on = [o for o in self.options if "border" in o.emphasis]
            value = self._value(ticked or (unclear if may_choose else drawn_on))
            return self._ambiguous(value, "有的选框状态不明，或有圈画", self._value(ticked + unclear) or ())
        if any("corrected" in o.marks for o in self.options):
            return self._ambiguous(self._value(ticked), "有的勾选又被划去")
        if (
            self._is_read_off
            and len(self.options) > 1
            and not all(o.marks for o in self.options)
            and not self._is_crossed_beside()
        ):
            told = None if ticked else self._without_marks()
            lacking = self._ambiguous(self._value(ticked), "有的选项旁没有看到选框")
            return told if told and told.value and told.doubts else lacking
        return None

    @property
    def _is_read_off(self) -> bool:
        """Whether the text was read off a picture, where a box may be overlooked."""
        return any(isinstance(span, Run) and span.confidence < 1 for span in self.passage.spans)

    def _is_crossed_beside(self) -> bool:
        """Whether crosses stand beside options none of which has a box."""
        marks = {mark for o in self.options for mark in o.marks}
        return "cross" in marks and not marks & set(BOXES)

    def _without_marks(self) -> ChoiceReading:
        """No tick anywhere: what was left standing, or how it is written, may still tell."""
        missing = len({o.index for o in self.options}) < len(self.field.options)
        boxed = any(mark in BOXES for o in self.options for mark in o.marks)
        if missing and not boxed and len(self.options) == 1:
            return ChoiceReading(self._value(self.options), rungs.NAMED)
        if self._is_read_off and (lost := self._lost_to_a_mark()):
            return lost
        if missing and not (self._is_read_off and any(o.emphasis & _BY_PEN for o in self.options)):
            return self._inferred(self.options, "其余选项被删去")
        struck = [o for o in self.options if "strike" in o.emphasis]
        ringed = [o for o in self.options if "border" in o.emphasis]
        if len(struck) == len(self.options):
            # Strokes close to each other look like one through all; some are seen singly.
            struck = [o for o in struck if "crossed" in o.emphasis] or struck
        if struck and not (ringed and self._is_read_off):
            left = [o for o in self.options if o not in struck]
            if self._is_read_off and self.field.max is not None and len(struck) <= self.field.max < len(left):
                # More are left than may be chosen: the pen chose what it went through.
                return self._inferred(struck, "选项上有笔画")
            return self._inferred(left, "其余选项被划去")
        bare, lost_box = [o for o in self.options if not o.marks], "唯独该项前没有选框"
        if boxed and len(bare) == 1 and self._is_read_off:
            # The box was ticked with something that got lost on the way, or was replaced. On paper that mark
            # may reach over the words of another.
            return self._inferred(bare, lost_box)
        for emphasis, words in (
            ("highlight", "底色"),
            ("border", "边框"),
            ("colour", "字色"),
            ("underline", "下划线"),
            ("bold", "加粗"),
        ):
            stressed = [o for o in self.options if emphasis in o.emphasis]
            if stressed and len(stressed) < len(self.options):
                return self._inferred(stressed, f"选项的{words}")
        if boxed and len(bare) == 1:
            return self._inferred(bare, lost_box)
        if self._is_read_off and not boxed and (odd := odd_option(self.tokens, self.passage)) is not None:
            return self._inferred([self.options[odd]], "唯独该项的字认得与别项不同，其上可能有标记")
        if self._is_read_off and (by_sign := self._beside_a_sign()) is not None:
            return self._inferred([by_sign], "唯独该项旁另有字样，可能是标记")
        runs = [span for span in self.passage.spans if isinstance(span, Run)]
        if any(run.confidence < 1 and _BY_PEN & run.emphasis for run in runs):
            return self._ambiguous(None, "选项上或选项下有划线")
        return ChoiceReading(None, rungs.CERTAIN)

    def _beside_a_sign(self) -> _Option | None:
        """The option beside which alone something short stands that is no word of the form: what a pen drew
        is read as a character or two. Between two it is the nearer one, or the one after it."""
        text, named = self.passage.text, [token for token in self.tokens if token.option is not None]
        inside = {n for token in self.tokens for n in range(token.start, token.end)}
        odd = [n for n, char in enumerate(text) if n not in inside and char.isalnum()]
        if not odd or odd[-1] - odd[0] >= _SIGN:
            return None
        gaps = [
            min(abs(token.start - odd[-1] - 1), abs(odd[0] - token.end))
            + 10 * ("\n" in text[min(token.start, odd[0]) : max(token.end, odd[-1])])
            for token in named
        ]
        return self.options[max(n for n, gap in enumerate(gaps) if gap == min(gaps))]

    def _lost_to_a_mark(self) -> ChoiceReading | None:
        """The reading where more options were read than may be chosen, and the others were not: a form prints
        all of them, and what a pen wrote on them made their words unreadable."""
        read = {o.index for o in self.options}
        lost = {option for n, option in enumerate(self.field.options) if n not in read}
        if any(o.emphasis & _BY_PEN for o in self.options) or not lost:
            return None
        if any(o.marks for o in self.options):
            # Nobody deletes printed options: where all boxes that were seen are empty, it is the one left.
            if len(lost) > 1 or not all(set(o.marks) == {"empty"} for o in self.options):
                return None
        elif self.field.max is None or not len(lost) <= self.field.max < len(read):
            return None
        told = self._inferred([], "选项的文字没有认出，其上可能有标记")
        return replace(told, value=self.field.ordered(lost))

    def _nothing_recognised(self) -> ChoiceReading:
        marked = any(token.mark not in (None, "empty") for token in self.tokens)
        if not key(self.passage.words) and not self.passage.pictures and not marked:
            return ChoiceReading(None, rungs.CERTAIN)
        reason = f"“{self.passage.words.strip()[:40]}”不是表中的选项"
        return ChoiceReading(None, 0.0, doubts=(self._doubt("unparsable", reason=reason),))

    # -- helpers

    def _value(self, options: list[_Option]) -> tuple[str, ...] | None:
        return self.field.ordered({self.field.options[option.index] for option in options})

    def _swapped(self, pair: tuple[int, int]) -> tuple[str, ...]:
        """The reading in which an ambiguous mark belongs to the option on its left."""
        left, right = pair
        chosen = [o for k, o in enumerate(self.options) if (o.is_ticked and k != right) or k == left]
        return self._value(chosen) or ()

    def _ambiguous(self, value: tuple[str, ...] | None, why: str, *others: tuple[str, ...]) -> ChoiceReading:
        different = tuple(dict.fromkeys(other for other in others if other and other != value))
        return ChoiceReading(
            value, rungs.CONTESTED, different, (self._doubt("choice-ambiguous", evidence=why),)
        )

    def _inferred(self, options: list[_Option], why: str) -> ChoiceReading:
        return ChoiceReading(
            self._value(options), rungs.LIKELIER, (), (self._doubt("choice-inferred", evidence=why),)
        )

    def _doubt(self, code: str, **words: object) -> Finding:
        return Finding.of(code, self.field.name, title=self.title, **words)

    def _extra_text(self) -> str:
        """Words that are neither option nor mark: 不是园区 must not be read as 园区."""
        kept = self.passage.without((token.start, token.end) for token in self.tokens)
        text = re.sub(rf"[{re.escape(OPEN + CLOSE)}]", "", kept.words)
        says = (
            re.search(r"[^\W\d]", key(text))
            or any(unicodedata.category(char) in _SIGNS or char in _STARS for char in text)
            or self._odd_numbers()
        )
        return " ".join(text.split()) if says else ""

    def _odd_numbers(self) -> bool:
        """Whether digits do more than count the options: 1. 2. 3. before them count, a 2 behind them
        answers."""
        text, starts, between = (
            self.passage.text,
            {token.start for token in self.tokens},
            _SEPARATORS | set(CLOSE),
        )
        inside = {n for token in self.tokens for n in range(token.start, token.end)}
        counted = []
        for match in _NUMBERS.finditer(text):
            if match.start() in inside:
                continue
            end = match.end()
            while end < len(text) and end not in starts and (text[end].isspace() or text[end] in between):
                end += 1
            if end not in starts:
                return True
            counted.append(_number(match[0]))
        return counted != sorted(set(counted)) or max(counted, default=0) > len(self.field.options)

    def _has_both_boxes(self) -> bool:
        """Whether both kinds of filled box were typed; what a control shows when it is ticked, nobody
        chose."""
        typed = {
            char
            for char, span in zip(self.passage.text, self.passage.spans, strict=True)
            if isinstance(span, Run)
        }
        return bool(typed & tick_signs.CHECKED_BOX and typed & tick_signs.CROSSED_BOX)

    def _mark_confidence(self) -> float:
        read = [self.passage.spans[token.start] for token in self.tokens if token.mark is not None]
        return min((span.confidence for span in read if isinstance(span, Run | Tick)), default=1.0)


def _number(digits: str) -> int:
    return int(unicodedata.normalize("NFKC", digits))


def _signs(slot: list[Token], start: int, end: int) -> int:
    """How many characters between two places are marks themselves."""
    return sum(token.end - token.start for token in slot if start <= token.start and token.end <= end)


def _side(first: list[Token], last: list[Token]) -> str | None:
    """On which side of its option a mark of this form stands: boxes tell it better than ticks that somebody
    added."""
    for kinds in (BOXES, None):
        if any(kinds is None or token.mark in kinds for token in first):
            return "before"
        if any(kinds is None or token.mark in kinds for token in last):
            return "after"
    return None

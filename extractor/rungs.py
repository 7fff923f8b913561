"""The ladder of confidence, from 0 to 1: what evidence makes a reading how sure (numbers only, pure).

A confidence is not a probability until it was calibrated: it is a rung that says what kind of evidence
speaks for a reading, or how much a step asks of one before it goes by it. `extractor/weighing/decide.py`
parts the ladder at `ACCEPTED`: what stands below goes to a person. So of two rungs on the same side of it,
the order alone counts, and nobody may move one across it without saying why.

A step that claims something claims at most its rung, and a step that asks for something asks for at least
its rung. Shares and likenesses, such as how much of a label was found, are no confidences and not here.

Each rung was set by hand when the step that first stands on it was written. Where one was measured since,
it says so.
"""

from typing import Final

# -- accepted: nobody needs to look

READ: Final = 0.9999
"""A character that was read off a picture, or weighed together with another reading of it. Only what a file
holds is 1."""

SEEN: Final = 0.999
"""A box for ticking, as the network for marks sees it at its surest."""

CERTAIN: Final = 0.995
"""The rule leaves no other reading: characters that the file holds, marks in their places, much ink where a
name is signed, none where none stands. A character that is surer is not weighed by its neighbours."""

SETTLED: Final = 0.99
"""A character that another try would read alike: of lines with only such ones none was read otherwise in
less width."""

NAMED: Final = 0.98
"""The evidence is plain, and yet something that can't be seen could speak against it: the only option left
standing, a shape that is a seal's or bears a name, no seal on a page in colour, a character that a
dictionary's words bear out."""

ACCEPTED: Final = 0.975
"""The bar: a rule of which nobody needs to confirm what it gives is at least as sure as this. Nothing
claims just this much."""

# -- below the bar: a person looks, and sees the likeliest reading

UNDISPUTED: Final = 0.97
"""Sure enough to outweigh one witness that says otherwise: a digit in two readings against the third, a box
against an ideograph."""

CLEAR: Final = 0.95
"""Read or drawn clearly, and not to be confused with what is only badly read: a text that is surely another
name, a grey ring without a gap, an ideograph in a line that may be squeezed."""

STRONG: Final = 0.9
"""Good evidence that one known fault can still explain: a character that was not read but concluded, or
that fonts draw like another, ink as small as one character, a mark that is absent on a copy without colour,
one of several rings that overlap. It is also what a digit, a point between digits, a box and the character
of a seal must have before anything rests on it."""

GUESSED: Final = 0.8
"""The characters are the file's, where they belong is a guess: cells without rules. A factor of what they
are worth otherwise."""

LEGIBLE: Final = 0.75
"""From here on what was read is taken for writing; less may be a box, a mark or a smudge that was read as a
character."""

OUTLINELESS: Final = 0.7
"""Red ink of a seal's size without a seal's outline: torn seals have none, and fingerprints neither."""

LIKELIER: Final = 0.6
"""Likelier than anything else, and no more: an option that was inferred, a name that was only typed, a
character that one of two readings contradicts, ink on a seal's star. A character with less says little of
what stands there."""

EVEN: Final = 0.5
"""As likely as not, so the evidence says that something is there, not what: a picture where an answer
belongs, a box in no clear state, a place that was not found, a stamped name, a character that is as likely
to be its twin. A mark with less counts as none."""

CONTESTED: Final = 0.4
"""Less likely than not, because the marks of a choice can be explained in another way as well."""

SCANT: Final = 0.3
"""Hardly anything: ink smaller than a character. In running text a character with more is no box."""

ILLEGIBLE: Final = 0.2
"""The file holds a character that its font does not name."""

# -- rivals: how likely what a reader did not choose must be to count

RIVAL: Final = 0.1
"""A simplified character is meant where its traditional fellow was read and it is at least so likely."""

FAINT_RIVAL: Final = 0.002
"""The least likely rival that may be what stands there, and the likelihood of a character that the reader
did not name. Of 97 characters that were misread in forms whose Word files are known, 91 had the right one
among their rivals with this or more, however sure the reader was; a character that somebody changed would
have to look like the old one as well."""

LEAST_RIVAL: Final = 0.0003
"""The least likely rival that is kept: a misread name has its own characters among even these, another name
has not."""

"""The ladder of confidence: for each kind of evidence, how sure it makes a reading. Pure numbers from 0 to 1.

An uncalibrated confidence is not a probability. It is a rung that says what kind of evidence supports a
reading, or how much evidence a step demands before it relies on one. `extractor/weighing/decide.py` divides
the ladder at `ACCEPTED`: everything below goes to a person. Of two rungs on the same side, therefore, only
the order counts. Nobody may move a rung to the other side without giving a reason.

A step that claims something claims at most its rung. A step that demands something demands at least its rung.
Shares and likenesses, such as how much of a label was found, are not confidences and not here.

Each rung was set by hand when the first step that uses it was written. A rung that was measured since says
so.
"""

from typing import Final

# -- accepted: nobody needs to look

READ: Final = 0.9999
"""A character that was read from a picture, or weighed together with another reading of it. Only a character
that the file itself holds is 1."""

SEEN: Final = 0.999
"""A box for ticking of which the network for marks is as sure as it can be."""

CERTAIN: Final = 0.995
"""The rule leaves no other reading: characters that the file holds, marks in their places, much ink in the
place for a signature, or none in it. Neighbours do not weigh on a character that is surer than this."""

SETTLED: Final = 0.99
"""A character that another try would read alike. Of lines with only such characters, none was read
differently at a smaller width."""

NAMED: Final = 0.98
"""The evidence is plain, but something unseen could contradict it: the only option left standing, a shape
that is a seal's or bears a name, no seal on a page in colour, a character that a dictionary's words
confirm."""

ACCEPTED: Final = 0.975
"""The bar. A rule is at least as sure as this if nobody needs to confirm its results. Nothing claims exactly
this much."""

# -- below the bar: a person looks, and sees the likeliest reading

UNDISPUTED: Final = 0.97
"""Sure enough to outweigh one contradicting witness: a digit in two readings against the third, a box against
an ideograph."""

CLEAR: Final = 0.95
"""Read or drawn too clearly for a mere misreading: a text that is surely another name, a grey ring without a
gap, an ideograph in a line that may be squeezed."""

STRONG: Final = 0.9
"""Good evidence that one known fault can still explain: a character that was inferred and not read, or that
fonts draw like another one, ink as small as one character, a mark that is absent on a copy without colour,
one of several overlapping rings. A digit, a point between digits, a box and a character of a seal must also
have this much before anything relies on them."""

GUESSED: Final = 0.8
"""The characters are the file's own, but their place is a guess: cells without rules. The rung is a factor
that reduces their confidence."""

LEGIBLE: Final = 0.75
"""The least confidence of writing. Anything less may be a box, a mark or a smudge that was read as a
character."""

OUTLINELESS: Final = 0.7
"""Red ink of a seal's size without a seal's outline. Torn seals have none, and neither have fingerprints."""

LIKELIER: Final = 0.6
"""Likelier than anything else, and no more: an option that was inferred, a name that was only typed, a
character that one of two readings contradicts, ink on a seal's star. A character with less says little about
what stands there."""

EVEN: Final = 0.5
"""As likely as not: the evidence says that something is there, but not what. Examples are a picture in the
place of an answer, a box in no clear state, a place that was not found, a stamped name, a character that may
as well be its twin. A mark with less counts as none."""

CONTESTED: Final = 0.4
"""Less likely than not, because the marks of a choice can be explained in another way as well."""

SCANT: Final = 0.3
"""Hardly any evidence: ink smaller than a character. In running text, a character with more is no box."""

ILLEGIBLE: Final = 0.2
"""The file holds a character that its font does not name."""

# -- rivals: how likely a reading that the reader did not choose must be to count

RIVAL: Final = 0.1
"""The simplified character is meant where its traditional form was read and it is at least so likely."""

FAINT_RIVAL: Final = 0.002
"""The least likely rival that may be the true character, and the likelihood of a character that the reader
did not name. Of 97 characters that were misread in forms whose Word files are known, 91 had the right one
among their rivals with this or more, however sure the reader was. A character that somebody changed would
have to look like the old one as well."""

LEAST_RIVAL: Final = 0.0003
"""The least likely rival that is kept. A misread name has its own characters even among these; another name
has not."""

"""What stands above characters to say how they are read."""

import unicodedata

_SCRIPTS = ("LATIN", "BOPOMOFO", "MODIFIER", "COMBINING")


def is_reading(text: str) -> bool:
    """Whether a text above characters says how they are read, 拼音 in letters or 注音, and so is no part of
    what they say."""
    return all(char.isspace() or unicodedata.name(char, "").startswith(_SCRIPTS) for char in text)

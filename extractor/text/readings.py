"""Pronunciations that stand above characters."""

import unicodedata

_SCRIPTS = ("LATIN", "BOPOMOFO", "MODIFIER", "COMBINING")


def is_reading(text: str) -> bool:
    """Tell whether a text above characters is their pronunciation, 拼音 in letters or 注音, and so not part of
    what they say."""
    return all(char.isspace() or unicodedata.name(char, "").startswith(_SCRIPTS) for char in text)

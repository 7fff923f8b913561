"""The pages and files of one application, and what they say together (pure)."""

from extractor.applications.belonging import Belonging, around
from extractor.applications.group import Document, group
from extractor.applications.loose_files import Loose, gather, together
from extractor.applications.recognise import recognise
from extractor.applications.reconcile import United, unite

__all__ = [
    "Belonging", "Document", "Loose", "United", "around", "gather", "group", "recognise", "together", "unite",
]  # fmt: skip

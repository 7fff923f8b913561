"""The pages and files of one application, and what they say together (pure)."""

from extractor.applications.belonging import Belonging, around
from extractor.applications.group import Application, Document, group
from extractor.applications.loose_files import Loose, gather, of_file, together
from extractor.applications.recognise import recognise, recognise_one
from extractor.applications.reconcile import United, unite

__all__ = [
    "Application", "Belonging", "Document", "Loose", "United",
    "around", "gather", "group", "of_file", "recognise", "recognise_one", "together", "unite",
]  # fmt: skip

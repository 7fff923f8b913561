"""The processes that read, so that a file costs itself alone, and their temporary files."""

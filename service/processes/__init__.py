"""The processes that read files, so that a bad file costs only itself, and their temporary files."""

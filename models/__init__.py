"""Forms, pages and records as frozen values. Nothing here does I/O or knows a file format or the clock."""

"""Where what comes with the program lies: beside this module in an installation, in a checkout in
`fixtures`."""

from pathlib import Path

_INSTALLED = Path(__file__).parent / "shipped"
_PLACE = _INSTALLED if _INSTALLED.is_dir() else Path(__file__).parents[2] / "fixtures"

FORMS = _PLACE / "forms"
CAMPAIGNS = _PLACE / "campaigns"
CALENDARS = _PLACE / "calendars"
SAMPLES = _PLACE / "demo"
ROSTER = _PLACE / "roster.xlsx"

"""A draft for tests of the page that makes forms. One lasts as long as the service, since drafting takes
seconds."""

import time

from tests.service.foreign_form import foreign_form
from tests.service.pages.serving import Service

_PATIENCE = 90.0
_MADE: dict[str, str] = {}


def drafted(service: Service) -> str:
    """Returns the number of a draft of the form with fifteen fields."""
    if service.url not in _MADE:
        ask = service.administrator.ask
        number = str(ask("POST", "/drafts", files={"file": ("备案表.docx", foreign_form())})["id"])
        end = time.monotonic() + _PATIENCE
        while (told := ask("GET", f"/drafts/{number}"))["state"] == "working" and time.monotonic() < end:
            time.sleep(0.1)
        assert told["state"] == "done", told
        _MADE[service.url] = number
    return _MADE[service.url]

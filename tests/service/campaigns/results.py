"""Lines of a results file, as reading makes them, with values of the test's own."""

from typing import Any

from service.campaigns.loading import Loaded
from service.results import Line


def result_line(loaded: Loaded, source: str, **told: Any) -> Line:
    """`unit`, `title`, `domain`, `address`, `seal`, `code` by what they are; `sender`, `sent`, `subject` of
    the mail; `unsettled` and `unweighed` by the same words."""
    unsettled, unweighed = told.pop("unsettled", ()), told.pop("unweighed", ())
    fields = {}
    for what, name in loaded.campaign.fields.model_dump().items():
        if not name:
            continue
        value = told.get(what)
        if what == "seal":
            value = {"present": value is not None, "text": value, "agrees": None}
        fields[name] = {
            "value": value, "raw": None, "confidence": 0.99, "evidence": [], "alternatives": [],
            "decision": "review" if what in unsettled else "accept",
            **({"unweighed": ["text"]} if what in unweighed else {}),
        }  # fmt: skip
    message = {
        "sender": None, "address": told.get("sender"), "time": told.get("sent"),
        "subject": told.get("subject"), "body": "",
    }  # fmt: skip
    line: Any = {
        "source": source, "application": 1, "parts": [{"name": source, "sha256": "0" * 64, "state": "read"}],
        "form": told.get("form", loaded.campaign.form), "version": "1", "instance": None, "status": "clear",
        "message": message, "fields": fields, "findings": [], "error": told.get("error"),
    }  # fmt: skip
    if line["error"]:
        line |= {"form": None, "version": None, "fields": {}, "status": "failed"}
    return line  # type: ignore[no-any-return]

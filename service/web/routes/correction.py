"""What goes to an applicant who is asked to correct an application."""

from typing import Annotated

from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse

from service.export import correction
from service.export.cutouts import cut_out
from service.store import audit, listing
from service.store.accounts import Actor
from service.store.uploads import StoredFile
from service.web.conditional import file_name
from service.web.context import Here
from service.web.downloads import download, wholly_written
from service.web.routes.users import Number
from service.web.schemas import form_of
from service.web.security import may

router = APIRouter(tags=["submissions"])


@router.get(
    "/submissions/{submission}/correction",
    response_class=StreamingResponse,
    responses={200: {"description": "A .zip", "content": {"application/zip": {}}}},
)
def papers(
    submission: Number, request: Request, context: Here, who: Annotated[Actor, may("decide")]
) -> StreamingResponse:
    """The notice of correction with all defects, the form again with what is right in it, and the draft of a
    mail that carries both. Nothing is sent."""
    now = context.clock()
    with context.database.read() as connection:
        found = listing.whole(connection, submission)
        made = correction.gather(connection, submission, form_of(context.forms, found.row), now)
    files = [StoredFile(file.name, file.sha256, file.bytes) for file in found.files]
    crops = cut_out(files, found.line, request.app.state.views, correction.fields_of(made))
    set_by = context.settings
    rules = correction.Rules(set_by.notice_template, set_by.contact, set_by.correction_days)
    file = wholly_written(lambda target: correction.write_correction(target, made, crops, rules, now))
    with context.database.write() as connection:
        audit.append(
            connection, now, who.id, "correction", f"submission:{submission}", {"number": made.number}
        )
    return download(file, f"补正-{file_name(made.unit)}-{submission}.zip", "application/zip", {})

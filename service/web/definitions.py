"""Definitions in requests, as text that is read as strictly as a file."""

import tempfile
from pathlib import Path
from typing import Any

from fastapi import Request

from models.errors import DefinitionError, Invalid
from models.form import FormDefinition
from service.forms.definitions import load_form

_LONGEST = 1 << 20
# The body of such a request, for the OpenAPI document. JSON is YAML too.
BODY: dict[str, Any] = {
    "requestBody": {"required": True, "content": {"application/yaml": {"schema": {"type": "string"}}}}
}


async def text_of(request: Request) -> bytes:
    """Returns the body of a request with a definition.

    Raises:
        Invalid: it is too long.
    """
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _LONGEST:
            raise Invalid("定义文件不应大于 1 MiB")
    return body


def read_definition(text: bytes) -> FormDefinition:
    """Returns a definition that is about to go out.

    Raises:
        DefinitionError: it has problems; the error holds all of them, each with its line.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "form.yaml"
        path.write_bytes(text)
        try:
            return load_form(path, is_new=True)
        except DefinitionError as error:
            # The temporary folder is removed from the problems, because it means nothing to the caller.
            raise DefinitionError([problem.replace(f"{folder}/", "") for problem in error.problems]) from None

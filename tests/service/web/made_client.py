"""A client that is made of the service's own description and of nothing else: a method for each operation,
with the parameters, the body and the answers that the description tells."""

import json
import mimetypes
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode
from uuid import uuid4

import jsonschema_rs

Files = Mapping[str, tuple[str, bytes]]


@dataclass(frozen=True)
class Answer:
    """The status, the headers in small letters, and the body: read where it is JSON, else bytes."""

    status: int
    headers: Mapping[str, str]
    body: Any


class Undescribed(AssertionError):
    """What was sent or answered is not as the description says."""


class MadeClient:
    """`client.call("POST /api/v1/uploads", files={...})`; what the description does not know is refused
    before it is sent, and an answer that it does not describe afterwards."""

    def __init__(self, url: str, token: str) -> None:
        self._url, self._token = url, token
        with urllib.request.urlopen(f"{url}/api/v1/openapi.json") as answer:
            self.document: dict[str, Any] = json.load(answer)
        self._operations = {
            f"{method.upper()} {path}": (method, path, operation)
            for path, item in self.document["paths"].items()
            for method, operation in item.items()
        }

    def call(self, name: str, body: Any = None, files: Files | None = None, **given: Any) -> Answer:
        """Does the operation of that method and path. Parameters go by their names, with `_` for `-`."""
        method, path, operation = self._operations[name]
        headers, query = {}, {}
        for parameter in operation.get("parameters", []):
            key = parameter["name"].replace("-", "_")
            if key not in given:
                if parameter.get("required"):
                    raise Undescribed(f"{name} lacks {key}")
                continue
            value = given.pop(key)
            self.check(value, parameter["schema"], f"{name}: {key}")
            match parameter["in"]:
                case "path":
                    path = path.replace("{" + parameter["name"] + "}", quote(str(value)))
                case "query":
                    query[parameter["name"]] = value
                case "header":
                    headers[parameter["name"]] = str(value)
        if given:
            raise Undescribed(f"{name} has no {', '.join(given)}")
        if any("token" in one for one in operation["security"]):
            headers["Authorization"] = f"Bearer {self._token}"
        data = self._encoded(name, operation, body, files, headers)
        asked = f"{self._url}{path}?{urlencode(query, doseq=True)}" if query else f"{self._url}{path}"
        request = urllib.request.Request(asked, data, headers, method=method.upper())
        try:
            with urllib.request.urlopen(request) as answer:
                return self._read(name, operation, answer.status, answer.headers, answer.read())
        except urllib.error.HTTPError as error:
            return self._read(name, operation, error.code, error.headers, error.read())

    def _encoded(
        self,
        name: str,
        operation: Mapping[str, Any],
        body: Any,
        files: Files | None,
        headers: dict[str, str],
    ) -> bytes | None:
        content = operation.get("requestBody", {}).get("content", {})
        if files is not None:
            schema = self._resolved(content["multipart/form-data"]["schema"])
            unknown = {*files, *(body or {})} - set(schema["properties"])
            if unknown:
                raise Undescribed(f"{name} has no {unknown}")
            edge = uuid4().hex
            headers["Content-Type"] = f"multipart/form-data; boundary={edge}"
            return _multipart(edge, body or {}, files)
        if body is None:
            return None
        self.check(body, content["application/json"]["schema"], name)
        headers["Content-Type"] = "application/json"
        return json.dumps(body).encode()

    def _read(
        self, name: str, operation: Mapping[str, Any], status: int, headers: Any, data: bytes
    ) -> Answer:
        if str(status) not in operation["responses"]:
            raise Undescribed(f"{name} answered {status}: {data[:200]!r}")
        described = operation["responses"][str(status)].get("content", {})
        media = headers.get_content_type() if data else None
        if media is not None and media not in described:
            raise Undescribed(f"{name} answered {media}, not {set(described)}")
        body: Any = data
        if media is not None and media.endswith("json"):
            body = json.loads(data)
            schema = (described[media] or described.get("application/json", {})).get("schema")
            if schema:
                self.check(body, schema, f"{name}: {status}")
        return Answer(status, {key.lower(): value for key, value in headers.items()}, body)

    def _resolved(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        if "$ref" not in schema:
            return schema
        found: Mapping[str, Any] = self.document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        return found

    def check(self, value: Any, schema: Mapping[str, Any], where: str) -> None:
        """Raises Undescribed where a value is not of a schema of the document."""
        whole = {**schema, "components": self.document["components"]}
        for error in jsonschema_rs.iter_errors(whole, value):
            raise Undescribed(f"{where}: {error.message} at {list(error.instance_path)}")


def _multipart(edge: str, fields: Mapping[str, str], files: Files) -> bytes:
    parts = [
        f'--{edge}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields.items()
    ]
    for name, (file, data) in files.items():
        kind = mimetypes.guess_type(file)[0] or "application/octet-stream"
        head = (
            f'--{edge}\r\nContent-Disposition: form-data; name="{name}"; filename="{file}"\r\n'
            f"Content-Type: {kind}\r\n\r\n"
        )
        parts.append(head.encode() + data + b"\r\n")
    return b"".join([*parts, f"--{edge}--\r\n".encode()])

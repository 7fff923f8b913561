"""How each request of the interface is written, made from its own description: a line of curl, and the body
of what is sent (pure)."""

import json
from collections.abc import Iterator, Mapping
from shlex import quote
from typing import Any

_VERSION = '"3"'  # as an answer's ETag tells it


def add_samples(document: dict[str, Any], methods: tuple[str, ...]) -> None:
    """Puts an example into each body of JSON that has none of its own, and a line of curl to each
    operation, as `x-codeSamples`."""
    schemas = document["components"].get("schemas", {})
    for path, item in document["paths"].items():
        for method in methods:
            operation = item.get(method)
            if operation is None:
                continue
            for media, content in operation.get("requestBody", {}).get("content", {}).items():
                if media == "application/json" and "example" not in content:
                    content["example"] = example_of(content["schema"], schemas)
            operation["x-codeSamples"] = [
                {"lang": "Shell", "label": "curl", "source": _curl(method, path, operation, schemas)}
            ]


def example_of(schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> Any:
    """A value of that schema: its own example, its default, or made of what must be in it."""
    schema = schemas[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
    for known in ("example", "default", "const"):
        if known in schema:
            return schema[known]
    if "enum" in schema:
        return schema["enum"][0]
    if "anyOf" in schema:
        return example_of(schema["anyOf"][0], schemas)
    if schema.get("type") == "array":
        return [example_of(schema["items"], schemas)]
    if schema.get("type") == "object":
        properties = schema.get("properties", {})
        return {name: example_of(properties[name], schemas) for name in schema.get("required", ())}
    return {"integer": max(1, int(schema.get("minimum", 1))), "boolean": True}.get(
        schema.get("type", ""), "…"
    )


def _curl(method: str, path: str, operation: Mapping[str, Any], schemas: Mapping[str, Any]) -> str:
    parameters = operation.get("parameters", ())
    asked = []
    for parameter in parameters:
        value = _value(parameter, schemas)
        if parameter["in"] == "path":
            path = path.replace("{" + parameter["name"] + "}", value)
        elif parameter["in"] == "query" and parameter.get("required"):
            asked.append(f"{parameter['name']}={value}")
    query = f"?{'&'.join(asked)}" if asked else ""
    words = ["curl"]
    if method != "get":
        words.append(f"-X {method.upper()}")
    answers = [one for status, one in operation["responses"].items() if status.startswith("2")]
    kinds = {media for answer in answers for media in answer.get("content", {})}
    if "text/event-stream" in kinds:
        words.append("-N")
    elif kinds and "application/json" not in kinds:
        words.append("-OJ")
    words.append(f'"$SEALFORM{path}{query}"')
    if operation.get("security"):
        words.append('-H "Authorization: Bearer $TOKEN"')
    if any(parameter["name"] == "if-match" for parameter in parameters):
        words.append(f"-H {quote(f'If-Match: {_VERSION}')}")
    words += _body(operation.get("requestBody", {}), schemas)
    return " ".join(words)


def _value(parameter: Mapping[str, Any], schemas: Mapping[str, Any]) -> str:
    """What stands for a parameter: a number, one of those it may be, or a variable of its name."""
    schema = parameter.get("schema", {})
    if schema.get("type") == "integer" or "enum" in schema:
        return str(example_of(schema, schemas))
    return f"${parameter['name'].upper()}"


def _body(body: Mapping[str, Any], schemas: Mapping[str, Any]) -> Iterator[str]:
    for media, content in body.get("content", {}).items():
        if media == "multipart/form-data":
            yield from _parts(content["schema"], schemas)
        elif media == "application/json":
            yield "-H 'Content-Type: application/json'"
            yield f"-d {quote(json.dumps(content['example'], ensure_ascii=False))}"
        else:
            yield f"-H {quote(f'Content-Type: {media}')} --data-binary @file"
        return


def _parts(schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> Iterator[str]:
    schema = schemas[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
    for name, one in schema.get("properties", {}).items():
        inner = one.get("items", one)
        if inner.get("format") == "binary":
            yield f"-F {name}=@file"
        elif name in schema.get("required", ()):
            yield f"-F {quote(f'{name}={example_of(one, schemas)}')}"

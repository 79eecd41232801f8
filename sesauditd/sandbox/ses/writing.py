"""Results as JSON and as XML, in the shapes of botocore's model and in no others."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import datetime
from typing import TypeAlias
from xml.sax.saxutils import escape

from botocore.model import ListShape, MapShape, Shape, StructureShape

Result: TypeAlias = Mapping[str, object]
"""Members of an answer; those that are None are left out."""

_KINDS: Mapping[str, type | tuple[type, ...]] = {
    "string": str,
    "boolean": bool,
    "integer": int,
    "long": int,
    "double": (int, float),
    "float": (int, float),
    "blob": bytes,
    "timestamp": datetime,
}


def as_json(shape: Shape, value: object) -> object:
    """Return a value as rest-json spells it: times in seconds since 1970, bytes in base64.

    Raises:
        TypeError: the value has not the shape; the sandbox itself is wrong then.
    """
    match shape, value:
        case StructureShape(), Mapping():
            return {
                name: as_json(shape.members[name], one)
                for name, one in _members(shape, value).items()
            }
        case ListShape(), list() | tuple():
            return [as_json(shape.member, one) for one in value]
        case MapShape(), Mapping():
            return {str(key): as_json(shape.value, one) for key, one in value.items()}
        case _:
            return _json_scalar(_scalar(shape, value))


def as_xml(shape: Shape, value: object) -> str:
    """Return what stands inside a value's element in the query protocol's XML.

    Raises:
        TypeError: the value has not the shape; the sandbox itself is wrong then.
    """
    match shape, value:
        case StructureShape(), Mapping():
            members = _members(shape, value).items()
            return "".join(element(name, as_xml(shape.members[name], one)) for name, one in members)
        case ListShape(), list() | tuple():
            return "".join(element("member", as_xml(shape.member, one)) for one in value)
        case MapShape(), Mapping():
            entries = (
                element("key", escape(str(key))) + element("value", as_xml(shape.value, one))
                for key, one in value.items()
            )
            return "".join(element("entry", entry) for entry in entries)
        case _:
            return escape(_text(_scalar(shape, value)))


def element(name: str, inside: str) -> str:
    """Return one XML element around text that is escaped already."""
    return f"<{name}>{inside}</{name}>"


def _members(shape: StructureShape, value: Mapping[object, object]) -> Mapping[str, object]:
    given = {str(name): one for name, one in value.items() if one is not None}
    unknown = given.keys() - shape.members.keys()
    absent = set(shape.required_members) - given.keys()
    if unknown or absent:
        raise TypeError(f"{shape.name} has {sorted(unknown)} too many, {sorted(absent)} too few")
    return given


def _scalar(shape: Shape, value: object) -> object:
    expected = _KINDS.get(shape.type_name)
    fits = expected is not None and isinstance(value, expected)
    if not fits or (isinstance(value, bool) and expected is not bool):
        raise TypeError(f"{shape.name} is a {shape.type_name}, not {value!r}")
    allowed = shape.metadata.get("enum")
    if allowed and value not in allowed:
        raise TypeError(f"{shape.name} is one of {allowed}, not {value!r}")
    return value


def _json_scalar(value: object) -> object:
    if isinstance(value, datetime):
        return value.timestamp()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return str(value) if isinstance(value, str) else value


def _text(value: object) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case datetime():
            return value.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
        case bytes():
            return base64.b64encode(value).decode()
        case _:
            return str(value)

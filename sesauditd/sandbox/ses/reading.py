"""Values of a request, held against the shapes of botocore's model."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeAlias, cast

from botocore.model import ListShape, MapShape, Shape, StructureShape
from botocore.utils import parse_timestamp

Parameters: TypeAlias = Mapping[str, Any]
"""Members of a request; what each of them is, the service model says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One request being read; `problems` grows by a sentence for each thing that is wrong.

    With `text`, values come from paths, query strings and forms, where all are strings.
    """

    text: bool
    problems: list[str] = field(default_factory=list)

    def take(self, shape: Shape, raw: object, at: str) -> object:
        """Return a value as its shape wants it, None for what is wrong.

        Members that the model does not know are passed over, as AWS does.
        """
        match shape, raw:
            case StructureShape(), Mapping():
                return self._structure(shape, raw, at)
            case ListShape(), list():
                self._within(shape, len(raw), raw, at, "have length")
                return [
                    self.take(shape.member, one, f"{at}.{number}.member")
                    for number, one in enumerate(raw, start=1)
                ]
            case MapShape(), Mapping():
                self._within(shape, len(raw), raw, at, "have length")
                return {
                    self.take(shape.key, key, at): self.take(shape.value, one, f"{at}.{key}")
                    for key, one in raw.items()
                }
            case StructureShape() | ListShape() | MapShape(), _:
                self._wrong(raw, at, f"Member must be a {shape.type_name}")
                return None
            case _:
                return self._scalar(shape, raw, at)

    def missing(self, at: str) -> None:
        """Note that a required member is not there."""
        self._wrong("null", at, "Member must not be null")

    def _structure(
        self, shape: StructureShape, raw: Mapping[str, object], at: str
    ) -> Mapping[str, object]:
        given = {name: raw[name] for name in shape.members if raw.get(name) is not None}
        for name in shape.required_members:
            if name not in given:
                self.missing(_below(at, name))
        return {
            name: self.take(shape.members[name], one, _below(at, name))
            for name, one in given.items()
        }

    def _scalar(self, shape: Shape, raw: object, at: str) -> object:
        try:
            value = _converted(shape.type_name, raw, text=self.text)
        except (ValueError, TypeError, OverflowError, binascii.Error):
            self._wrong(raw, at, f"Member must be a {shape.type_name}")
            return None
        if isinstance(value, str):
            self._check_string(shape, value, at)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            self._within(shape, value, value, at, "have value")
        return value

    def _check_string(self, shape: Shape, value: str, at: str) -> None:
        allowed = shape.metadata.get("enum")
        if allowed and value not in allowed:
            self._wrong(value, at, f"Member must satisfy enum value set: [{', '.join(allowed)}]")
        pattern = shape.metadata.get("pattern")
        if pattern and not re.fullmatch(pattern, value):
            self._wrong(value, at, f"Member must satisfy regular expression pattern: {pattern}")
        self._within(shape, len(value), value, at, "have length")

    def _within(self, shape: Shape, number: float, value: object, at: str, what: str) -> None:
        least, most = shape.metadata.get("min"), shape.metadata.get("max")
        if least is not None and number < least:
            self._wrong(value, at, f"Member must {what} greater than or equal to {least}")
        if most is not None and number > most:
            self._wrong(value, at, f"Member must {what} less than or equal to {most}")

    def _wrong(self, value: object, at: str, constraint: str) -> None:
        self.problems.append(
            f"Value '{value}' at '{at}' failed to satisfy constraint: {constraint}"
        )


def sentence(problems: list[str]) -> str:
    """Return what AWS says about a request in which something is wrong."""
    errors = "1 validation error" if len(problems) == 1 else f"{len(problems)} validation errors"
    return f"{errors} detected: {'; '.join(problems)}"


def _converted(kind: str, raw: object, *, text: bool) -> object:
    """Return a scalar of a kind of the model.

    Raises:
        ValueError, TypeError: it is none.
    """
    match kind, raw:
        case "string" | "character", str():
            return raw
        case "boolean", "true" | "false" if text:
            return raw == "true"
        case "boolean", bool():
            return raw
        case "blob", str():
            return base64.b64decode(raw, validate=True)
        case "timestamp", str() | int() | float():
            return _moment(raw)
        case "boolean" | "blob" | "timestamp" | "string" | "character", _:
            raise TypeError(kind)
        case _:
            return _number(kind, raw, text=text)


def _number(kind: str, raw: object, *, text: bool) -> float:
    if not isinstance(raw, str if text else int | float) or isinstance(raw, bool):
        raise TypeError(kind)
    if kind in {"double", "float"}:
        return float(raw)
    if isinstance(raw, float):
        raise TypeError(kind)
    return int(raw)


def _moment(raw: float | str) -> datetime:
    """Return a time given as seconds since 1970, as ISO 8601 or as in RFC 822."""
    parsed: datetime = parse_timestamp(cast("str", raw))
    return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)


def _below(at: str, name: str) -> str:
    """Return the path of a member as AWS spells it: the first letter small."""
    return f"{at}.{name[:1].lower()}{name[1:]}" if at else f"{name[:1].lower()}{name[1:]}"

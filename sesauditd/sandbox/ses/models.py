"""Botocore's own models of SES: which operation a request means, and which shapes it has."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from botocore.loaders import Loader
from botocore.model import OperationModel, ServiceModel

V1 = "ses"
V2 = "sesv2"


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """An operation with the values that its path carried, by the names in the template."""

    operation: OperationModel
    parts: Mapping[str, str]


@functools.cache
def model_of(service: str) -> ServiceModel:
    """Return botocore's model of `ses` or `sesv2`; loading it takes some milliseconds, once."""
    return ServiceModel(Loader().load_service_model(service, "service-2"), service)


def route(method: str, path: str) -> Route | None:
    """Return the operation of SES v2 that a method and a percent-encoded path name, or None."""
    segments = path.split("/")
    for verb, template, name in _templates():
        if verb != method or len(template) != len(segments):
            continue
        if all(_fits(*pair) for pair in zip(template, segments, strict=True)):
            parts = {
                one[1:-1]: unquote(segment)
                for one, segment in zip(template, segments, strict=True)
                if one.startswith("{")
            }
            return Route(operation=model_of(V2).operation_model(name), parts=parts)
    return None


def operation_of_v1(action: str) -> OperationModel | None:
    """Return the operation of SES v1 that an `Action` names, or None."""
    model = model_of(V1)
    return model.operation_model(action) if action in model.operation_names else None


@functools.cache
def _templates() -> tuple[tuple[str, tuple[str, ...], str], ...]:
    """Return (method, segments, operation), those with fewer variable segments first."""
    model = model_of(V2)
    found = []
    for name in model.operation_names:
        http = model.operation_model(name).http
        found.append((http["method"], tuple(http["requestUri"].split("/")), name))
    return tuple(sorted(found, key=lambda one: (sum("{" in part for part in one[1]), one[2])))


def _fits(template: str, segment: str) -> bool:
    return bool(segment) if template.startswith("{") else template == segment

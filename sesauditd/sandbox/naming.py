"""Which operation a call asks for, and with what parameters, whatever protocol it speaks."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from botocore.exceptions import UnknownServiceError
from moto.core.request import Request
from moto.core.routing import ServiceOperationRouter, get_service_router
from werkzeug.exceptions import HTTPException
from werkzeug.test import EnvironBuilder

if TYPE_CHECKING:
    from sesauditd.sandbox.calls import Call

LONGEST = 200
"""Characters of a parameter that are kept: enough to know it, too few for a message."""

_READS = ("Get", "List", "Describe", "Head", "Receive", "Search", "Simulate", "Test", "BatchGet")
_FORM = "application/x-www-form-urlencoded"
_NOT_PARAMETERS = frozenset({"Action", "Version"})


def service_label(call: Call) -> str:
    """Return the client's name of the service: SES v2 signs as `ses`, like v1."""
    if call.service == "ses" and call.path.startswith("/v2/email/"):
        return "sesv2"
    return "cloudwatch" if call.service == "monitoring" else call.service


def operation_of(call: Call) -> str | None:
    """Return the operation's name in the service's model, None if nothing fits."""
    if target := call.headers.get("x-amz-target"):
        return target.rpartition(".")[2]
    if "/operation/" in call.path:
        return call.path.rpartition("/")[2]
    return _form(call).get("Action") or call.query.get("Action") or _routed(call)


def is_write(operation: str | None) -> bool:
    """Return whether the operation changes something at AWS; an unknown one counts as a write."""
    return operation is None or not operation.startswith(_READS)


def parameters_of(call: Call) -> dict[str, str]:
    """Return the call's parameters as short texts; a body that is an object has none."""
    return {name: value[:LONGEST] for name, value in whole_parameters_of(call).items()}


def whole_parameters_of(call: Call) -> dict[str, str]:
    """Return the call's parameters as texts of any length."""
    given = {**call.query, **_form(call), **_document(call)}
    return {name: value for name, value in given.items() if name not in _NOT_PARAMETERS}


def _form(call: Call) -> dict[str, str]:
    if not call.headers.get("content-type", "").startswith(_FORM):
        return {}
    return dict(parse_qsl(call.body.decode(errors="replace"), keep_blank_values=True))


def _document(call: Call) -> dict[str, str]:
    if "x-amz-target" not in call.headers and service_label(call) != "sesv2":
        return {}
    try:
        document = json.loads(call.body or b"{}")
    except ValueError:
        return {}
    if not isinstance(document, Mapping):
        return {}
    return {
        str(name): value if isinstance(value, str) else json.dumps(value)
        for name, value in document.items()
    }


def _routed(call: Call) -> str | None:
    """Name a call of the REST protocols by its method and path, with moto's reading of them."""
    router = _router(service_label(call))
    if router is None:
        return None
    builder = EnvironBuilder(
        path=call.path,
        method=call.method,
        query_string=dict(call.query),
        headers=list(call.headers.items()),
        data=call.body,
    )
    try:
        operation, _ = router.match(Request(builder.get_environ()))
    except (HTTPException, NotImplementedError):
        return None
    return str(operation.name)


@cache
def _router(service: str) -> ServiceOperationRouter | None:
    try:
        return get_service_router(service)
    except UnknownServiceError:
        return None

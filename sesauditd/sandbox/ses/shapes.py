"""Requests parsed and answers serialised from botocore's own models of SES v2 and v1."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast
from urllib.parse import parse_qs, parse_qsl
from xml.sax.saxutils import escape

from botocore.model import ListShape, Shape, StructureShape

from sesauditd.sandbox.calls import Answer, Call
from sesauditd.sandbox.ses import models
from sesauditd.sandbox.ses.declined import Declined
from sesauditd.sandbox.ses.reading import Parameters, Reading, sentence
from sesauditd.sandbox.ses.writing import Result, as_json, as_xml, element

if TYPE_CHECKING:
    from botocore.model import OperationModel

V2_PREFIX = "/v2/email/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a client asks for: an operation of `ses` or `sesv2` with checked parameters."""

    service: str
    operation: OperationModel
    parameters: Parameters

    @property
    def name(self) -> str:
        """The operation's name in the service model."""
        return self.operation.name


def is_v2(call: Call) -> bool:
    """Tell whether a call to `ses` speaks version 2: both sign with one service name."""
    return call.path.startswith(V2_PREFIX)


def read(call: Call) -> Request:
    """Return the request that a call carries.

    Raises:
        Declined: no such operation, or parameters that its model refuses.
    """
    return _read_v2(call) if is_v2(call) else _read_v1(call)


def answer(request: Request, result: Result) -> Answer:
    """Return a result in the request's protocol.

    Raises:
        TypeError: the result has not the operation's output shape; the sandbox is wrong then.
    """
    shape = request.operation.output_shape
    request_id = str(uuid.uuid4())
    if request.service == models.V2:
        return _json(200, as_json(shape, result) if shape is not None else {}, request_id)
    inside = as_xml(shape, result) if shape is not None else ""
    wrapper = shape.serialization.get("resultWrapper") if shape is not None else None
    wrapped = element(wrapper, inside) if wrapper else inside
    metadata = element("ResponseMetadata", element("RequestId", request_id))
    return _xml(200, f"{request.name}Response", wrapped + metadata, request_id)


def refusal(call: Call, declined: Declined) -> Answer:
    """Return an error in the call's protocol, with the status and the code of its model."""
    version = models.V2 if is_v2(call) else models.V1
    code, status = _modelled(version, declined)
    request_id = str(uuid.uuid4())
    if version == models.V2:
        document = {"message": declined.text}
        return _json(status, document, request_id, {"x-amzn-ErrorType": code})
    facts = {"Type": "Sender", "Code": code, "Message": declined.text}
    error = "".join(element(name, escape(text)) for name, text in facts.items())
    inside = element("Error", error) + element("RequestId", request_id)
    return _xml(status, "ErrorResponse", inside, request_id)


def _read_v2(call: Call) -> Request:
    found = models.route(call.method, call.path)
    if found is None:
        text = f"No operation at {call.method} {call.path}."
        raise Declined("UnknownOperationException", text, status=404)
    placed = Reading(text=True)
    in_body = Reading(text=False, problems=placed.problems)
    body = _body(call)
    shape = found.operation.input_shape
    parameters: dict[str, object] = {}
    for name, member in shape.members.items() if shape is not None else ():
        place = member.serialization.get("location")
        raw = _placed(call, found.parts, member) if place else body.get(name)
        reading, at = placed if place else in_body, f"{name[:1].lower()}{name[1:]}"
        if raw is not None:
            parameters[name] = reading.take(member, raw, at)
        elif shape is not None and name in shape.required_members:
            placed.missing(at)
    if placed.problems:
        raise Declined("BadRequestException", sentence(placed.problems))
    return Request(service=models.V2, operation=found.operation, parameters=parameters)


def _body(call: Call) -> Mapping[str, object]:
    if not call.body.strip():
        return {}
    try:
        document = json.loads(call.body)
    except ValueError as error:
        raise Declined("SerializationException", "The body is not JSON.") from error
    if not isinstance(document, dict):
        raise Declined("SerializationException", "The body is not a JSON object.")
    return document


def _placed(call: Call, parts: Mapping[str, str], member: Shape) -> object:
    """Return what the path or the query string holds for a member, None if nothing."""
    name = member.serialization.get("name", "")
    if member.serialization["location"] == "uri":
        return parts.get(name)
    values = parse_qs(call.query_string, keep_blank_values=True).get(name, [])
    if isinstance(member, ListShape):
        return values or None
    return values[-1] if values else None


def _read_v1(call: Call) -> Request:
    form = dict(parse_qsl(call.body.decode("utf-8", "replace"), keep_blank_values=True))
    form = form or dict(parse_qsl(call.query_string, keep_blank_values=True))
    action = form.get("Action", "")
    operation = models.operation_of_v1(action)
    if operation is None:
        text = f"Could not find operation {action} for version {form.get('Version', 'NO_VERSION')}"
        raise Declined("InvalidAction", text)
    reading = Reading(text=True)
    shape = operation.input_shape
    raw = _nested(shape, "", form) if shape is not None else {}
    taken = reading.take(shape, raw or {}, "") if shape is not None else {}
    if reading.problems:
        raise Declined("ValidationError", sentence(reading.problems))
    return Request(service=models.V1, operation=operation, parameters=cast("Parameters", taken))


def _nested(shape: Shape, prefix: str, form: Mapping[str, str]) -> object:
    """Return what a form's flattened names under a prefix hold, None if nothing."""
    if isinstance(shape, StructureShape):
        dot = f"{prefix}." if prefix else ""
        members = ((name, _nested(one, dot + name, form)) for name, one in shape.members.items())
        return {name: value for name, value in members if value is not None} or None
    if isinstance(shape, ListShape):
        start = f"{prefix}.member."
        heads = {key[len(start) :].partition(".")[0] for key in form if key.startswith(start)}
        numbers = sorted(int(head) for head in heads if head.isdecimal())
        listed = [_nested(shape.member, f"{start}{number}", form) for number in numbers]
        return listed if listed or prefix in form else None
    return form.get(prefix)


def _modelled(service: str, declined: Declined) -> tuple[str, int]:
    """Return the code and the status that the model has for an error, else its own."""
    for shape in models.model_of(service).error_shapes:
        facts = shape.metadata.get("error", {})
        code = facts.get("code", shape.name)
        if declined.code in {shape.name, code}:
            return code, facts.get("httpStatusCode", declined.status)
    return declined.code, declined.status


def _json(
    status: int, document: object, request_id: str, headers: Mapping[str, str] | None = None
) -> Answer:
    kept = {"Content-Type": "application/json", "x-amzn-RequestId": request_id}
    return Answer(
        status=status, headers={**kept, **(headers or {})}, body=json.dumps(document).encode()
    )


def _xml(status: int, name: str, inside: str, request_id: str) -> Answer:
    namespace = models.model_of(models.V1).metadata["xmlNamespace"]
    return Answer(
        status=status,
        headers={"Content-Type": "text/xml", "x-amzn-RequestId": request_id},
        body=f'<{name} xmlns="{namespace}">{inside}</{name}>'.encode(),
    )

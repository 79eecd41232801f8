"""An error of AWS in the shape of the service's own protocol."""

from __future__ import annotations

import json
from xml.sax.saxutils import escape

from sesauditd.sandbox.calls import Answer, Call

REQUEST_ID = "5a4db0c5-0000-4000-8000-000000000000"
_FIRST_SERVER_ERROR = 500


def refusal(call: Call, code: str, message: str, *, status: int = 400) -> Answer:
    """Return the error as the client's SDK reads it."""
    if call.headers.get("smithy-protocol") == "rpc-v2-cbor":
        return _cbor(code, message, status)
    if "x-amz-target" in call.headers:
        kind = f"com.amazonaws.{call.service}#{code}"
        return _json({"__type": kind, "message": message}, {}, status)
    if call.path.startswith("/v2/email/"):
        return _json({"message": message}, {"x-amzn-ErrorType": code}, status)
    return _xml(call.service, code, message, status)


def _json(document: object, headers: dict[str, str], status: int) -> Answer:
    return Answer(
        status=status,
        headers={
            "Content-Type": "application/x-amz-json-1.0",
            "x-amzn-RequestId": REQUEST_ID,
            **headers,
        },
        body=json.dumps(document).encode(),
    )


def _xml(service: str, code: str, message: str, status: int) -> Answer:
    said = f"<Code>{escape(code)}</Code><Message>{escape(message)}</Message>"
    request = f"<RequestId>{REQUEST_ID}</RequestId>"
    if service == "s3":
        text = f"<Error>{said}{request}</Error>"
    else:
        kind = "Receiver" if status >= _FIRST_SERVER_ERROR else "Sender"
        error = f"<Error><Type>{kind}</Type>{said}</Error>"
        text = f"<ErrorResponse>{error}{request}</ErrorResponse>"
    body = f'<?xml version="1.0" encoding="UTF-8"?>\n{text}'.encode()
    return Answer(status=status, headers={"Content-Type": "text/xml"}, body=body)


def _cbor(code: str, message: str, status: int) -> Answer:
    """Return a CBOR map of two texts (RFC 8949, major types 3 and 5)."""
    pairs = (("__type", f"com.amazonaws#{code}"), ("message", message))
    body = b"\xa2" + b"".join(_cbor_text(text) for pair in pairs for text in pair)
    headers = {"Content-Type": "application/cbor", "smithy-protocol": "rpc-v2-cbor"}
    return Answer(status=status, headers=headers, body=body)


def _cbor_text(text: str) -> bytes:
    encoded = text.encode()
    return b"\x7a" + len(encoded).to_bytes(4, "big") + encoded

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import botocore.session
import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders
from botocore.config import Config

from sesauditd.sandbox.calls import Answer, Call
from sesauditd.sandbox.ses.api import Api
from sesauditd.sandbox.ses.state import Ses

if TYPE_CHECKING:
    from sesauditd.sandbox.mail.outgoing import Outgoing
    from sesauditd.sandbox.mail.refusals import Refusal

START = datetime(2026, 11, 2, 9, tzinfo=UTC)
CUSTOMERS_KEY = "AKIACUSTOMER00000001"


@dataclass
class Dns:
    """Records by name and type; a test puts what it wants to be found."""

    held: dict[tuple[str, str], list[str]] = field(default_factory=dict)

    def __call__(self, name: str, kind: str) -> Sequence[str]:
        return self.held.get((name, kind), [])


@dataclass
class Board:
    """Topics that take messages, and what was published to them."""

    closed: set[str] = field(default_factory=set)
    published: list[tuple[str, str, str]] = field(default_factory=list)

    def publish(
        self, topic_arn: str, message: str, *, source_arn: str, subject: str | None, at: datetime
    ) -> bool:
        if topic_arn in self.closed:
            return False
        self.published.append((topic_arn, message, source_arn))
        return True


@dataclass
class Postbox:
    """Takes messages, or refuses all of them with one refusal."""

    taken: list[Outgoing] = field(default_factory=list)
    refusal: Refusal | None = None

    def send(self, outgoing: Outgoing) -> str:
        if self.refusal is not None:
            raise self.refusal
        self.taken.append(outgoing)
        return f"message-{len(self.taken)}"


@dataclass(frozen=True)
class Key:
    user: str


class Keys:
    def credential(self, access_key_id: str) -> Key | None:
        return Key("bakery") if access_key_id == CUSTOMERS_KEY else None


class World:
    """One account's SES with a clock that a test moves."""

    def __init__(self) -> None:
        self.now = START
        self.dns, self.board, self.postbox = Dns(), Board(), Postbox()
        self.ses = Ses(clock=lambda: self.now, records=self.dns)
        self.api = Api(self.ses, self.postbox, self.board, Keys())

    def answer(self, call: Call) -> Answer:
        return asyncio.run(self.api.answer(call))

    def pass_time(self, span: timedelta) -> None:
        self.now += span


class _Raw(io.BytesIO):
    def stream(self, **_rest: object) -> Iterator[bytes]:
        yield self.read()


class Wire:
    """Carries what botocore's clients send to a world, in place of a network."""

    world: World

    def carry(self, request: AWSPreparedRequest, **_rest: object) -> AWSResponse:
        answered = self.world.answer(call_of(request))
        headers = HTTPHeaders()
        for name, value in answered.headers.items():
            headers[name] = value
        return AWSResponse(request.url, answered.status, headers, _Raw(answered.body))


def call_of(request: Any) -> Call:
    url = urlsplit(request.url)
    body = request.body or b""
    signed = request.headers["Authorization"]
    signed = signed.decode() if isinstance(signed, bytes) else signed
    return Call(
        service="ses",
        method=request.method,
        path=url.path,
        query_string=url.query,
        headers={name.lower(): str(value) for name, value in request.headers.items()},
        body=body.encode() if isinstance(body, str) else body,
        access_key_id=signed.partition("Credential=")[2].partition("/")[0],
    )


@pytest.fixture(scope="session")
def wire() -> Wire:
    return Wire()


@pytest.fixture(scope="session")
def clients(wire: Wire) -> Mapping[str, Any]:
    session = botocore.session.Session()

    def made(service: str, key: str) -> Any:
        client: Any = session.create_client(
            service,
            region_name="eu-central-1",
            endpoint_url="http://sandbox.invalid",
            aws_access_key_id=key,
            aws_secret_access_key="secret",
            config=Config(retries={"total_max_attempts": 1}),
        )
        client.meta.events.register("before-send", wire.carry)
        return client

    return {
        "v2": made("sesv2", "test"),
        "v1": made("ses", "test"),
        "customer": made("sesv2", CUSTOMERS_KEY),
    }


@pytest.fixture
def world(wire: Wire) -> World:
    wire.world = World()
    return wire.world


@pytest.fixture
def v2(world: World, clients: Mapping[str, Any]) -> Any:
    return clients["v2"]


@pytest.fixture
def v1(world: World, clients: Mapping[str, Any]) -> Any:
    return clients["v1"]


@pytest.fixture
def customer(world: World, clients: Mapping[str, Any]) -> Any:
    return clients["customer"]


@pytest.fixture
def refused() -> Callable[..., str]:
    """Call an operation that must fail, and return the error's code."""

    def call(operation: Callable[..., Any], **parameters: Any) -> str:
        with pytest.raises(botocore.exceptions.ClientError) as caught:
            operation(**parameters)
        return str(caught.value.response["Error"]["Code"])

    return call

"""A signature by form is the one that botocore makes of the whole request, at any time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from botocore import auth
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import ReadOnlyCredentials
from hypothesis import given
from hypothesis import strategies as st

from sesauditd.aws import signing
from sesauditd.aws.clients import connect
from sesauditd.aws.signing import Signer, signer_of
from sesauditd.aws.transport import Plain

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from sesauditd.aws.clients import Clients

HEADERS = {"Content-Type": "application/x-amz-json-1.0", "X-Amzn-Query-Mode": "true"}
MOMENTS = st.datetimes(datetime(2000, 1, 1), datetime(2099, 1, 1), timezones=st.just(UTC))
WORDS = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=40)
URLS = (
    "https://sqs.eu-central-1.amazonaws.com/",
    "https://sqs-fips.us-east-1.amazonaws.com/",
    "https://sqs.example:443/",
    "http://127.0.0.1:4566/",
    "http://[::1]:80/a b/{c}/../%7Bd%7D",
)
REGIONS = ("us-east-1", "eu-central-1", "cn-north-1", "us-gov-west-1", "eusc-de-east-1")


@dataclass(slots=True)
class Given:
    """Credentials that are what they are."""

    keys: ReadOnlyCredentials

    async def get_frozen_credentials(self) -> ReadOnlyCredentials:
        return self.keys


@given(
    url=st.sampled_from(URLS),
    secret=WORDS,
    token=st.none() | WORDS,
    now=MOMENTS,
    target=st.sampled_from(("AmazonSQS.ReceiveMessage", "AmazonSQS.DeleteMessageBatch")),
    body=st.binary(max_size=200),
)
def test_the_signature_is_botocores_own(
    url: str, secret: str, token: str | None, now: datetime, target: str, body: bytes
) -> None:
    keys = ReadOnlyCredentials("AKIDEXAMPLE", secret, token)
    signer = Signer(url, "sqs", "eu-central-1", HEADERS, Given(keys))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(signing, "get_current_datetime", lambda: now)
        patch.setattr(auth, "get_current_datetime", lambda: now)
        ours = at_once(signer.signed(target, body))
        whole = AWSRequest("POST", url, headers={**HEADERS, "X-Amz-Target": target}, data=body)
        SigV4Auth(keys, "sqs", "eu-central-1").add_auth(whole)
    assert ours == dict(whole.headers.items())


def at_once(answer: Awaitable[dict[str, str]]) -> dict[str, str]:
    """Return what is awaited and never waits."""
    try:
        next(answer.__await__())
    except StopIteration as end:
        found: dict[str, str] = end.value
        return found
    raise AssertionError("it waited")


@pytest.mark.parametrize(
    ("setting", "region"),
    [
        *(("", region) for region in REGIONS),
        *(("AWS_USE_FIPS_ENDPOINT", region) for region in REGIONS),
        *(("AWS_USE_DUALSTACK_ENDPOINT", region) for region in REGIONS),
    ],
)
async def test_both_ask_at_the_same_address(
    monkeypatch: pytest.MonkeyPatch, setting: str, region: str
) -> None:
    if setting:
        monkeypatch.setenv(setting, "true")
    async with connect(region=region, account_id="1") as clients:
        assert signer_of(clients.sqs.client, None).url == await _asked(clients)


@pytest.mark.parametrize("path", ["", "/", "/behind", "/behind/"])
async def test_an_address_of_ones_own_is_taken_as_it_is(path: str) -> None:
    url = f"http://127.0.0.1:4566{path}"
    async with connect(region="eu-central-1", account_id="1", endpoint_url=url) as clients:
        assert signer_of(clients.sqs.client, None).url == await _asked(clients)


class _Nothing:
    """An answer that never was on a wire."""

    status_code = 200

    @property
    def headers(self) -> dict[str, str]:
        return {}

    @property
    async def content(self) -> bytes:
        return b"{}"


async def _asked(clients: Clients) -> str:
    """Return where aiobotocore's own client sends a request, which goes nowhere."""
    urls = []

    def caught(request: Any, **_: object) -> _Nothing:
        urls.append(str(request.url))
        return _Nothing()

    catch: Any = caught
    clients.sqs.client.meta.events.register("before-send.sqs", catch)
    await Plain(clients.sqs).receive({"QueueUrl": "https://sqs.example/1/feedback"})
    return urls[0]

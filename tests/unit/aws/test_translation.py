"""An error of the libraries becomes one of the program's, in words fit for a log."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import aiohttp
import pytest
from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    CredentialRetrievalError,
    EndpointConnectionError,
    NoCredentialsError,
    ParamValidationError,
)
from botocore.parsers import ResponseParserError

from sesauditd.aws.errors import Stake, saying, translated
from sesauditd.errors import Failed, Forbidden, Missing, Unavailable, Uncertain

if TYPE_CHECKING:
    from collections.abc import Mapping

RESET_HALF_WAY = EndpointConnectionError(
    endpoint_url="https://x", error=aiohttp.ClientOSError(104, "reset")
)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (NoCredentialsError(), Forbidden),
        (CredentialRetrievalError(provider="iam-role", error_msg="away"), Uncertain),
        (ConnectTimeoutError(endpoint_url="https://x"), Unavailable),
        (RESET_HALF_WAY, Uncertain),
        (ParamValidationError(report="no"), Forbidden),
        (TimeoutError(), Uncertain),
        (ConnectionResetError(), Uncertain),
        (ClientError({}, "Nothing"), Uncertain),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_the_libraries_raise_becomes_ours(error: Exception, expected: type[Failed]) -> None:
    assert type(translated(error, "SES X", Stake.CHANGE)) is expected


def test_foreign_words_are_short_printable_and_name_nobody() -> None:
    text = saying("no\n\x1b[31m \ud800 Bob.Miller@example.com <x@y.org>" + "!" * 999)
    assert text.startswith("no [31m B***@example.com <x***@y.org>!!")
    assert len(text) == 300


@pytest.mark.parametrize(
    ("status", "expected"),
    [(301, Forbidden), (400, Forbidden), (404, Missing), (429, Unavailable), (503, Unavailable)],
)
def test_an_unknown_code_is_judged_by_its_status(status: int, expected: type[Failed]) -> None:
    assert type(translated(_answered({}, status), "SES X", Stake.CHANGE)) is expected


def test_what_is_denied_is_to_be_allowed() -> None:
    denied = _answered({"Code": "AccessDeniedException", "Message": "bob@x.org may not"}, 403)
    said = str(translated(denied, "SES GetAccount", Stake.NOTHING))
    assert said == (
        "SES GetAccount: AccessDeniedException: b***@x.org may not; "
        "allow it in the IAM policies of the caller, as docs/iam does"
    )


def test_an_answer_that_cannot_be_read_is_not_repeated() -> None:
    unread = ResponseParserError("<SecretAccessKey>hidden")
    assert "hidden" not in str(translated(unread, "IAM CreateAccessKey", Stake.CHANGE))


def test_a_long_word_costs_no_time() -> None:
    assert len(saying("a" * 1_000_000)) == 300


def _answered(error: Mapping[str, str], status: int) -> ClientError:
    response: Any = {"Error": error, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(response, "X")

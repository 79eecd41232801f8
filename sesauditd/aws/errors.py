"""Everything that can go wrong between here and AWS, translated into the program's errors."""

from __future__ import annotations

import re
import socket
from contextlib import contextmanager
from enum import IntEnum
from typing import TYPE_CHECKING, Final

import aiohttp
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ParamValidationError,
    PartialCredentialsError,
    ProxyConnectionError,
    SSLError,
)
from botocore.parsers import ResponseParserError

from sesauditd.errors import Failed, Forbidden, Missing, Unavailable, Uncertain

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

LONGEST_SAYING: Final = 300
FIRST_REDIRECT: Final = 300
FIRST_FAULT: Final = 500
NOT_FOUND: Final = 404
BUSY_STATUSES: Final = frozenset({408, 429})
OVERLOADED: Final = 503

NONSENSE: Final = (
    ArithmeticError,
    AttributeError,
    LookupError,
    RuntimeError,
    TypeError,
    ValueError,
)
"""What parsers raise at a corrupted answer; botocore lets all of these through (measured)."""
TROUBLE: Final = (
    BotoCoreError,
    ClientError,
    ResponseParserError,
    aiohttp.ClientError,
    OSError,
    *NONSENSE,
)
"""Everything that a call can raise."""

MISSING: Final = frozenset({"NonExistentQueue", "QueueDoesNotExist"})
CONFLICTS: Final = frozenset(
    {
        "412",
        "AlreadyExistsException",
        "BucketAlreadyOwnedByYou",
        "ConditionalRequestConflict",
        "EntityAlreadyExists",
        "InvalidChangeBatch",
        "PreconditionFailed",
        "QueueAlreadyExists",
        "QueueNameExists",
    }
)
EXPIRED: Final = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired"})
BUSY: Final = frozenset(
    {
        "ConcurrentModification",
        "ConcurrentModificationException",
        "EntityTemporarilyUnmodifiable",
        "OperationAborted",
        "OverLimit",
        "PriorRequestNotComplete",
        "QueueDeletedRecently",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestTimeout",
        "SlowDown",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)
STRANGERS: Final = frozenset(
    {
        "AuthFailure",
        "IncompleteSignature",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    }
)
ADVICE: Final[Mapping[str, str]] = {
    "AccessDenied": "allow it in the IAM policies of the caller, as docs/iam does",
    "AccountSuspendedException": "AWS has suspended the account's sending: see the SES console",
    "LimitExceeded": "ask AWS for a higher quota or remove what is not used",
    "LimitExceededException": "ask AWS for a higher quota or remove what is not used",
    "MailFromDomainNotVerifiedException": "verify the sending domain with SES",
    "MessageRejected": "verify the sender with SES, or leave its sandbox",
    "RequestTimeTooSkewed": "set this machine's clock",
    "SendingPausedException": "sending is paused for the account: see the SES console",
}
_DENIED = re.compile(r"AccessDenied|AuthorizationError|UnauthorizedOperation|^403$")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")
_LOCAL_PART = re.compile(r"([^\s@<\"'])[^\s@<\"']*@")


class Conflict(Failed):
    """What is there already is in the way of the request; `code` says how."""

    def __init__(self, message: str, code: str) -> None:
        super().__init__(message)
        self.code = code


class Stake(IntEnum):
    """What a lost answer may hide."""

    NOTHING = 0
    """A question."""
    CHANGE = 1
    """A change that may be repeated: the answer of the last attempt is what counts."""
    MAIL = 2
    """What must not be done twice, a mail or a key: only a refusal says that it was not done."""


def translated(error: BaseException, asked: str, stake: Stake) -> Failed:
    """Return the program's error for what a call of AWS raised; `asked` names the operation.

    A lost answer is Unavailable when nothing is at stake, else Uncertain.
    """
    if isinstance(error, ClientError):
        return _of_answer(error, asked, stake)
    # What a parser says can hold the answer itself, with a secret in it.
    said = saying(str(error)) if isinstance(error, BotoCoreError) else type(error).__name__
    if isinstance(error, NoCredentialsError | PartialCredentialsError):
        return Forbidden(f"{asked}: no credentials for AWS; give this process a role or a key")
    if isinstance(error, ParamValidationError):
        return Forbidden(f"{asked}: this cannot be asked: {said}")
    if stake and not never_sent(error):
        return Uncertain(f"{asked}: the answer was lost ({said}); look whether it was done")
    return Unavailable(f"{asked}: no answer from AWS ({said}); look at the network if it stays so")


def never_sent(error: BaseException) -> bool:
    """Return whether no byte of the request can have reached AWS.

    aiobotocore says EndpointConnectionError both when nothing listens and when the connection
    is reset half way; only the error below it tells them apart.
    """
    if isinstance(error, EndpointConnectionError):
        below = error.kwargs.get("error")
        return isinstance(below, aiohttp.ClientConnectorError | socket.gaierror)
    return isinstance(error, ConnectTimeoutError | ProxyConnectionError | SSLError)


def truncated(asked: str, member: str) -> Unavailable:
    """Return the error for an answer without a member that AWS always sends.

    botocore reads a JSON answer that was cut off as an empty one.
    """
    return Unavailable(
        f"{asked}: a truncated answer without {member}; the same may go through later"
    )


@contextmanager
def reading(asked: str) -> Iterator[None]:
    """Take what an answer says: a part that is missing or odd makes it a truncated one."""
    try:
        yield
    except NONSENSE as error:
        raise truncated(asked, saying(str(error)) or "sense") from error


def saying(text: str) -> str:
    """Return foreign words fit for one line of a log: short, printable, addresses redacted."""
    # Cut first: the search for addresses takes the square of the length.
    start = _CONTROL.sub(" ", text[: 3 * LONGEST_SAYING])
    line = " ".join(_LOCAL_PART.sub(r"\1***@", start).split())
    return line if len(line) <= LONGEST_SAYING else line[: LONGEST_SAYING - 3] + "..."


def _of_answer(error: ClientError, asked: str, stake: Stake) -> Failed:
    # SQS puts its old name before some codes: AWS.SimpleQueueService.NonExistentQueue.
    code = str(error.response.get("Error", {}).get("Code", "")).rpartition(".")[2] or "no code"
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    said = f"{asked}: {saying(code)}: {saying(error.response.get('Error', {}).get('Message', ''))}"
    if code in MISSING or status == NOT_FOUND:
        return Missing(f"{said}; check its name, the region and the account")
    if code in CONFLICTS:
        return Conflict(said, code)
    if code in EXPIRED:
        return Unavailable(f"{said}; the credentials have expired: renew them")
    overloaded = status == OVERLOADED and stake is not Stake.MAIL
    if code in BUSY or status in BUSY_STATUSES or overloaded:
        return Unavailable(f"{said}; AWS is busy, the same goes through later")
    if not FIRST_REDIRECT <= status < FIRST_FAULT:
        kind = Uncertain if stake else Unavailable
        return kind(f"{said}; AWS failed with {status}, look again later")
    return Forbidden(f"{said}; {_advice(code)}", code)


def _advice(code: str) -> str:
    if code in STRANGERS:
        return "check the access key, its secret and this machine's clock"
    known = "AccessDenied" if _DENIED.search(code) else code
    return ADVICE.get(known, "AWS refuses this until something is changed")

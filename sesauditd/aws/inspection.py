"""A look at one account, each thing asked for once: for who examines an installation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Final

from botocore import xform_name
from botocore.exceptions import ClientError

from sesauditd.aws.account import caller
from sesauditd.aws.destinations import destinations
from sesauditd.aws.errors import TROUBLE, reading
from sesauditd.aws.mail import Mail
from sesauditd.aws.users import Users
from sesauditd.errors import Missing

if TYPE_CHECKING:
    from sesauditd.aws.clients import Clients
    from sesauditd.model.plan import JSON, Document

DATE: Final = "date"
QUEUE_FACTS: Final = ("ApproximateNumberOfMessages", "MessageRetentionPeriod")


class Inspection:
    """Reads of SES, SQS, IAM and STS; nothing is changed."""

    def __init__(self, clients: Clients) -> None:
        self._clients = clients
        self._ses = clients.sesv2
        self._sqs = clients.sqs
        self._users = Users(clients)

    async def caller(self) -> str:
        """Return the account id of the credentials: STS GetCallerIdentity.

        Raises Unavailable or Forbidden.
        """
        return await caller(self._clients)

    async def time(self) -> datetime | None:
        """Return what time it is at AWS, from the Date header of any answer, also a refusal's.

        None if there was no answer. To a second; STS GetCallerIdentity.
        """
        ask = getattr(self._clients.sts.client, xform_name("GetCallerIdentity"))
        try:
            return _date(await ask())
        except ClientError as error:
            return _date(error.response)
        except TROUBLE:
            return None

    async def account(self) -> Document:
        """Return how SES sees the account: SES GetAccount. Raises Unavailable or Forbidden."""
        found = await Mail(self._clients).account()
        return {
            "production": found.production,
            "enforcement": found.enforcement,
            "sending_enabled": found.sending_enabled,
            "max_per_second": found.max_per_second,
            "suppressed_reasons": sorted(found.suppressed_reasons),
        }

    async def identity(self, name: str) -> Document | None:
        """Return an identity with all that SES says of its records: SES GetEmailIdentity.

        Raises Unavailable or Forbidden.
        """
        try:
            answer = await self._ses.ask(
                "GetEmailIdentity", ("VerifiedForSendingStatus",), EmailIdentity=name
            )
        except Missing:
            return None
        with reading("SES GetEmailIdentity"):
            mail_from = answer.get("MailFromAttributes") or {}
            return {
                "configuration_set": answer.get("ConfigurationSetName"),
                "verified": bool(answer["VerifiedForSendingStatus"]),
                "status": str(answer.get("VerificationStatus") or ""),
                "error": str((answer.get("VerificationInfo") or {}).get("ErrorType") or ""),
                "dkim": str((answer.get("DkimAttributes") or {}).get("Status") or ""),
                "mail_from": str(mail_from.get("MailFromDomainStatus") or "")
                if mail_from.get("MailFromDomain")
                else "",
            }

    async def destinations(self, configuration_set: str) -> Sequence[Document]:
        """Return all event destinations of a set. Raises Unavailable or Forbidden."""
        return await destinations(self._ses, configuration_set)

    async def waiting(self, queue: str) -> Document | None:
        """Return how much lies in a queue and how long it is kept, None without such a queue.

        SQS GetQueueUrl, GetQueueAttributes. Raises Unavailable or Forbidden.
        """
        try:
            found = await self._sqs.ask("GetQueueUrl", ("QueueUrl",), QueueName=queue)
            answer = await self._sqs.ask(
                "GetQueueAttributes",
                ("Attributes",),
                QueueUrl=found["QueueUrl"],
                AttributeNames=list(QUEUE_FACTS),
            )
        except Missing:
            return None
        with reading("SQS GetQueueAttributes"):
            waiting, kept = (int(answer["Attributes"][name]) for name in QUEUE_FACTS)
        return {"name": queue, "waiting": waiting, "kept_seconds": kept}

    async def user(self, name: str) -> Document | None:
        """Return an IAM user, None if there is none: IAM GetUser. Raises as the others."""
        return await self._users.user(name)

    async def keys(self, user: str) -> Mapping[str, bool]:
        """Return whether each access key of a user is active: IAM ListAccessKeys.

        Raises Unavailable, Forbidden or Missing.
        """
        return {key.id: key.active for key in await self._users.keys(user)}

    async def policies(self, user: str) -> Sequence[Document]:
        """Return all statements that hold for a user: its own, and those of its policies.

        IAM ListUserPolicies, GetUserPolicy, ListAttachedUserPolicies, GetPolicy,
        GetPolicyVersion. Those of groups are left out: a customer's user is in none.
        Raises Unavailable, Forbidden or Missing.
        """
        documents = [
            await self._users.inline_policy(user, name)
            for name in await self._users.inline_policies(user)
        ]
        documents += [await self._users.policy(arn) for arn in await self._users.attached(user)]
        return [one for document in documents if document for one in _statements(document)]


def _statements(document: Mapping[str, JSON]) -> Sequence[Document]:
    given = document.get("Statement", ())
    listed = given if isinstance(given, Sequence) else (given,)
    return [one for one in listed if isinstance(one, Mapping)]


def _date(answer: Mapping[str, Any]) -> datetime | None:
    metadata = answer.get("ResponseMetadata")
    headers = metadata.get("HTTPHeaders") if isinstance(metadata, Mapping) else None
    said = headers.get(DATE) if isinstance(headers, Mapping) else None
    try:
        return None if said is None else parsedate_to_datetime(str(said)).astimezone(UTC)
    except ValueError:
        return None

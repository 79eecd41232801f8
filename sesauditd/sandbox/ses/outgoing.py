"""SendEmail and SendRawEmail as messages for the sending side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import getaddresses
from typing import TYPE_CHECKING

from sesauditd.sandbox.mail.outgoing import Door, Outgoing
from sesauditd.sandbox.ses.declined import Declined, bad_request

if TYPE_CHECKING:
    from sesauditd.sandbox.ses.reading import Parameters

FIELDS = ("To", "Cc", "Bcc")


def of_v2(parameters: Parameters, user: str | None) -> Outgoing:
    """Return what SendEmail asks for, Raw or Simple; headers stand in for what is left out.

    Raises:
        Declined: not exactly one kind of content, a template, or nobody to send from.
    """
    content, destination = parameters["Content"], parameters.get("Destination") or {}
    if len(content) != 1 or "Template" in content:
        raise bad_request("Content must be either Raw or Simple.")
    lists = {name: destination.get(f"{name}Addresses") or [] for name in FIELDS}
    given = [one for name in FIELDS for one in lists[name]]
    sender = parameters.get("FromEmailAddress")
    if "Raw" in content:
        raw = content["Raw"]["Data"]
    else:
        raw = _composed(content["Simple"], parameters, lists)
    found = sender or _header(raw, "From")
    if not found:
        raise bad_request("The message has no sender.")
    return Outgoing(
        user=user,
        sender=found,
        recipients=_plain(given) or _recipients(raw),
        raw=raw,
        api=Door.V2,
        configuration_set=parameters.get("ConfigurationSetName"),
        tenant=parameters.get("TenantName"),
        tags=_tags(parameters.get("EmailTags")),
    )


def of_v1(parameters: Parameters, user: str | None) -> Outgoing:
    """Return what SendRawEmail asks for; headers stand in for what is left out.

    Raises:
        Declined: nobody to send from.
    """
    raw = parameters["RawMessage"]["Data"]
    sender = parameters.get("Source") or _header(raw, "From")
    if not sender:
        raise Declined("InvalidParameterValue", "Missing required header 'From'.")
    return Outgoing(
        user=user,
        sender=sender,
        recipients=_plain(parameters.get("Destinations") or []) or _recipients(raw),
        raw=raw,
        api=Door.V1,
        configuration_set=parameters.get("ConfigurationSetName"),
        tags=_tags(parameters.get("Tags")),
    )


def _composed(
    simple: Parameters, parameters: Parameters, lists: Mapping[str, Sequence[str]]
) -> bytes:
    message = EmailMessage(policy=policy.SMTP)
    message["From"] = parameters.get("FromEmailAddress") or ""
    for name in ("To", "Cc"):
        if lists[name]:
            message[name] = ", ".join(lists[name])
    if parameters.get("ReplyToAddresses"):
        message["Reply-To"] = ", ".join(parameters["ReplyToAddresses"])
    message["Subject"] = simple["Subject"]["Data"]
    for one in simple.get("Headers") or ():
        message[one["Name"]] = one["Value"]
    _fill(message, simple["Body"])
    for one in simple.get("Attachments") or ():
        maintype, _, subtype = (one.get("ContentType") or "application/octet-stream").partition("/")
        message.add_attachment(
            one["RawContent"], maintype=maintype, subtype=subtype, filename=one["FileName"]
        )
    return message.as_bytes()


def _fill(message: EmailMessage, body: Parameters) -> None:
    text, html = body.get("Text"), body.get("Html")
    if text is None and html is None:
        raise bad_request("The message's body has neither text nor HTML.")
    if text is not None:
        message.set_content(text["Data"])
    if text is None and html is not None:
        message.set_content(html["Data"], subtype="html")
    elif html is not None:
        message.add_alternative(html["Data"], subtype="html")


def _header(raw: bytes, name: str) -> str | None:
    found = message_from_bytes(raw).get(name)
    return None if found is None else str(found)


def _recipients(raw: bytes) -> Sequence[str]:
    message = message_from_bytes(raw)
    return _plain([str(one) for name in FIELDS for one in message.get_all(name, [])])


def _plain(given: Sequence[str]) -> Sequence[str]:
    """Return addresses without the names that may stand before them."""
    return [address for _name, address in getaddresses(list(given)) if address]


def _tags(given: Sequence[Mapping[str, str]] | None) -> Mapping[str, Sequence[str]]:
    return {one["Name"]: [one["Value"]] for one in given or ()}

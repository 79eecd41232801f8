"""Which permissions AWS asks for, and on what, before it does what a call wants."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from email.utils import parseaddr
from typing import TYPE_CHECKING
from urllib.parse import unquote

from sesauditd.sandbox.naming import whole_parameters_of
from sesauditd.sandbox.statements import Request

if TYPE_CHECKING:
    from sesauditd.sandbox.calls import Call

ANYTHING = "*"
"""The resource of actions that know none."""
S3_ACTIONS = {
    "HeadObject": "GetObject",
    "HeadBucket": "ListBucket",
    "ListObjects": "ListBucket",
    "ListObjectsV2": "ListBucket",
    "GetPublicAccessBlock": "GetBucketPublicAccessBlock",
    "PutPublicAccessBlock": "PutBucketPublicAccessBlock",
    "GetBucketEncryption": "GetEncryptionConfiguration",
    "PutBucketEncryption": "PutEncryptionConfiguration",
    "GetBucketLifecycleConfiguration": "GetLifecycleConfiguration",
    "PutBucketLifecycleConfiguration": "PutLifecycleConfiguration",
}
"""Permissions of S3 whose names are not those of the operations."""
SQS_ACTIONS = {
    "DeleteMessageBatch": "DeleteMessage",
    "ChangeMessageVisibilityBatch": "ChangeMessageVisibility",
    "SendMessageBatch": "SendMessage",
}
BOUNDED = frozenset(
    {
        "AttachUserPolicy",
        "CreateUser",
        "DeleteUserPolicy",
        "DetachUserPolicy",
        "PutUserPermissionsBoundary",
        "PutUserPolicy",
    }
)
"""Actions of IAM that know `iam:PermissionsBoundary`."""
ALSO_TAGS = {
    "CreateUser": "TagUser",
    "CreatePolicy": "TagPolicy",
    "CreateTopic": "TagResource",
    "CreateQueue": "TagQueue",
    "CreateConfigurationSet": "TagResource",
    "CreateEmailIdentity": "TagResource",
    "CreateTenant": "TagResource",
}
"""Who makes something with tags also needs this."""
FREE = frozenset({"GetCallerIdentity"})
"""Everybody may ask who they are."""

_SES_PATH = re.compile(r"/v2/email/(?P<kind>identities|configuration-sets)/(?P<name>[^/]+)")
_SES_KINDS = {"identities": "identity", "configuration-sets": "configuration-set"}
_RECORD_TYPE = re.compile(rb"<Type>([A-Z]+)</Type>")
_RECORD_ACTION = re.compile(rb"<Action>([A-Z]+)</Action>")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the calls are made, and what IAM knows of users: their paths and boundaries."""

    account_id: str
    region: str
    paths: Callable[[], Mapping[str, str]] = field(default=dict)
    boundaries: Mapping[str, str] = field(default_factory=dict)

    def arn(self, service: str, name: str) -> str:
        """Return an ARN of this account and region."""
        return f"arn:aws:{service}:{self.region}:{self.account_id}:{name}"


def requests_of(call: Call, place: Place) -> Sequence[Request]:
    """Return what has to be allowed, all of it; nothing for what is free."""
    operation = call.operation or "unknown"
    if operation in FREE:
        return ()
    given = whole_parameters_of(call)
    asked = _OF_SERVICES.get(call.service, _others)(call, operation, given, place)
    return [*asked, *_tagging(call, operation, given, asked)]


def _tagging(
    call: Call, operation: str, given: Mapping[str, str], asked: Sequence[Request]
) -> Iterator[Request]:
    tagged = any(name.lower().startswith("tags") for name, value in given.items() if value)
    if operation in ALSO_TAGS and tagged and asked:
        first = asked[0]
        action = f"{call.service}:{ALSO_TAGS[operation]}"
        yield Request(action=action, resource=first.resource, context=first.context)


def _sqs(_call: Call, operation: str, given: Mapping[str, str], place: Place) -> Sequence[Request]:
    name = given.get("QueueName") or given.get("QueueUrl", "").rpartition("/")[2]
    action = f"sqs:{SQS_ACTIONS.get(operation, operation)}"
    return [Request(action=action, resource=place.arn("sqs", name) if name else ANYTHING)]


def _sns(_call: Call, operation: str, given: Mapping[str, str], place: Place) -> Sequence[Request]:
    arn = given.get("TopicArn") or given.get("ResourceArn")
    if arn is None and "Name" in given:
        arn = place.arn("sns", given["Name"])
    return [Request(action=f"sns:{operation}", resource=arn or ANYTHING)]


def _s3(call: Call, operation: str, _given: Mapping[str, str], _place: Place) -> Sequence[Request]:
    name = unquote(call.path).lstrip("/")
    resource = f"arn:aws:s3:::{name.rstrip('/')}" if name else ANYTHING
    return [Request(action=f"s3:{S3_ACTIONS.get(operation, operation)}", resource=resource)]


def _iam(_call: Call, operation: str, given: Mapping[str, str], place: Place) -> Sequence[Request]:
    context: dict[str, Sequence[str]] = {}
    user = given.get("UserName")
    bounds = given.get("PermissionsBoundary") or place.boundaries.get(user or "")
    if operation in BOUNDED and bounds:
        context["iam:PermissionsBoundary"] = [bounds]
    if "PolicyArn" in given and user is not None:
        context["iam:PolicyARN"] = [given["PolicyArn"]]
    return [Request(action=f"iam:{operation}", resource=_iam_arn(given, place), context=context)]


def _iam_arn(given: Mapping[str, str], place: Place) -> str:
    start = f"arn:aws:iam::{place.account_id}"
    if "UserName" in given:
        name = given["UserName"]
        path = place.paths().get(name, given.get("Path", "/"))
        return f"{start}:user{path}{name}"
    if "PolicyName" in given:
        return f"{start}:policy{given.get('Path', '/')}{given['PolicyName']}"
    return given.get("PolicyArn", ANYTHING)


def _ses(call: Call, operation: str, given: Mapping[str, str], place: Place) -> Sequence[Request]:
    if operation == "SendEmail":
        return _sending(given, place)
    resources = _tenants(given, place) or [given.get("ResourceArn") or _named(call, given, place)]
    asked = [Request(action=f"ses:{operation}", resource=one) for one in resources]
    if operation == "PutEmailIdentityConfigurationSetAttributes" and given.get(SET):
        asked.append(
            Request(
                action=f"ses:{operation}",
                resource=place.arn("ses", f"configuration-set/{given[SET]}"),
            )
        )
    return asked


SET = "ConfigurationSetName"


def _tenants(given: Mapping[str, str], place: Place) -> Sequence[str]:
    """Return the tenant that a call names and what it joins or leaves, each asked about.

    The last part of a tenant's ARN is SES's own and unknown before it is made, so that policies
    have to leave it open (ses-facts 3, 10).
    """
    name = given.get("TenantName")
    if not name:
        return ()
    joined = [given["ResourceArn"]] if given.get("ResourceArn") else []
    return [place.arn("ses", f"tenant/{name}/tn-0"), *joined]


def _named(call: Call, given: Mapping[str, str], place: Place) -> str:
    found = _SES_PATH.match(call.path)
    if found is not None:
        kind = _SES_KINDS[found["kind"]]
        return place.arn("ses", f"{kind}/{unquote(found['name'])}")
    if call.method == "POST" and "EmailIdentity" in given:
        return place.arn("ses", f"identity/{given['EmailIdentity']}")
    if call.method == "POST" and call.path.endswith("/configuration-sets") and SET in given:
        return place.arn("ses", f"configuration-set/{given[SET]}")
    return ANYTHING


def _sending(given: Mapping[str, str], place: Place) -> Sequence[Request]:
    """Return what sending asks: raw content is SendRawEmail, whichever API it came by."""
    address = parseaddr(given.get("FromEmailAddress", ""))[1]
    raw = "Raw" in json.loads(given.get("Content") or "{}")
    domain = address.rpartition("@")[2]
    resources = [place.arn("ses", f"identity/{domain}")]
    if given.get(SET):
        resources.append(place.arn("ses", f"configuration-set/{given[SET]}"))
    context = {"ses:FromAddress": [address]}
    action = f"ses:Send{'Raw' if raw else ''}Email"
    return [Request(action=action, resource=one, context=context) for one in resources]


def _route53(
    call: Call, operation: str, _given: Mapping[str, str], _place: Place
) -> Sequence[Request]:
    parts = call.path.strip("/").split("/")[1:]
    context: dict[str, Sequence[str]] = {}
    if operation == "ChangeResourceRecordSets":
        for name, found in (("RecordTypes", _RECORD_TYPE), ("Actions", _RECORD_ACTION)):
            values = sorted({one.decode() for one in found.findall(call.body)})
            context[f"route53:ChangeResourceRecordSets{name}"] = values
    known = len(parts) > 1 and parts[0] in {"hostedzone", "change"}
    resource = f"arn:aws:route53:::{parts[0]}/{parts[1]}" if known else ANYTHING
    return [Request(action=f"route53:{operation}", resource=resource, context=context)]


def _others(
    call: Call, operation: str, _given: Mapping[str, str], _place: Place
) -> Sequence[Request]:
    service = "cloudwatch" if call.service == "monitoring" else call.service
    return [Request(action=f"{service}:{operation}", resource=ANYTHING)]


_OF_SERVICES: Mapping[str, Callable[[Call, str, Mapping[str, str], Place], Sequence[Request]]] = {
    "sqs": _sqs,
    "sns": _sns,
    "s3": _s3,
    "iam": _iam,
    "ses": _ses,
    "route53": _route53,
}

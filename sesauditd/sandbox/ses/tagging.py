"""Tags of identities, configuration sets and tenants: TagResource and its relatives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from sesauditd.sandbox.ses.declined import bad_request, not_found

if TYPE_CHECKING:
    from sesauditd.sandbox.ses.reading import Parameters
    from sesauditd.sandbox.ses.state import Ses
    from sesauditd.sandbox.ses.writing import Result


def tags_of(given: Sequence[Mapping[str, str]] | None) -> Mapping[str, str]:
    """Return tags as AWS lists them as a mapping.

    Raises:
        Declined: one key is given twice.
    """
    tags = {one["Key"]: one["Value"] for one in given or ()}
    if len(tags) != len(given or ()):
        raise bad_request("Tag keys must be unique.")
    return tags


def listed(tags: Mapping[str, str]) -> Sequence[Mapping[str, str]]:
    """Return tags as AWS lists them."""
    return [{"Key": key, "Value": value} for key, value in sorted(tags.items())]


def tag(ses: Ses, parameters: Parameters) -> Result:
    """TagResource: the given tags are added, a known key gets the new value."""
    arn = parameters["ResourceArn"]
    _set_tags(ses, arn, {**_tags(ses, arn), **tags_of(parameters["Tags"])})
    return {}


def untag(ses: Ses, parameters: Parameters) -> Result:
    """UntagResource: unknown keys are passed over."""
    arn = parameters["ResourceArn"]
    gone = set(parameters["TagKeys"])
    _set_tags(ses, arn, {key: one for key, one in _tags(ses, arn).items() if key not in gone})
    return {}


def list_tags(ses: Ses, parameters: Parameters) -> Result:
    """ListTagsForResource."""
    return {"Tags": listed(_tags(ses, parameters["ResourceArn"]))}


def exists(ses: Ses, arn: str) -> bool:
    """Tell whether an ARN names an identity or a configuration set of this account."""
    kind, name = parts(ses, arn)
    match kind:
        case "identity":
            return name in ses.identities
        case "configuration-set":
            return name in ses.sets
        case _:
            return False


def parts(ses: Ses, arn: str) -> tuple[str, str]:
    """Return kind and name of an ARN of this account; two empty strings for any other."""
    start = ses.arn("", "").removesuffix("/")
    if not arn.startswith(start):
        return "", ""
    kind, _, rest = arn.removeprefix(start).partition("/")
    return kind, rest.partition("/")[0] if kind == "tenant" else rest


def _tags(ses: Ses, arn: str) -> Mapping[str, str]:
    kind, name = parts(ses, arn)
    if kind == "tenant" and name in ses.tenants:
        return ses.tenants[name].tags
    if not exists(ses, arn):
        raise not_found(f"Resource <{arn}> does not exist.")
    return ses.identities[name].tags if kind == "identity" else ses.sets[name].tags


def _set_tags(ses: Ses, arn: str, tags: Mapping[str, str]) -> None:
    match parts(ses, arn):
        case "identity", name:
            ses.identities[name] = replace(ses.identities[name], tags=tags)
        case "configuration-set", name:
            ses.sets[name] = replace(ses.sets[name], tags=tags)
        case _, name:
            ses.tenants[name] = replace(ses.tenants[name], tags=tags)

"""Policy files: the limits they set, for everybody and for one customer."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import TypeAdapter, ValidationError

from sesauditd import shipped
from sesauditd.config import documents, problems
from sesauditd.config.limits_check import checked
from sesauditd.errors import Refused
from sesauditd.model.limits import Limits
from sesauditd.model.retention import least_days

if TYPE_CHECKING:
    from sesauditd.config.settings import Settings

SHIPPED = ("policy.toml", "policy-strict.toml")
FOR_ALL = ("general", "blast_radius")
"""Groups that are about the whole installation and cannot differ for one customer."""
NAME_DIGITS = 12
WITH_UNIT = {
    "rate": "rate_percent",
    "rate_percent": "rate_percent",
    "percent_of_customers": "percent_of_customers",
}
"""Keys whose value may bear a percent sign, and what they set."""
PERCENT = re.compile(r"\s*(\d+(?:\.\d+)?)\s*%\s*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Policies:
    """The limits for everybody, and those of the customers that have their own."""

    common: Limits = field(default_factory=Limits)
    own: Mapping[str, Limits] = field(default_factory=dict)

    def of(self, customer: str) -> Limits:
        """Return the limits that hold for a customer."""
        return self.own.get(customer, self.common)


def policies_of(settings: Settings) -> Policies:
    """Return the limits that the settings name; raises Refused in one line if they are wrong.

    They are, too, if any looks further back than events are kept.
    """
    common = load_limits(settings.policy.file)
    own = {
        customer: limits_for(common, policy.rules, where=f"policy.customers.{customer}.rules")
        for customer, policy in settings.policy.customers.items()
        if policy.rules
    }
    policies = Policies(common=common, own=own)
    _check_retention(settings.retention.events_days, policies)
    return policies


def _check_retention(days: int, policies: Policies) -> None:
    least, because = max(least_days(one) for one in (policies.common, *policies.own.values()))
    if days < least:
        raise Refused(
            f"retention.events_days = {days}: {because}, so the least is {least}; "
            "what is older than that is not counted any more"
        )


def load_limits(path: Path | None) -> Limits:
    """Return the limits of a policy file, of the shipped one for None.

    A file may be partial: what it leaves out is as shipped. Raises Refused in one line with
    the file and the key's name.
    """
    base = asdict(Limits())
    for file in (shipped.policy_file("policy.toml"), path):
        if file is not None:
            base = documents.merged(base, documents.read(file))
    return _validated(base, where=f"{path or 'policy.toml'}: ")


def limits_for(
    base: Limits, overrides: Mapping[str, object], *, where: str = "policy.customers.*.rules"
) -> Limits:
    """Return the limits with a customer's own numbers, `{group: {rule: {key: number}}}`.

    Raises Refused naming the key behind `where`, as for a policy file.
    """
    for group in FOR_ALL:
        if group in overrides:
            raise Refused(f"{where}.{group}: is the same for all customers; set it in policy.file")
    document = documents.merged(asdict(base), overrides)
    return _validated(document, where=f"{where}.")


@lru_cache
def policy_name(limits: Limits) -> str:
    """Return 12 hex digits that are equal for equal numbers, to store beside verdicts."""
    text = json.dumps(asdict(limits), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:NAME_DIGITS]


def found(named: Path, *, beside: Path | None) -> Path:
    """Return where a policy file stands: as named, beside the configuration, or shipped.

    Raises Refused if there is none in any of these places.
    """
    folder = beside.parent if beside is not None else Path()
    file = folder / named.expanduser()
    if file.exists():
        return file.absolute()
    if str(named) in SHIPPED:
        return Path(shipped.policy_file(str(named)))
    where = problems.one_line(str(file.absolute()))
    message = f"policy.file = {problems.shown(str(named))}: there is no file {where}"
    raise Refused(f"{message}; shipped are {' and '.join(SHIPPED)}")


def _validated(document: Mapping[str, object], *, where: str) -> Limits:
    # JSON is the form in which a strict validator still takes "fast" for a lane and an
    # array for a tuple, and refuses "5" for a number.
    text = json.dumps(_without_units(document), default=str)
    try:
        limits = _adapter().validate_json(text)
    except ValidationError as error:
        reading = problems.Reading(prefix=where, known=documents.flattened(asdict(Limits())))
        raise Refused(problems.first_line(error, reading)) from None
    return checked(limits, where=where)


def _without_units(document: Mapping[str, object]) -> dict[str, object]:
    """Return the document with `rate = "0.5 %"` as `rate_percent = 0.5`; a bare rate stays."""
    found: dict[str, object] = {}
    for key, value in document.items():
        if isinstance(value, Mapping):
            found[key] = _without_units(value)
        elif key in WITH_UNIT and (written := PERCENT.fullmatch(str(value))):
            found[WITH_UNIT[key]] = float(written[1])
        else:
            found[key] = value
    return found


@cache
def _adapter() -> TypeAdapter[Limits]:
    return TypeAdapter(Limits)

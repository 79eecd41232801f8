"""The state of SES as JSON, so that two moments can be compared."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from sesauditd.sandbox.ses.values import (
        Account,
        ConfigurationSet,
        Identity,
        Suppressed,
        Tenant,
    )

JSON: TypeAlias = (
    Mapping[str, "JSON"] | Sequence["JSON"] | Sequence[str] | str | int | float | bool | None
)


def snapshot_of(
    *,
    identities: Mapping[str, Identity],
    sets: Mapping[str, ConfigurationSet],
    lists: Mapping[str, Mapping[str, Suppressed]],
    account: Account,
    tenants: Mapping[str, Tenant],
) -> Mapping[str, JSON]:
    """Return the settings without any time; the account's own list stands under the name ""."""
    return {
        "identities": {name: plain(one) for name, one in sorted(identities.items())},
        "configuration_sets": {name: plain(one) for name, one in sorted(sets.items())},
        "suppression": {
            name: {address: str(entry.reason) for address, entry in sorted(entries.items())}
            for name, entries in sorted(lists.items())
            if entries or not name
        },
        "account": plain(account),
        "tenants": {name: plain(one) for name, one in sorted(tenants.items())},
    }


def plain(value: object) -> JSON:
    """Return a value of the state as JSON; members that are times are left out."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        members = {each.name: getattr(value, each.name) for each in dataclasses.fields(value)}
        return plain({key: one for key, one in members.items() if not key.endswith("_at")})
    if isinstance(value, Mapping):
        return {str(key): plain(one) for key, one in sorted(value.items())}
    if isinstance(value, frozenset):
        return sorted(str(one) for one in value)
    if isinstance(value, tuple | list):
        return [plain(one) for one in value]
    return _scalar(value)


def _scalar(value: object) -> JSON:
    if isinstance(value, datetime):
        return None
    if value is None or isinstance(value, bool | int | float):
        return value
    return str(value)

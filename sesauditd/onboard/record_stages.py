"""The stages of a plan that make a domain's records, or take ours away again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sesauditd.onboard import record_resources, records
from sesauditd.onboard.engine import Facts, Stage, Unknown
from sesauditd.onboard.record_resources import Group

if TYPE_CHECKING:
    from sesauditd.onboard.dns import Dns
    from sesauditd.onboard.record_resources import RecordSets
    from sesauditd.onboard.records import Signing
    from sesauditd.onboard.zones import Zone


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """What the records of a domain say."""

    domain: str
    """An A-label."""
    region: str
    mail_from: str
    """The whole name: `bounce.example.com`."""
    rua: str | None
    """Who gets DMARC's reports."""
    signing: Callable[[Facts], Signing | None]
    """Takes the identity's tokens and zone from what was observed, None before it exists."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the records go."""

    zone: Zone
    hosted: RecordSets
    dns: Dns


def stages(sending: Sending, place: Place, *, removing: bool = False) -> Sequence[Stage]:
    """Return the stages for DKIM, MAIL FROM and DMARC, each group one batch.

    `removing` takes them away again, as far as they are still what was made. The domain's own
    SPF record is not among them: it plays no part in what SES sends (ses-facts 6.2).
    """
    domain = sending.domain

    def dkim(facts: Facts) -> Sequence[Group] | Unknown:
        signing = sending.signing(facts)
        if signing is None:
            return () if removing else Unknown(later=(f"3 DKIM records of {domain}",))
        made = records.dkim(domain, signing)
        return (_dkim(sending, place, made, removing=removing),)

    def others(_facts: Facts) -> Sequence[Group]:
        return (
            _mail_from(sending, place, removing=removing),
            _dmarc(sending, place, removing=removing),
        )

    return (dkim, others)


def _dkim(
    sending: Sending, place: Place, made: tuple[records.Record, ...], *, removing: bool
) -> Group:
    return Group(
        name=f"DKIM records of {sending.domain}",
        why="shows receivers that mail was signed for the domain",
        top=f"_domainkey.{sending.domain}",
        records=made,
        zone=place.zone,
        hosted=place.hosted,
        removing=removing,
    )


def _mail_from(sending: Sending, place: Place, *, removing: bool) -> Group:
    name = sending.mail_from
    return Group(
        name=f"MAIL FROM records of {sending.domain}",
        why="lets bounces reach SES and SPF pass for the domain",
        top=name,
        records=records.mail_from(name, sending.region),
        zone=place.zone,
        hosted=place.hosted,
        removing=removing,
        around=record_resources.only_ours_receives(place.zone, place.hosted, name),
    )


def _dmarc(sending: Sending, place: Place, *, removing: bool) -> Group:
    made = records.dmarc_record(sending.domain, sending.rua)
    return Group(
        name=f"DMARC record of {sending.domain}",
        why="asks receivers for reports and for nothing else, which the big ones demand",
        top=made.name,
        records=(made,),
        zone=place.zone,
        hosted=place.hosted,
        removing=removing,
        around=record_resources.no_policy_yet(sending.domain, made, place.dns),
    )

"""Records in a zone that somebody else keeps: what to enter there, and what DNS shows of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from sesauditd.errors import Unavailable
from sesauditd.model.plan import Change, Plan, Verb
from sesauditd.onboard import dmarc, records
from sesauditd.onboard.identity import signing_of
from sesauditd.onboard.records_by_hand import by_hand, gap_of

if TYPE_CHECKING:
    from sesauditd.onboard.onboarding_stages import Adapters, Layout
    from sesauditd.onboard.records import Record, Signing
    from sesauditd.onboard.records_by_hand import Gap, Row
    from sesauditd.onboard.zones import Elsewhere

DKIM_RECORDS: Final = 3
BY_HAND: Final = "to be entered by hand"


@dataclass(frozen=True, slots=True, kw_only=True)
class ByHand:
    """What is to be entered as far as it is known, and what will be known later."""

    rows: tuple[Row, ...] = ()
    plan: Plan = field(default_factory=Plan)


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """What DNS shows otherwise, and the lines that set it right."""

    plan: Plan = field(default_factory=Plan)
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ElsewhereRecords:
    """The records of one domain in a zone of others."""

    domain: str
    elsewhere: Elsewhere
    layout: Layout
    adapters: Adapters

    async def planned(self) -> ByHand:
        """Return what has to be entered; SES chooses the names for DKIM with the identity.

        Raises Unavailable or Forbidden.
        """
        zone, reason = self.elsewhere.zone, self.elsewhere.reason
        signing = signing_of(await self.adapters.identities.identity(self.domain))
        needed = await self._needed(signing)
        later = f"{DKIM_RECORDS} DKIM records of {self.domain}, {BY_HAND} in {zone}"
        return ByHand(
            rows=tuple(by_hand(needed, zone)),
            plan=Plan(
                later=() if signing is not None else (later,),
                remarks=(f"records have to be entered by hand in {zone}: {reason}",),
            ),
        )

    async def entered_by(self, signing: Signing | None) -> tuple[Row, ...]:
        """Return what has to be entered once SES has said what it signs with."""
        if signing is None:
            return ()
        return tuple(by_hand(await self._needed(signing), self.elsewhere.zone))

    async def compared(self) -> Compared:
        """Return what public DNS does not show as it must be; what it does not say is a remark.

        Raises Unavailable or Forbidden of SES only.
        """
        signing = signing_of(await self.adapters.identities.identity(self.domain))
        zone = self.elsewhere.zone
        ours = records.dmarc_record(self.domain, self.layout.dmarc_rua)
        changes, lines, remarks = [], [], []
        for record in (*self._sending(signing), ours):
            try:
                gap = await self._gap(record, is_policy=record is ours)
            except Unavailable as error:
                remarks.append(f"{record.key} was not compared: {error}")
                continue
            if gap is not None:
                (row,) = by_hand((record,), zone)
                changes.append(_change(gap, zone))
                lines.append(row.line)
        return Compared(
            plan=Plan(changes=tuple(changes), remarks=tuple(remarks)), lines=tuple(lines)
        )

    async def _gap(self, record: Record, *, is_policy: bool) -> Gap | None:
        # Whatever policy there is, at the name or above it, does.
        if is_policy and await dmarc.found(self.domain, self.adapters.dns):
            return None
        return await gap_of(record, self.elsewhere.zone, self.adapters.dns)

    def _sending(self, signing: Signing | None) -> Sequence[Record]:
        name = self.layout.mail_from(self.domain)
        signed = () if signing is None else records.dkim(self.domain, signing)
        return (*signed, *records.mail_from(name, self.layout.account.region))

    async def _needed(self, signing: Signing | None) -> Sequence[Record]:
        return await records.needed(
            self.domain,
            signing,
            mail_from_name=self.layout.mail_from(self.domain),
            region=self.layout.account.region,
            rua=self.layout.dmarc_rua,
            dns=self.adapters.dns,
        )


def _change(gap: Gap, zone: str) -> Change:
    return Change(
        resource=f"DNS record {gap.record.key} in {zone}",
        verb=Verb.UPDATE if gap.found else Verb.CREATE,
        before={"values": gap.found} if gap.found else None,
        after={"values": (gap.record.value,)},
        why=f"{gap.trouble}; {BY_HAND} there",
    )

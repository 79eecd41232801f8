"""Which received messages are believed: by the queue's policy, or by the signature of SNS."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from msgspec.structs import replace

from sesauditd.errors import Unreadable
from sesauditd.ingest.certificates import Absence, Certificates
from sesauditd.ingest.reader import UNVERIFIED, RawLine
from sesauditd.ingest.signature import Certificate, Claim, claim_of, flaw, misplaced


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """Lines after a look at where they come from; one that is not believed carries a fault."""

    lines: Sequence[RawLine]
    """As many as were given, in their order."""
    undecided: frozenset[int] = frozenset()
    """Numbers of lines that a later look may believe: a certificate cannot be fetched now."""


class Trust(Protocol):
    """Tells messages of our topics from what else somebody put into the queue."""

    async def examine(self, lines: Sequence[RawLine]) -> Examined:
        """Return the lines, each that is not to be believed with the reason as its fault."""
        ...


@dataclass(frozen=True, slots=True)
class QueuePolicy:
    """Believes the queue's policy, which lets only our topics send, and checks their names.

    A raw delivery names no topic and is believed.
    """

    topics: frozenset[str]

    async def examine(self, lines: Sequence[RawLine]) -> Examined:
        """Return the lines bound to the topics, which the reader compares."""
        return Examined(lines=[replace(line, topics=self.topics) for line in lines])


@dataclass(frozen=True, slots=True)
class Signatures:
    """Believes what SNS signed for one of our topics, and nothing else; a raw delivery neither."""

    topics: frozenset[str]
    certificates: Certificates

    async def examine(self, lines: Sequence[RawLine]) -> Examined:
        """Return the lines; a fault that begins `unverified:` stands in those not believed.

        Nothing is fetched for another topic or from another host. Raises what the archive
        raises that keeps the certificates.
        """
        # The arithmetic lets go of the interpreter's lock, so the loop goes on beside it.
        claims = await asyncio.to_thread(self._claims, lines)
        found = await self.certificates.at(
            claim.certificate_url for claim in claims if isinstance(claim, Claim)
        )
        flaws = await asyncio.to_thread(_flaws, claims, found)
        await self.certificates.vouched(
            {
                claim.certificate_url
                for claim, reason in zip(claims, flaws, strict=True)
                if isinstance(claim, Claim) and reason is None
            }
        )
        return Examined(
            lines=[_marked(line, reason) for line, reason in zip(lines, flaws, strict=True)],
            undecided=frozenset(
                line.line
                for line, claim in zip(lines, claims, strict=True)
                if isinstance(claim, Claim) and _may_come(found[claim.certificate_url])
            ),
        )

    def _claims(self, lines: Sequence[RawLine]) -> list[Claim | str]:
        """Return what each line claims, or why nothing needs to be fetched for it."""
        return [self._claim(line) for line in lines]

    def _claim(self, line: RawLine) -> Claim | str:
        try:
            claim = claim_of(line.text)
        except Unreadable as error:
            return str(error)
        if claim.topic not in self.topics:
            return "an envelope of a topic that is not in queue.topic_arns"
        return misplaced(claim.topic, claim.certificate_url) or claim


def _flaws(
    claims: Sequence[Claim | str], found: Mapping[str, Certificate | Absence]
) -> list[str | None]:
    return [
        claim if isinstance(claim, str) else _flaw(claim, found[claim.certificate_url])
        for claim in claims
    ]


def _flaw(claim: Claim, certificate: Certificate | Absence) -> str | None:
    return certificate.reason if isinstance(certificate, Absence) else flaw(claim, certificate)


def _may_come(certificate: Certificate | Absence) -> bool:
    return isinstance(certificate, Absence) and certificate.passing


def _marked(line: RawLine, reason: str | None) -> RawLine:
    return line if reason is None else replace(line, fault=f"{UNVERIFIED} {reason}")

"""The configuration set of a domain, and what it reports to the topic."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from sesauditd.model.plan import Change, Conflict, Kept, Verb
from sesauditd.onboard.ownership import KEY, tagged

if TYPE_CHECKING:
    from sesauditd.model.plan import Document
    from sesauditd.onboard.ownership import Ownership

EVENTS: Final = (
    "BOUNCE",
    "COMPLAINT",
    "DELIVERY",
    "DELIVERY_DELAY",
    "REJECT",
    "RENDERING_FAILURE",
    "SEND",
)
"""What the policy judges by (policy.md section 1)."""
UNWANTED: Final = frozenset({"CLICK", "OPEN"})
"""They rewrite people's mail, and are many."""
SUPPRESSED: Final = ("BOUNCE",)
"""Said at the set, so that it holds whatever the account's own setting becomes.

With COMPLAINT one mis-click would cut a person off from every customer of the account.
"""


def resumed(set_name: str) -> str:
    """Return the command of AWS that lets a set send; ours would not undo what others did."""
    return (
        "`aws sesv2 put-configuration-set-sending-options --sending-enabled "
        f"--configuration-set-name {set_name}`"
    )


class Sets(Protocol):
    """The administration of configuration sets; documents as `aws.sets` says them."""

    async def configuration_set(self, name: str) -> Document | None:
        """Return a set, None if there is none."""
        ...

    async def create(
        self, name: str, *, sending: bool, reasons: Sequence[str], tags: Mapping[str, str]
    ) -> None:
        """Make a set with reputation metrics."""
        ...

    async def measure(self, name: str) -> None:
        """Publish a set's reputation metrics."""
        ...

    async def suppress(self, name: str, reasons: Sequence[str], scope: str | None) -> None:
        """Say which reasons of which list stop a set's mail."""
        ...

    async def tag(self, name: str, tags: Mapping[str, str]) -> None:
        """Add tags to a set."""
        ...


class Destinations(Protocol):
    """The administration of event destinations."""

    async def destination(self, name: str, destination: str) -> Document | None:
        """Return an event destination of a set, None if there is none."""
        ...

    async def create_destination(
        self, name: str, destination: str, *, topic: str, types: Sequence[str]
    ) -> None:
        """Let a set report to a topic."""
        ...

    async def update_destination(
        self, name: str, destination: str, *, topic: str, types: Sequence[str]
    ) -> None:
        """Change what a set reports and where."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigurationSet:
    """The set that a domain's mail goes through; one a domain, so that it can be stopped alone."""

    sets: Sets
    set_name: str
    ownership: Ownership
    may_send: bool = True
    """Whether a set that is made anew sends; False for a domain that the policy has stopped."""
    why: str = "mail of the domain goes through it, and is stopped at it"

    @property
    def name(self) -> str:
        """Return its name for people."""
        return f"SES configuration set {self.set_name}"

    async def observe(self) -> Document | None:
        """Return how the set stands. Raises Unavailable or Forbidden."""
        return tagged(await self.sets.configuration_set(self.set_name))

    def wanted(self, observed: Document | None) -> Document | Conflict | Kept | None:
        """Return how the set should stand.

        Whether it sends is asked for only when it is made: a domain that was stopped is
        started again by the operator's word, never by setting it up.
        """
        conflict = self.ownership.conflict(self.name, observed)
        if conflict is not None:
            return conflict
        start = observed or {"sending_enabled": self.may_send, "suppression_scope": None}
        wanted: Document = {
            **start,
            KEY: self.ownership.installation,
            "reputation_metrics": True,
            "suppressed_reasons": list(SUPPRESSED),
        }
        if wanted == observed and not observed["sending_enabled"]:
            return Kept(remark=f"{self.name} is switched off and stays so: {self._mended_by()}")
        return wanted

    def _mended_by(self) -> str:
        """Return what lets it send again: what somebody paused at SES was paused for a reason."""
        if self.may_send:
            return f"sesauditd did not stop it; {resumed(self.set_name)} lets it send again"
        return "`sesauditd reinstate` switches on what a rule or an operator has stopped"

    async def apply(self, change: Change) -> None:
        """Make the set, or set of it what differs. Raises Failed."""
        before, after = change.before or {}, change.after or {}
        tags = self.ownership.tags
        if change.verb is Verb.CREATE:
            await self.sets.create(
                self.set_name,
                sending=bool(after["sending_enabled"]),
                reasons=SUPPRESSED,
                tags=tags,
            )
            return
        if before["suppressed_reasons"] != after["suppressed_reasons"]:
            scope = before["suppression_scope"]
            await self.sets.suppress(
                self.set_name, SUPPRESSED, None if scope is None else str(scope)
            )
        if not before["reputation_metrics"]:
            await self.sets.measure(self.set_name)
        if before[KEY] != after[KEY]:
            # Last, so that a set that is half taken over is not taken for ours.
            await self.sets.tag(self.set_name, tags)


@dataclass(frozen=True, slots=True, kw_only=True)
class EventDestination:
    """What a set reports, and to which topic; it is ours if the set is."""

    destinations: Destinations
    set_name: str
    destination: str
    topic_arn: str
    events: Sequence[str] = EVENTS
    why: str = "tells the topic what became of each mail"

    @property
    def name(self) -> str:
        """Return its name for people."""
        return f"SES event destination {self.destination} of {self.set_name}"

    async def observe(self) -> Document | None:
        """Return how the destination stands. Raises Unavailable or Forbidden."""
        return await self.destinations.destination(self.set_name, self.destination)

    def wanted(self, observed: Document | None) -> Document | Conflict | None:
        """Return how it should stand: further types stay, except opens and clicks."""
        elsewhere = None if observed is None else observed.get("elsewhere")
        if elsewhere:
            return Conflict(
                resource=self.name,
                found=f"one that reports to {elsewhere}",
                wanted=f"one that reports to {self.topic_arn}",
                advice="Give that one another name, or remove it.",
            )
        found = (observed or {}).get("types")
        further = set(map(str, found)) if isinstance(found, Sequence) else set()
        types = sorted(further - UNWANTED | set(self.events))
        return {"enabled": True, "topic": self.topic_arn, "types": types}

    async def apply(self, change: Change) -> None:
        """Make the destination, or change it. Raises Failed."""
        types = (change.after or {})["types"]
        put = self.destinations.update_destination
        if change.verb is Verb.CREATE:
            put = self.destinations.create_destination
        await put(
            self.set_name,
            self.destination,
            topic=self.topic_arn,
            types=[str(one) for one in types] if isinstance(types, Sequence) else self.events,
        )

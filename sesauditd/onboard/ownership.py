"""Whose a resource is: what does not carry our tag is left alone unless it is taken over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from sesauditd.model.plan import Conflict
from sesauditd.onboard.naming import TAG

if TYPE_CHECKING:
    from sesauditd.model.plan import Document

TAKE_OVER: Final = "--take-over"
KEY: Final = "tag"
"""Where documents hold the value of our tag, None without it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ownership:
    """Which tag is ours, and whether what has no tag may become ours."""

    installation: str
    take_over: bool = False
    begun: set[str] = field(default_factory=set)
    """Names of resources that we began to make when there were none, and may have made.

    S3 tags a bucket by a second call only, and a death or a refusal may lie between.
    """

    @property
    def tags(self) -> dict[str, str]:
        """Return what marks a resource as ours."""
        return {TAG: self.installation}

    def conflict(self, resource: str, observed: Document | None) -> Conflict | None:
        """Return why what stands there may not be changed, None if it may.

        What another installation made is never taken over: both would undo each other's work.
        """
        found = None if observed is None else observed.get(KEY)
        if observed is None or found == self.installation:
            return None
        if found is None and (self.take_over or resource in self.begun):
            return None
        wanted = f"tag {TAG}={self.installation}"
        if found is None:
            return Conflict(
                resource=resource,
                found=f"one of this name without the tag {TAG}",
                wanted=wanted,
                advice=f"Look who uses it. If it may be changed, run this with {TAKE_OVER}; "
                "else give it another name in the configuration.",
            )
        return Conflict(
            resource=resource,
            found=f"tag {TAG}={found}",
            wanted=wanted,
            advice="It belongs to another installation: choose another [installation] prefix "
            "in the configuration.",
        )


def tagged(found: Document | None) -> Document | None:
    """Return what AWS said with the value of our tag in place of all its `tags`."""
    if found is None:
        return None
    tags = found.get("tags")
    ours = tags.get(TAG) if isinstance(tags, Mapping) else None
    return {KEY: ours, **{key: value for key, value in found.items() if key != "tags"}}

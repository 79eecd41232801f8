"""What AWS is told when it is asked to let an account out of its sandbox."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from sesauditd.errors import Refused

LONGEST_DESCRIPTION: Final = 5000
MOST_CONTACTS: Final = 4
HOW_TO_ASK: Final = "`sesauditd production-access --website URL --describe @reason.txt`"
LONGEST_WEBSITE: Final = 1000
_WEBSITE: Final = re.compile(r"https?://[^\s/]+\S*")


class MailType(StrEnum):
    """As botocore's model of PutAccountDetails has it; the guide's PROMOTIONAL is not in it."""

    TRANSACTIONAL = "TRANSACTIONAL"
    MARKETING = "MARKETING"


class Language(StrEnum):
    """Of AWS's answer; the guide's JP is not in the model."""

    ENGLISH = "EN"
    JAPANESE = "JA"


class Review(StrEnum):
    """What became of the last request."""

    NONE = ""
    PENDING = "PENDING"
    GRANTED = "GRANTED"
    DENIED = "DENIED"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Whether the account may send to everybody, and how far a request is."""

    production: bool
    review: Review = Review.NONE
    case: str | None = None
    """The id of AWS's support case."""
    max_24h: float = 0.0
    max_per_second: float = 0.0

    @property
    def said(self) -> str:
        """Return it in one line."""
        limits = f"{self.max_24h:g} recipients a day, {self.max_per_second:g} a second"
        if self.production:
            return f"The account has production access: {limits}."
        case = f", case {self.case}" if self.case else ""
        reviews = {
            Review.NONE: f"nobody asked for production access yet; {HOW_TO_ASK} does",
            Review.PENDING: f"AWS reviews the request{case}; it answers within a day as a rule",
            Review.GRANTED: f"AWS granted the request{case}, which does not show yet",
            Review.DENIED: f"AWS denied the request{case}: answer in the support case, or ask anew",
            Review.FAILED: f"the review failed{case}; {HOW_TO_ASK} asks anew",
        }
        return f"The account is in AWS's sandbox ({limits}): {reviews[self.review]}."


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request for production access; raises Refused for what AWS would not take."""

    website: str
    mail_type: MailType = MailType.TRANSACTIONAL
    language: Language = Language.ENGLISH
    description: str = ""
    contacts: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Hold it to the bounds of PutAccountDetails (ses-facts 7)."""
        if not _WEBSITE.fullmatch(self.website):
            raise Refused(f"{self.website!r} is no address of a web site: https://example.com")
        if len(self.website) > LONGEST_WEBSITE:
            raise Refused(f"the web site's address is longer than {LONGEST_WEBSITE} characters")
        if len(self.description) > LONGEST_DESCRIPTION:
            raise Refused(f"the description is longer than {LONGEST_DESCRIPTION} characters")
        if len(self.contacts) > MOST_CONTACTS:
            raise Refused(f"AWS takes at most {MOST_CONTACTS} further contacts")

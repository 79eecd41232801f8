"""Whether SES lets an account write to everybody, and the request that it does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sesauditd.aws.errors import reading
from sesauditd.aws.mail import ACCOUNT
from sesauditd.model.production import Review, Standing

if TYPE_CHECKING:
    from sesauditd.aws.clients import Clients
    from sesauditd.model.production import Request


class Production:
    """The standing of one account in one Region."""

    def __init__(self, clients: Clients) -> None:
        self._ses = clients.sesv2

    async def standing(self) -> Standing:
        """Return how far it is: SES GetAccount. Raises Unavailable or Forbidden."""
        answer = await self._ses.ask("GetAccount", ACCOUNT)
        with reading("SES GetAccount"):
            review = (answer.get("Details") or {}).get("ReviewDetails") or {}
            quota = answer["SendQuota"]
            case = review.get("CaseId")
            return Standing(
                production=bool(answer["ProductionAccessEnabled"]),
                review=Review(str(review.get("Status") or "")),
                case=None if case is None else str(case),
                max_24h=float(quota["Max24HourSend"]),
                max_per_second=float(quota["MaxSendRate"]),
            )

    async def ask(self, request: Request) -> None:
        """Ask for production access: SES PutAccountDetails.

        Raises Unavailable, Uncertain, Forbidden; Conflict while a review is open.
        """
        given: dict[str, object] = {}
        if request.description:
            given["UseCaseDescription"] = request.description
        if request.contacts:
            given["AdditionalContactEmailAddresses"] = list(request.contacts)
        await self._ses.ask(
            "PutAccountDetails",
            MailType=str(request.mail_type),
            WebsiteURL=request.website,
            ContactLanguage=str(request.language),
            ProductionAccessEnabled=True,
            **given,
        )

"""Configuration sets as they stand, with everything that Terraform knows of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from sesauditd.aws.destinations import destinations
from sesauditd.aws.errors import reading
from sesauditd.aws.sets import tags_of
from sesauditd.errors import Missing

if TYPE_CHECKING:
    from sesauditd.aws.api import Answer
    from sesauditd.aws.clients import Clients
    from sesauditd.model.plan import Document


class Portrait:
    """Reads of SES for who writes down what stands there; nothing is changed."""

    def __init__(self, clients: Clients) -> None:
        self._ses = clients.sesv2

    async def configuration_set(self, name: str) -> Document | None:
        """Return a set with all its options, None if there is none: SES GetConfigurationSet.

        What is None was never said. Raises Unavailable or Forbidden.
        """
        try:
            answer = await self._ses.ask(
                "GetConfigurationSet", ("SendingOptions",), ConfigurationSetName=name
            )
        except Missing:
            return None
        with reading("SES GetConfigurationSet"):
            return _set(answer)

    async def destinations(self, configuration_set: str) -> Sequence[Document]:
        """Return all event destinations of a set. Raises Unavailable or Forbidden."""
        return await destinations(self._ses, configuration_set)


def _set(answer: Answer) -> Document:
    kinds = ("Delivery", "Tracking", "Suppression", "Vdm")
    delivery, tracking, suppression, vdm = (_options(answer, f"{one}Options") for one in kinds)
    reasons = suppression.get("SuppressedReasons")
    return {
        "sending_enabled": bool(answer["SendingOptions"]["SendingEnabled"]),
        "reputation_metrics": bool(
            _options(answer, "ReputationOptions").get("ReputationMetricsEnabled")
        ),
        "suppressed_reasons": None if reasons is None else [str(one) for one in reasons],
        "suppression_scope": suppression.get("SuppressionScope"),
        "tls_policy": delivery.get("TlsPolicy"),
        "sending_pool": delivery.get("SendingPoolName"),
        "max_delivery_seconds": delivery.get("MaxDeliverySeconds"),
        "redirect_domain": tracking.get("CustomRedirectDomain"),
        "https_policy": tracking.get("HttpsPolicy"),
        "engagement_metrics": _options(vdm, "DashboardOptions").get("EngagementMetrics"),
        "optimized_delivery": _options(vdm, "GuardianOptions").get("OptimizedSharedDelivery"),
        "tags": tags_of(answer),
    }


def _options(answer: Mapping[str, object], name: str) -> Answer:
    found = answer.get(name)
    return found if isinstance(found, Mapping) else {}

"""Managed policies with their tags, which say whose they are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from sesauditd.aws.access import Access
from sesauditd.aws.errors import reading
from sesauditd.errors import Missing

if TYPE_CHECKING:
    from sesauditd.aws.clients import Clients
    from sesauditd.model.plan import Document


class Boundaries(Access):
    """The managed policies of one account."""

    def __init__(self, clients: Clients) -> None:
        super().__init__(clients)
        self._policies = clients.iam

    async def tagged_policy(self, arn: str) -> Document | None:
        """Return a managed policy's `policy` and `tags`, None if there is none.

        IAM GetPolicy, GetPolicyVersion, ListPolicyTags. Raises Unavailable or Forbidden.
        """
        document = await self.policy(arn)
        if document is None:
            return None
        try:
            listed = await self._policies.every("ListPolicyTags", "Tags", PolicyArn=arn)
        except Missing:
            return None
        with reading("IAM ListPolicyTags"):
            tags = {str(one["Key"]): str(one["Value"]) for one in listed}
        return {"policy": document, "tags": tags}

    async def tag_policy(self, arn: str, tags: Mapping[str, str]) -> None:
        """Add tags to a managed policy: IAM TagPolicy.

        Raises Unavailable, Uncertain, Forbidden or Missing.
        """
        listed = [{"Key": key, "Value": value} for key, value in tags.items()]
        await self._policies.ask("TagPolicy", PolicyArn=arn, Tags=listed)

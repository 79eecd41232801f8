"""Whether SES takes a message: IAM, verified identities, pauses, AWS's sandbox, quotas."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from email.utils import parseaddr
from itertools import takewhile
from typing import TYPE_CHECKING, Protocol

from sesauditd.errors import Missing
from sesauditd.sandbox.mail import refusals
from sesauditd.sandbox.mail.outgoing import Door, Outgoing
from sesauditd.sandbox.mail.refusals import Refusal, Why
from sesauditd.sandbox.mail.world import is_simulator
from sesauditd.sandbox.ses.values import ConfigurationSet, Enforcement, Identity, Tenant
from sesauditd.sandbox.statements import Effect, Request, effect_of

if TYPE_CHECKING:
    from sesauditd.sandbox.authorization import Decision
    from sesauditd.sandbox.mail.letter import Letter
    from sesauditd.sandbox.ses.state import Ses

RECIPIENTS_AT_MOST = 50
"""In one message (ses-facts 6.3)."""
RATE_SPAN = timedelta(seconds=1)


class Iam(Protocol):
    """What is asked of IAM."""

    def user_arn(self, user: str) -> str:
        """Return the ARN that a refusal names."""
        ...

    def decide(
        self,
        user: str,
        action: str,
        resources: Sequence[str],
        context: Mapping[str, Sequence[str]],
    ) -> Decision:
        """Return whether a user may do `action` on all of `resources`."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Permit:
    """What a message that may be sent is sent with."""

    identity: Identity
    configuration_set: ConfigurationSet | None
    tenant: str | None


class Permission:
    """Asks everything that SES asks before it says `250`."""

    def __init__(self, state: Ses, iam: Iam, *, hold_rate: bool) -> None:
        self._state = state
        self._iam = iam
        self._hold_rate = hold_rate

    def permit(self, outgoing: Outgoing, letter: Letter) -> Permit:
        """Return what the message is sent with.

        Raises:
            Refusal: SES does not take it.
        """
        _well_formed(outgoing)
        author = letter.author or parseaddr(outgoing.sender)[1]
        identity = self._state.identity_for(author)
        named = outgoing.configuration_set or letter.configuration_set
        wanted = named or (identity.configuration_set if identity else None)
        tenant = outgoing.tenant or letter.tenant
        self._authorised(outgoing, letter, identity.name if identity else author, wanted)
        senders = dict.fromkeys((*letter.senders, parseaddr(outgoing.sender)[1]))
        self._verified([one for one in senders if one])
        if identity is None:
            raise refusals.unverified([author], self._state.region)
        self._account_sends()
        held = self._set_sends(wanted)
        self._tenant_sends(tenant, identity, held)
        self._recipients_allowed(outgoing.recipients)
        return Permit(identity=identity, configuration_set=held, tenant=tenant)

    def _authorised(
        self, outgoing: Outgoing, letter: Letter, identity: str, configuration_set: str | None
    ) -> None:
        """The set is asked about also where it is only the identity's default (ses-facts 5)."""
        if outgoing.user is None:
            return
        action = outgoing.action
        resources = [self._state.arn("identity", identity)]
        if configuration_set is not None:
            resources.append(self._state.arn("configuration-set", configuration_set))
        resources += self._recipient_identities(outgoing.recipients)
        context = self._context(outgoing, letter)
        for resource in resources:
            if not self._iam.decide(outgoing.user, action, [resource], context).allowed:
                raise refusals.denied(self._iam.user_arn(outgoing.user), action, resource)
        self._identity_allows(outgoing.user, action, identity, context)

    def _identity_allows(
        self, user: str, action: str, name: str, context: Mapping[str, Sequence[str]]
    ) -> None:
        """A Deny in the identity's own policies holds for our users, too (ses-facts 4 [?])."""
        identity = self._state.identities.get(name)
        if identity is None or not self._state.switches.identity_policy_denies:
            return
        arn = self._iam.user_arn(user)
        resource = self._state.arn("identity", name)
        request = Request(action=action, resource=resource, context=context, principal=arn)
        effects = {effect_of(policy, request) for policy in identity.policies.values()}
        if Effect.DENY in effects:
            raise refusals.denied(arn, action, resource)

    def _recipient_identities(self, recipients: Sequence[str]) -> Sequence[str]:
        """In AWS's sandbox IAM is asked about the recipient's identity, too (ses-facts 6.3)."""
        everywhere = self._state.switches.recipient_identity_authorised
        if self._state.account.production and not everywhere:
            return ()
        found = (self._state.identity_for(one) for one in recipients)
        return [self._state.arn("identity", one.name) for one in found if one is not None]

    def _context(self, outgoing: Outgoing, letter: Letter) -> Mapping[str, Sequence[str]]:
        """The condition keys of SendRawEmail and SendEmail (ses-facts 3, 4.1)."""
        switches = self._state.switches
        name, envelope = parseaddr(outgoing.sender)
        shown = parseaddr(letter.header("From") or "")[0]
        by_header = switches.from_header_feeds_from_address or outgoing.api is not Door.SMTP
        context: dict[str, Sequence[str]] = {
            "ses:ApiVersion": [outgoing.api.api_version],
            "ses:FeedbackAddress": [envelope],
            "ses:FromAddress": [(letter.author if by_header else None) or envelope],
            "ses:FromDisplayName": [shown or name],
            "ses:Recipients": list(outgoing.recipients),
        }
        tenant = outgoing.tenant or letter.tenant
        if tenant is not None and (outgoing.api is Door.V2 or switches.tenant_key_over_smtp):
            context["ses:TenantName"] = [tenant]
        return context

    def _verified(self, addresses: Sequence[str]) -> None:
        """From, Sender, Return-Path and the envelope must all be ours (ses-facts 6.3)."""
        failed = [one for one in addresses if self._state.identity_for(one) is None]
        if failed:
            raise refusals.unverified(failed, self._state.region)

    def _account_sends(self) -> None:
        account = self._state.account
        if account.enforcement is Enforcement.SHUTDOWN:
            text = (
                "Sending paused for this account. For more information, please check the inbox "
                "of the email address associated with your AWS account."
            )
            raise Refusal(Why.ACCOUNT_SHUT, text)
        if not account.sending_enabled:
            raise Refusal(
                Why.ACCOUNT_PAUSED,
                f"Email sending is disabled for account {self._state.account_id}.",
            )

    def _set_sends(self, name: str | None) -> ConfigurationSet | None:
        """The text of a paused set over SMTP is not documented (ses-facts 5 [?])."""
        try:
            held = self._state.set_of(None, name)
        except Missing as error:
            # A default that was deleted makes every send fail (ses-facts 5).
            raise Refusal(Why.UNKNOWN_SET, str(error)) from error
        if held is not None and not held.sending_enabled:
            raise Refusal(
                Why.SET_PAUSED, f"Email sending is disabled for configuration set <{held.name}>."
            )
        return held

    def _tenant_sends(
        self, name: str | None, identity: Identity, held: ConfigurationSet | None
    ) -> None:
        """Identity and effective set must both be the tenant's (ses-facts 3)."""
        if name is None:
            return
        tenant: Tenant | None = self._state.tenants.get(name)
        if tenant is None:
            raise Refusal(Why.TENANT, f"Tenant <{name}> does not exist.")
        if tenant.sending_status == "DISABLED":
            raise Refusal(Why.TENANT, f"Email sending is disabled for tenant <{name}>.")
        used = [self._state.arn("identity", identity.name)]
        used += [self._state.arn("configuration-set", held.name)] if held else []
        foreign = ", ".join(one for one in used if one not in tenant.resources)
        if foreign:
            raise Refusal(Why.TENANT, f"Tenant not associated with resources [{foreign}].")

    def _recipients_allowed(self, recipients: Sequence[str]) -> None:
        """AWS's sandbox sends to verified recipients and the simulator only (ses-facts 7)."""
        counted = [one for one in recipients if not is_simulator(one)]
        if not self._state.account.production:
            self._verified(counted)
        most = self._state.account.max_24_hours
        if counted and 0 <= most < self._state.sent_last_24_hours() + len(counted):
            raise Refusal(Why.QUOTA, "Daily message quota exceeded.")
        if self._hold_rate and self._in_last_second() >= self._state.account.max_rate:
            raise Refusal(Why.THROTTLED, "Maximum sending rate exceeded.")

    def _in_last_second(self) -> int:
        """Return the recipients of one second by the sandbox's clock, which may stand still."""
        since = self._state.clock() - RATE_SPAN
        newest = takewhile(lambda one: one[0] > since, reversed(self._state.sent))
        return sum(count for _, count in newest)


def _well_formed(outgoing: Outgoing) -> None:
    if not outgoing.recipients:
        raise Refusal(Why.INVALID, "Missing final recipient.")
    if len(outgoing.recipients) > RECIPIENTS_AT_MOST:
        raise Refusal(Why.INVALID, f"Recipient count exceeds {RECIPIENTS_AT_MOST}.")

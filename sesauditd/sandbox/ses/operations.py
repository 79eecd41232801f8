"""Which function answers which operation of SES."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from sesauditd.sandbox.ses import (
    account,
    configuration_sets,
    destinations,
    identities,
    identity_settings,
    suppression,
    tagging,
    tenants,
    version_one,
)
from sesauditd.sandbox.ses.destinations import Topics
from sesauditd.sandbox.ses.models import V1, V2
from sesauditd.sandbox.ses.reading import Parameters
from sesauditd.sandbox.ses.state import Ses
from sesauditd.sandbox.ses.writing import Result

Plain: TypeAlias = Callable[[Ses, Parameters], Result]
Publishing: TypeAlias = Callable[[Ses, Topics, Parameters], Result]

PLAIN: Mapping[tuple[str, str], Plain] = {
    (V2, "CreateEmailIdentity"): identities.create,
    (V2, "GetEmailIdentity"): identities.get,
    (V2, "ListEmailIdentities"): identities.list_all,
    (V2, "DeleteEmailIdentity"): identities.delete,
    (V2, "PutEmailIdentityConfigurationSetAttributes"): identity_settings.put_configuration_set,
    (V2, "PutEmailIdentityDkimAttributes"): identity_settings.put_dkim,
    (V2, "PutEmailIdentityDkimSigningAttributes"): identity_settings.put_dkim_signing,
    (V2, "PutEmailIdentityMailFromAttributes"): identity_settings.put_mail_from,
    (V2, "PutEmailIdentityFeedbackAttributes"): identity_settings.put_feedback,
    (V2, "CreateEmailIdentityPolicy"): identity_settings.create_policy,
    (V2, "UpdateEmailIdentityPolicy"): identity_settings.update_policy,
    (V2, "GetEmailIdentityPolicies"): identity_settings.get_policies,
    (V2, "DeleteEmailIdentityPolicy"): identity_settings.delete_policy,
    (V2, "CreateConfigurationSet"): configuration_sets.create,
    (V2, "GetConfigurationSet"): configuration_sets.get,
    (V2, "ListConfigurationSets"): configuration_sets.list_all,
    (V2, "DeleteConfigurationSet"): configuration_sets.delete,
    (V2, "PutConfigurationSetSendingOptions"): configuration_sets.put_sending,
    (V2, "PutConfigurationSetSuppressionOptions"): configuration_sets.put_suppression,
    (V2, "PutConfigurationSetReputationOptions"): configuration_sets.put_reputation,
    (V2, "PutConfigurationSetDeliveryOptions"): configuration_sets.put_delivery,
    (V2, "PutConfigurationSetTrackingOptions"): configuration_sets.put_tracking,
    (V2, "GetConfigurationSetEventDestinations"): destinations.get,
    (V2, "DeleteConfigurationSetEventDestination"): destinations.delete,
    (V2, "PutSuppressedDestination"): suppression.put,
    (V2, "GetSuppressedDestination"): suppression.get,
    (V2, "DeleteSuppressedDestination"): suppression.delete,
    (V2, "ListSuppressedDestinations"): suppression.list_all,
    (V2, "GetAccount"): account.get,
    (V2, "PutAccountDetails"): account.put_details,
    (V2, "PutAccountSendingAttributes"): account.put_sending,
    (V2, "PutAccountSuppressionAttributes"): account.put_suppression,
    (V2, "ListRecommendations"): account.recommendations,
    (V2, "CreateTenant"): tenants.create,
    (V2, "GetTenant"): tenants.get,
    (V2, "ListTenants"): tenants.list_all,
    (V2, "DeleteTenant"): tenants.delete,
    (V2, "CreateTenantResourceAssociation"): tenants.associate,
    (V2, "DeleteTenantResourceAssociation"): tenants.dissociate,
    (V2, "ListTenantResources"): tenants.list_resources,
    (V2, "ListResourceTenants"): tenants.list_of_resource,
    (V2, "PutTenantSuppressionAttributes"): tenants.put_suppression,
    (V2, "TagResource"): tagging.tag,
    (V2, "UntagResource"): tagging.untag,
    (V2, "ListTagsForResource"): tagging.list_tags,
    (V1, "VerifyDomainIdentity"): version_one.verify_domain,
    (V1, "VerifyDomainDkim"): version_one.verify_dkim,
    (V1, "GetIdentityVerificationAttributes"): version_one.verification,
    (V1, "GetIdentityNotificationAttributes"): version_one.notifications,
    (V1, "SetIdentityHeadersInNotificationsEnabled"): version_one.set_headers,
    (V1, "SetIdentityFeedbackForwardingEnabled"): version_one.set_forwarding,
    (V1, "GetSendQuota"): version_one.quota,
    (V1, "GetAccountSendingEnabled"): version_one.sending_enabled,
}
"""Operations on the state alone."""

PUBLISHING: Mapping[tuple[str, str], Publishing] = {
    (V2, "CreateConfigurationSetEventDestination"): destinations.create,
    (V2, "UpdateConfigurationSetEventDestination"): destinations.update,
    (V1, "SetIdentityNotificationTopic"): version_one.set_topic,
}
"""Operations that publish to a topic before they change the state."""

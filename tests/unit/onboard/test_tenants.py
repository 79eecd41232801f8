"""A customer's tenant: what is wanted of it, when it goes, how it is named in mail; pure."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from sesauditd.model.plan import Conflict, Document, Kept
from sesauditd.model.tenancy import Tenancy
from sesauditd.onboard.credentials import Credentials, Server, document, whole_text
from sesauditd.onboard.naming import Account
from sesauditd.onboard.ownership import Ownership
from sesauditd.onboard.tenants import Association, Tenant, TenantRemoval, plugin, standing

if TYPE_CHECKING:
    from collections.abc import Sequence

NOBODY: Any = None
ACCOUNT = Account(
    prefix="sesaudit", installation="main", account_id="123456789012", region="eu-central-1"
)
OURS = Ownership(installation="main")
GOOD: Document = {"tag": "main", "sending": "ENABLED", "suppression_scope": "ACCOUNT"}
EARLY, LATE = datetime(2026, 11, 1, 9, tzinfo=UTC), datetime(2026, 11, 2, 9, tzinfo=UTC)


def tenant(*, take_over: bool = False) -> Tenant:
    ownership = Ownership(installation="main", take_over=take_over)
    return Tenant(tenants=NOBODY, tenant="t", ownership=ownership)


def association() -> Association:
    return Association(tenant="t", what="identity x.example", holders=NOBODY, join=NOBODY)


def removal() -> TenantRemoval:
    return TenantRemoval(
        tenant="t",
        leaving=frozenset({"identity/x.example"}),
        look=NOBODY,
        resources=NOBODY,
        remove=NOBODY,
        ownership=OURS,
    )


@pytest.mark.parametrize(
    ("observed", "wanted"),
    [
        pytest.param(None, GOOD, id="none"),
        pytest.param(GOOD, GOOD, id="as it should be"),
        pytest.param({**GOOD, "suppression_scope": "TENANT"}, GOOD, id="a list of its own"),
        pytest.param({**GOOD, "sending": "REINSTATED"}, {**GOOD, "sending": "REINSTATED"}, id="on"),
    ],
)
def test_a_tenant_uses_the_accounts_list(observed: Document | None, wanted: Document) -> None:
    assert tenant().wanted(observed) == wanted
    assert tenant().wanted(wanted) == wanted


def test_a_paused_tenant_stays_paused_and_is_mentioned() -> None:
    found = tenant().wanted({**GOOD, "sending": "DISABLED"})
    assert isinstance(found, Kept)
    assert "is paused at SES" in found.remark


@pytest.mark.parametrize(("tag", "take_over"), [(None, False), ("other", False), ("other", True)])
def test_a_tenant_of_others_is_a_conflict(tag: str | None, *, take_over: bool) -> None:
    assert isinstance(tenant(take_over=take_over).wanted({**GOOD, "tag": tag}), Conflict)


def test_one_without_a_tag_is_taken_over_when_asked() -> None:
    assert tenant(take_over=True).wanted({**GOOD, "tag": None}) == GOOD


def test_a_resource_may_have_further_tenants() -> None:
    assert association().wanted(None) == {"others": []}
    assert association().wanted({"others": []}) == {"others": []}
    assert association().wanted({"others": ["u"]}) == Kept(
        remark="identity x.example is also used by tenant u"
    )


@pytest.mark.parametrize(
    ("tag", "others", "remark"),
    [
        pytest.param("main", [], None, id="goes"),
        pytest.param("main", ["identity/y"], "stays: identity/y is associated", id="in use"),
        pytest.param(None, [], "stays: there is one of this name without", id="foreign"),
    ],
)
def test_only_our_own_empty_tenant_goes(
    tag: str | None, others: Sequence[str], remark: str | None
) -> None:
    found = removal().wanted({"tag": tag, "others": others})
    assert isinstance(found, Kept) is (remark is not None)
    assert remark is None or (isinstance(found, Kept) and remark in found.remark)


@pytest.mark.parametrize(
    ("customer", "name"),
    [
        pytest.param("bakery", "sesaudit-bakery", id="plain"),
        pytest.param("a_b-1", "sesaudit-a_b-1", id="all that is allowed"),
        pytest.param("Bakery", "sesaudit-bakery-", id="capitals"),
        pytest.param("Bäcker & Co.", "sesaudit-b-cker---co--", id="other letters"),
        pytest.param("x" * 80, f"sesaudit-{'x' * 46}-", id="long"),
    ],
)
def test_a_customer_has_one_name_as_a_tenant(customer: str, name: str) -> None:
    found = ACCOUNT.tenant_name(customer)
    assert found.startswith(name)
    assert len(found) <= 64
    assert found.isascii()
    assert found.replace("-", "").replace("_", "").isalnum()


def test_different_customers_are_different_tenants() -> None:
    customers = ("a b", "a-b", "A-b", "a.b", "ä-b", "x" * 80, "x" * 81)
    assert len({ACCOUNT.tenant_name(one) for one in customers}) == len(customers)


@pytest.mark.parametrize(
    ("about", "words"),
    [
        pytest.param({}, "not trusted yet", id="never seen"),
        pytest.param({"first_seen_at": EARLY, "last_seen_at": EARLY}, "", id="trusted"),
        pytest.param(
            {"first_seen_at": EARLY, "last_seen_at": EARLY, "outside_at": LATE},
            "left outside of SES tenant t at 2026-11-02 09:00 UTC",
            id="left",
        ),
        pytest.param(
            {"first_seen_at": EARLY, "last_seen_at": LATE, "outside_at": EARLY}, "", id="back"
        ),
    ],
)
def test_it_is_said_how_far_a_tenant_can_be_relied_on(about: Any, words: str) -> None:
    said = standing(Tenancy(domain="x.example", tenant="t", **about))
    assert bool(said) is bool(words)
    assert words in " ".join(said)


def test_the_plugin_stands_beside_the_credentials_of_a_domain_with_a_tenant() -> None:
    server = Server(host="smtp.example", port=587)
    login = Credentials(domain="x.example", server=server, user="u", password="p" * 4)
    named = Credentials(
        domain="x.example", server=server, user="u", password="p" * 4, tenant="sesaudit-k"
    )
    assert "X-SES-TENANT" not in whole_text(login)
    assert "wp-content/mu-plugins/ses-tenant.php" in whole_text(named)
    assert plugin("sesaudit-k") in whole_text(named)
    assert "tenant" not in document(login)
    assert document(named)["tenant"] == "sesaudit-k"


def test_the_plugin_adds_one_header_to_each_mail() -> None:
    text = plugin("sesaudit-k")
    assert text.startswith("<?php\n")
    assert "add_action( 'phpmailer_init'," in text
    assert "addCustomHeader( 'X-SES-TENANT', 'sesaudit-k' )" in text
    assert text.count("{") == text.count("}")
    assert text.count("(") == text.count(")")

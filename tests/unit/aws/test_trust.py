"""All clients share one TLS context, unless one of them adds to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from aiobotocore.httpsession import AIOHTTPSession

from sesauditd.aws import trust
from sesauditd.aws.clients import connect

if TYPE_CHECKING:
    import ssl


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch) -> list[ssl.SSLContext]:
    """Return the contexts that are built from now on."""
    found: list[ssl.SSLContext] = []
    base: Any = AIOHTTPSession
    build = base._build_verify_context

    def noted(self: AIOHTTPSession) -> ssl.SSLContext:
        found.append(build(self))
        return found[-1]

    monkeypatch.setattr(trust, "_contexts", {})
    monkeypatch.setattr(base, "_build_verify_context", noted)
    return found


async def test_all_clients_share_what_was_read_once(
    built: list[ssl.SSLContext], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    async with connect(region="eu-west-1", account_id="123456789012") as clients:
        opened: list[Any] = [clients.s3.client, clients.iam.client, clients.sesv2_once.client]
        sessions = [one._endpoint.http_session for one in opened]
        connectors = [await one._create_connector(None) for one in sessions]
        (context,) = built
        assert context.check_hostname
        assert all(one._ssl is context for one in connectors)
        for one in connectors:
            await one.close()


@pytest.mark.parametrize(
    ("own", "proxy"), [(None, "https://proxy.example:3128"), ("own.pem", None)]
)
def test_who_adds_to_it_has_one_of_its_own(
    built: list[ssl.SSLContext],
    monkeypatch: pytest.MonkeyPatch,
    own: str | None,
    proxy: str | None,
) -> None:
    monkeypatch.setattr("ssl.SSLContext.load_cert_chain", lambda *_args, **_named: None)
    shared, _ = trust.Trusting()._build_ssl_contexts(None)
    apart, _ = trust.Trusting(client_cert=own)._build_ssl_contexts(proxy)
    assert apart is not shared
    assert len(built) >= 2


def test_who_trusts_others_has_another(built: list[ssl.SSLContext]) -> None:
    ordinary, _ = trust.Trusting()._build_ssl_contexts(None)
    nobody, _ = trust.Trusting(verify=False)._build_ssl_contexts(None)
    assert [ordinary, nobody] == built

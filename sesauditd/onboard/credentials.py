"""What a site needs to send by SMTP, and the texts to paste that say it; pure."""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass, field
from typing import Final

from sesauditd.onboard.tenants import plugin

VERSION: Final = b"\x04"
FIXED_DATE: Final = "11111111"
PORTS_OF_TLS: Final = frozenset({465, 2465})
"""Where TLS begins at once; at 25, 587 and 2587 it is asked for by STARTTLS (ses-facts 6.3)."""
CHINA: Final = "cn-"
PLUGIN: Final = "wp-content/mu-plugins/ses-tenant.php"


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """The SMTP server that sites log in at."""

    host: str
    port: int

    @property
    def is_tls_at_once(self) -> bool:
        """Return whether a connection begins with TLS, not with STARTTLS."""
        return self.port in PORTS_OF_TLS


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """The login of one domain; shown once, and kept nowhere."""

    domain: str
    server: Server
    user: str
    """The id of the access key, which is no secret."""
    password: str = field(repr=False)
    tenant: str | None = None
    """The tenant of SES that the domain's mail is to name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Text to paste, and where it goes."""

    title: str
    text: str = field(repr=False)


def smtp_password(secret: str, region: str) -> str:
    """Return the SMTP password of a secret access key, good in one Region only.

    AWS's own derivation (ses-facts 6.3); temporary credentials have no such password.
    """
    key = b"AWS4" + secret.encode()
    for part in (FIXED_DATE, region, "ses", "aws4_request", "SendRawEmail"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return base64.b64encode(VERSION + key).decode()


def host_of(region: str) -> str:
    """Return the name of SES's SMTP server in a Region."""
    return f"email-smtp.{region}.amazonaws.com{'.cn' if region.startswith(CHINA) else ''}"


def blocks(credentials: Credentials) -> tuple[Block, ...]:
    """Return the texts for the usual ways of WordPress to send, the plain facts first."""
    return (
        Block(title="SMTP login", text=_plain(credentials)),
        Block(title="WP Mail SMTP, constants for wp-config.php", text=_constants(credentials)),
        Block(title="WP Mail SMTP, settings with mailer Other SMTP", text=_settings(credentials)),
        Block(title="FluentSMTP, connection Other SMTP", text=_fluent(credentials)),
        *(() if credentials.tenant is None else (header_block(credentials.tenant),)),
    )


def header_block(tenant: str) -> Block:
    """Return the plugin that names a tenant in a site's mail; there is no secret in it."""
    return Block(title=f"Tenant, the new file {PLUGIN}", text=plugin(tenant))


def whole_text(credentials: Credentials) -> str:
    """Return all blocks as one text for a person, with the domain above it."""
    parts = [f"{one.title}\n{'-' * len(one.title)}\n{one.text}" for one in blocks(credentials)]
    return "\n\n".join((f"=== {credentials.domain} ===", *parts)) + "\n"


def document(credentials: Credentials) -> dict[str, str | int]:
    """Return the login for a program, password included."""
    return {
        "domain": credentials.domain,
        "host": credentials.server.host,
        "port": credentials.server.port,
        "encryption": _encryption(credentials),
        "user": credentials.user,
        "password": credentials.password,
        **({} if credentials.tenant is None else {"tenant": credentials.tenant}),
    }


def _plain(login: Credentials) -> str:
    tls = "from the start (SSL/TLS)" if login.server.is_tls_at_once else "by STARTTLS"
    return "\n".join(
        (
            f"Server:    {login.server.host}",
            f"Port:      {login.server.port}",
            f"TLS:       {tls}, required",
            f"User:      {login.user}",
            f"Password:  {login.password}",
            f"From:      any address at {login.domain}, in small letters",
        )
    )


def _constants(login: Credentials) -> str:
    # Mail from other addresses is refused, and plugins like to write from their own.
    pairs = (
        ("WPMS_ON", "true"),
        ("WPMS_MAILER", _php("smtp")),
        ("WPMS_MAIL_FROM", _php(f"wordpress@{login.domain}")),
        ("WPMS_MAIL_FROM_FORCE", "true"),
        ("WPMS_SET_RETURN_PATH", "true"),
        ("WPMS_SMTP_HOST", _php(login.server.host)),
        ("WPMS_SMTP_PORT", str(login.server.port)),
        ("WPMS_SSL", _php(_encryption(login))),
        ("WPMS_SMTP_AUTOTLS", "true"),
        ("WPMS_SMTP_AUTH", "true"),
        ("WPMS_SMTP_USER", _php(login.user)),
        ("WPMS_SMTP_PASS", _php(login.password)),
    )
    return "\n".join(f"define( '{name}', {value} );" for name, value in pairs)


def _settings(login: Credentials) -> str:
    return "\n".join(
        (
            f"From Email:      wordpress@{login.domain}   (Force From Email: on)",
            "Return Path:     on",
            f"SMTP Host:       {login.server.host}",
            f"Encryption:      {_encryption(login).upper()}",
            f"SMTP Port:       {login.server.port}",
            "Auto TLS:        on",
            "Authentication:  on",
            f"SMTP Username:   {login.user}",
            f"SMTP Password:   {login.password}",
        )
    )


def _fluent(login: Credentials) -> str:
    return "\n".join(
        (
            f"From Email:    wordpress@{login.domain}   (Force From Email: on)",
            "Return Path:   on",
            f"SMTP Host:     {login.server.host}",
            f"SMTP Port:     {login.server.port}",
            f"Encryption:    {_encryption(login).upper()}   (Use Auto TLS: on)",
            "Authentication: on, Access Keys in Config File:",
            f"define( 'FLUENTMAIL_SMTP_USERNAME', {_php(login.user)} );",
            f"define( 'FLUENTMAIL_SMTP_PASSWORD', {_php(login.password)} );",
        )
    )


def _encryption(login: Credentials) -> str:
    """Return what WordPress calls it: `ssl` is TLS from the start, `tls` is STARTTLS."""
    return "ssl" if login.server.is_tls_at_once else "tls"


def _php(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"

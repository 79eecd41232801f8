"""SES's SMTP endpoint."""

from __future__ import annotations

import asyncio
import hmac
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Protocol
from weakref import WeakKeyDictionary

import structlog
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from sesauditd.sandbox.mail.outgoing import Door, Outgoing
from sesauditd.sandbox.mail.password import smtp_password
from sesauditd.sandbox.mail.refusals import Refusal

if TYPE_CHECKING:
    from sesauditd.sandbox.authorization import Credential

LARGEST_MESSAGE = 40 * 1024 * 1024
"""Bytes (ses-facts 6.3)."""
LIBRARY_LOG = "mail.log"
DATA_HOOK = "handle_DATA"
WRONG_LOGIN = "535 Authentication Credentials Invalid"

log = structlog.get_logger()


class Sender(Protocol):
    """Who takes the messages."""

    def send(self, outgoing: Outgoing) -> str:
        """Take a message and return its id; raises Refusal."""
        ...


class Credentials(Protocol):
    """Who knows the access keys."""

    def credential(self, access_key_id: str) -> Credential | None:
        """Return an access key, None if it is unknown."""
        ...


class Door25:
    """Logs IAM users in and hands their messages on."""

    def __init__(self, sender: Sender, credentials: Credentials, region: str) -> None:
        self._sender = sender
        self._credentials = credentials
        self._region = region
        self._logins: WeakKeyDictionary[Session, str] = WeakKeyDictionary()
        # The server finds what to call by this name, which is no name for a method of ours.
        setattr(self, DATA_HOOK, self.take)

    def log_in(
        self,
        _server: SMTP,
        session: Session,
        _envelope: Envelope,
        _mechanism: str,
        given: object,
    ) -> AuthResult:
        """Check a user name, which is an access key's id, and its password."""
        refused = AuthResult(success=False, handled=False, message=WRONG_LOGIN)
        if not isinstance(given, LoginPassword):
            return refused
        key = self._credentials.credential(given.login.decode(errors="replace"))
        if key is None or not key.active:
            return refused
        wanted = smtp_password(key.secret, self._region).encode()
        if not hmac.compare_digest(wanted, given.password):
            return refused
        self._logins[session] = key.access_key_id
        return AuthResult(success=True, auth_data=given, message="235 Authentication successful.")

    async def take(self, _server: SMTP, session: Session, envelope: Envelope) -> str:
        """Hand a message on in a thread, so that the loop is never blocked."""
        if session not in self._logins:
            return "530 Authentication required"
        key = self._credentials.credential(self._logins[session])
        if key is None or not key.active:
            # Whether an open session outlives its key is not documented (ses-facts 5 [?]).
            return WRONG_LOGIN
        outgoing = Outgoing(
            user=key.user,
            sender=envelope.mail_from or "",
            recipients=tuple(envelope.rcpt_tos),
            raw=_bytes(envelope.content),
            api=Door.SMTP,
            source_ip=str(session.peer[0]) if session.peer else "127.0.0.1",
        )
        try:
            return f"250 Ok {await asyncio.to_thread(self._sender.send, outgoing)}"
        except Refusal as refusal:
            log.info("sandbox_mail_refused", user=key.user, why=str(refusal.kind))
            return refusal.reply


@asynccontextmanager
async def smtp_server(door: Door25, *, host: str, port: int) -> AsyncIterator[int]:
    """Listen while the block runs, and yield the port.

    STARTTLS is not offered: on loopback nobody needs it, and a web site's mailer that is offered
    it would insist on a certificate that it can verify.
    """
    # The library's own lines hold addresses, and warn of what only the library does.
    logging.getLogger(LIBRARY_LOG).setLevel(logging.ERROR)
    loop = asyncio.get_running_loop()

    def session() -> SMTP:
        return SMTP(
            door,
            data_size_limit=LARGEST_MESSAGE,
            hostname="email-smtp.amazonaws.com",
            ident="ESMTP SimpleEmailService-sandbox",
            authenticator=door.log_in,
            auth_require_tls=False,
            loop=loop,
        )

    server = await loop.create_server(session, host, port)
    try:
        yield int(server.sockets[0].getsockname()[1])
    finally:
        server.close()
        await server.wait_closed()


def _bytes(content: str | bytes | None) -> bytes:
    return content.encode() if isinstance(content, str) else content or b""

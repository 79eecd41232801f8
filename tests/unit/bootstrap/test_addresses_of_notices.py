"""Addresses in the configuration may carry a name, and mail still leaves."""

from __future__ import annotations

from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import default
from typing import TYPE_CHECKING, Any, cast

from sesauditd.bootstrap import application
from sesauditd.bootstrap.live import Tempo
from sesauditd.bootstrap.telling import post_of
from sesauditd.config import load
from sesauditd.model.notice import Notice, NoticeKind
from sesauditd.notices.siren import Siren
from sesauditd.store import notices
from tests.support.twins import TwinMail

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)
TROUBLE = {
    "name": "dead_pipe",
    "severity": "trouble",
    "summary": "Look at the queue.",
    "details": {},
    "at": "2026-11-24T08:00:00Z",
}


async def test_named_addresses_are_written_as_they_are_shown(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text(
        f'[database]\nurl = "sqlite:///{tmp_path / "t.db"}"\n'
        '[notices]\nfrom = "Hosting in Altfurt <Postmaster@host.example>"\n'
        'reply_to = "Help desk <help@host.example>"\n'
        'operators = ["Ann <ann@host.example>", "bob@host.example"]\n'
    )
    mail = TwinMail()
    async with application(load(config, {}), clock=lambda: NOW) as program:
        async with program.database.write() as connection:
            notice = Notice(kind=NoticeKind.TROUBLE, subject="dead_pipe/1", facts=TROUBLE)
            assert await notices.request(connection, notice, NOW)
        post = post_of(program, cast("Any", mail), Siren(), Tempo(mail_seconds=0))
        assert await post.tick() == 1
    (sent,) = mail.sent
    message = message_from_bytes(sent.raw, policy=default)
    assert message["From"] == "Hosting in Altfurt <postmaster@host.example>"
    assert message["Reply-To"] == "help@host.example"
    assert message["To"] == "ann@host.example, bob@host.example"

"""What a whole run leaves in its log and its database: nobody's address in full, no secret."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tests.support.daemons import TAKEN

if TYPE_CHECKING:
    from tests.support.daemons import Stage

SHOP, CLUB = "shop.example", "club.example"
ADDRESS = re.compile(r"[^\s\"'<>=(]+@[a-z0-9-]+(?:\.[a-z0-9-]+)+", re.IGNORECASE)
HIDDEN = "hidden-half-of-the-daemons-key"
WEBHOOK = "http://127.0.0.1:9/a-secret-in-a-path"


def test_log_and_database_hold_no_secret_and_the_log_no_whole_address(live: Stage) -> None:
    live.mailboxes(
        {"address": "*@dead.example", "answer": "hard"},
        {"address": "*@cross.example", "answer": "complain"},
        {"address": "owner@club-home.example", "answer": "hard"},
    )
    daemon = live.daemon(AWS_SECRET_ACCESS_KEY=HIDDEN, SESAUDITD_ALERTS__WEBHOOK=WEBHOOK).ready()
    for who in ("anna.reader@dead.example", "bert.reader@cross.example", "carl@dead.example"):
        assert live.mail(SHOP, who) == TAKEN
        live.tell()
    daemon.until(lambda: "block_recipient carl@dead.example" in live.actions(), "a block")
    live.done("disable", CLUB, "--reason", "carl@dead.example complained", "--json")
    daemon.until(lambda: live.tell() and daemon.log("contact_dead"), "a notice that came back")
    live.done("block", "dora.reader@x.example", "--domain", SHOP, "--reason", "she asked")
    assert daemon.stop() == 0

    log = daemon.log_file.read_text()
    whole = {one for one in ADDRESS.findall(log) if "***" not in one}
    assert whole == set()
    assert "***@club-home.example" in log
    kept = b"".join(one.read_bytes() for one in live.folder.glob("test.db*"))
    secrets = [login.password for login in live.furnished.logins.values()]
    for secret in (HIDDEN, WEBHOOK, *secrets):
        assert secret not in log
        assert secret.encode() not in kept

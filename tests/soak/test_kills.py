"""A daemon that is killed again and again, at any moment, while it drains its queue."""

from __future__ import annotations

import os
import random
import secrets
import sys
import time
from typing import TYPE_CHECKING

from tests.soak.ledger import check_store, kept
from tests.soak.letters import mixed
from tests.soak.stand import register

if TYPE_CHECKING:
    from tests.soak.stand import Stand

SEED = int(os.environ.get("SESAUDITD_SOAK_SEED") or secrets.randbits(32))
"""Another at each run, unless the environment asks for one that was printed."""
COUNT = 5_000
KILLS = 200
LONGEST_SECONDS = 2.5
"""From a daemon's start of work to its kill: a batch takes about half of it."""
VISIBLE_AGAIN_SECONDS = 120
MOST_RECEIVES = 200
"""A killed daemon's messages come again: each death counts as a receive of what it held."""


def test_two_hundred_kills_lose_nothing_and_count_nothing_twice(soaking: Stand) -> None:
    draw = random.Random(SEED)
    letters = mixed(COUNT, SEED)
    register(soaking)
    soaking.most_receives(MOST_RECEIVES)
    share = COUNT // KILLS
    recorded = 0
    for life in range(KILLS):
        soaking.send(letters[life * share : (life + 1) * share])
        with soaking.daemon() as daemon:
            daemon.wait_for("daemon_ready")
            time.sleep(draw.uniform(0, LONGEST_SECONDS))
            daemon.kill()
            recorded += len(daemon.said("batch_recorded"))
    with soaking.daemon() as daemon:
        daemon.wait_for("daemon_ready")
        soaking.wait_empty(VISIBLE_AGAIN_SECONDS)
        assert daemon.end() == 0
    archive = kept(soaking.asking, soaking.account["bucket"])
    sys.stdout.write(
        f"\nseed {SEED}: {KILLS} kills, {recorded} batches recorded by the killed, "
        f"{archive.objects} objects with {archive.lines} lines for {COUNT} messages, "
        f"receive counts {dict(archive.receive_counts)}\n"
    )
    assert len(archive.deliveries) == COUNT
    assert set(archive.bodies) == {one.sha256 for one in letters}
    check_store(soaking.database, letters)
    assert soaking.dead_letters() == 0

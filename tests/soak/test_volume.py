"""Twenty thousand mixed messages through the daemon, with its memory and its pace watched."""

from __future__ import annotations

import statistics
import sys
import time
from collections import Counter
from typing import TYPE_CHECKING

from tests.soak.ledger import check_store, kept
from tests.soak.letters import Fate, mixed
from tests.soak.peer import drain
from tests.soak.stand import register, sampled

if TYPE_CHECKING:
    from tests.soak.stand import Stand

COUNT = 20_000
SEED = 20_261_124
PEER_COUNT = 800
"""What fits into the emulator's queue at once."""
EVERY_SECONDS = 0.25


def test_twenty_thousand_mixed_messages_end_in_both_stores_once(soaking: Stand) -> None:
    letters = mixed(COUNT, SEED)
    register(soaking)
    peers = [_peer(soaking, "before")]
    with soaking.daemon() as daemon:
        daemon.wait_for("daemon_ready")
        begun, used = time.monotonic(), daemon.cpu_seconds()
        with sampled(daemon, EVERY_SECONDS) as samples:
            deepest = soaking.feed(letters)
            soaking.wait_empty(60)
        seconds, used = time.monotonic() - begun, daemon.cpu_seconds() - used
        assert daemon.end() == 0
    peers.append(_peer(soaking, "after"))
    archive = kept(soaking.asking, soaking.account["bucket"])
    rate, peer = COUNT / seconds, statistics.median(peers)
    quarters = [_median(samples, quarter) for quarter in range(4)]
    memory = [one for _, one in samples]
    database = soaking.database.stat().st_size / 1024**2
    sys.stdout.write(
        f"\nseed {SEED}: {COUNT} messages, {dict(Counter(one.fate.value for one in letters))}, "
        f"in {seconds:.1f} s: {rate:.0f} events/s, {used / COUNT * 1000:.3f} CPU s a 1,000, "
        f"{archive.objects} objects, queue at most {deepest} deep"
        f"\nRSS MiB: min {min(memory):.0f}, median {statistics.median(memory):.0f}, "
        f"max {max(memory):.0f}; by quarter {[round(one, 1) for one in quarters]}; "
        f"database MiB: {database:.0f}"
        f"\nboto3 loop of ten: {[round(one) for one in peers]} events/s; ratio {rate / peer:.2f}\n"
    )
    assert archive.bodies == Counter(one.sha256 for one in letters)
    assert len(archive.deliveries) == COUNT
    assert archive.came_back == 0
    check_store(soaking.database, letters)
    assert soaking.dead_letters() == 0
    assert deepest < 1000
    # The daemon runs in shadow mode: it judges, and touches neither SES nor IAM.
    assert [soaking.changes(service) for service in ("ses", "sesv2", "iam")] == [[], [], []]
    # Flat but for the pages that SQLite keeps of a database that grows, 64 MB of them at most.
    assert quarters[3] - quarters[1] <= database
    assert quarters[3] <= 1.1 * quarters[1]


def _median(samples: list[tuple[float, float]], quarter: int) -> float:
    width = len(samples) // 4
    part = samples[quarter * width : (quarter + 1) * width]
    return statistics.median(memory for _, memory in part)


def _peer(soaking: Stand, name: str) -> float:
    """Return how fast the plain loop carries the same kind of messages."""
    url = soaking.beside.ask("sqs", "CreateQueue", QueueName=f"peer-{name}")["QueueUrl"]
    letters = [one for one in mixed(PEER_COUNT * 2, SEED + 1) if one.fate is Fate.STORED]
    soaking.send(letters[:PEER_COUNT], url)
    database = soaking.folder / f"peer-{name}.db"
    return drain(dict(soaking.account), url, database, PEER_COUNT)

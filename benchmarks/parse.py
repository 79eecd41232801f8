"""Decodes and normalises messages, against `json` and plain dictionaries.

python benchmarks/parse.py [--events 20000] [--repeats 5]

`ours` takes what SNS put around the event off, decodes only what is read, checks every field and
returns the feedback as a value. `json` decodes envelope and event and picks the same fields,
without checking anything. `ours, attributed` goes on: hash, outcome for each recipient, the key.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

import backlog
import bench

from sesauditd.ingest.envelope import unwrap
from sesauditd.ingest.notification import parse
from sesauditd.ingest.reader import RawLine, read
from sesauditd.model.register import OwnNotices, Register

NOW = datetime(2026, 11, 30, tzinfo=UTC)
MEMBERS = ("bounce", "complaint", "delivery", "deliveryDelay", "reject")
NAMED = ("bouncedRecipients", "complainedRecipients", "recipients", "delayedRecipients")


def with_json(body: bytes) -> dict[str, Any]:
    """Return the fields that are used of an event, as anyone would pick them."""
    envelope = json.loads(body)
    event = json.loads(envelope["Message"])
    mail = event["mail"]
    about = next((event[name] for name in MEMBERS if name in event), {})
    named = next((about[name] for name in NAMED if name in about), mail["destination"])
    tags = mail.get("tags", {})
    return {
        "kind": event.get("eventType") or event["notificationType"],
        "topic": envelope["TopicArn"],
        "message_id": mail["messageId"],
        "feedback_id": about.get("feedbackId"),
        "mail_at": datetime.fromisoformat(mail["timestamp"]),
        "inner_at": datetime.fromisoformat(about.get("timestamp") or mail["timestamp"]),
        "source": mail["source"].rpartition("<")[2].rstrip(">").lower(),
        "identity": mail["sourceArn"].rpartition("/")[2],
        "caller": tags.get("ses:caller-identity", [None])[0],
        "configuration_set": tags.get("ses:configuration-set", [None])[0],
        "destination": [one.lower() for one in mail["destination"]],
        "named": [one if isinstance(one, str) else one["emailAddress"].lower() for one in named],
        "type": about.get("bounceType"),
        "subtype": about.get("bounceSubType") or about.get("complaintSubType"),
    }


def ours(body: bytes) -> object:
    """Return the feedback in a message."""
    message = unwrap(body).message
    assert message is not None
    return parse(message)


def main() -> None:
    """Print the medians and the ratios."""
    parser = bench.parser(__doc__)
    parser.add_argument("--events", type=int, default=20_000)
    parser.add_argument("--repeats", type=int, default=5)
    wanted = parser.parse_args()
    results = bench.Results("parse", wanted)
    bodies = [body.encode() for body, _ in backlog.bodies(wanted.events)]
    register, own = Register(), OwnNotices(sender="", configuration_set="")

    def attributed(body: bytes) -> object:
        line = RawLine(text=body, origin_source="o", line=1, received_at=NOW)
        return read(line, now=NOW, register=register, own_notices=own)

    def timed(one: Callable[[bytes], object]) -> Callable[[int], dict[str, float]]:
        return lambda _: _timed(one, bodies)

    what = {"ours": timed(ours), "json": timed(with_json), "ours, attributed": timed(attributed)}
    medians = bench.interleaved(what, wanted.repeats, results)
    results.rates(f"decode and normalise, medians of {wanted.repeats}", medians)
    results.close()


def _timed(one: Callable[[bytes], object], bodies: Iterable[bytes]) -> dict[str, float]:
    for body in itertools.islice(bodies, 500):
        one(body)
    watch = bench.Stopwatch()
    count = 0
    for body in bodies:
        one(body)
        count += 1
    return watch.found(count)


if __name__ == "__main__":
    main()

"""What has to be true whatever failed, read from the archive, the store and AWS themselves.

Conservation, uniqueness, audit, safety and liveness, as docs/faults.md words them. Asked once
faults have stopped and the queue is drained; each says by an assertion what it found wrong.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from sesauditd.model.actions import LIVE, STARTED
from tests.support.databases import SERVER

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.support.daemons import Daemon, Stage

NOISE = "Successfully validated SNS topic"
FRESH_SECONDS = 60.0
"""Within which a message that comes after the faults has to be handled."""
ROLLED_UP = "SELECT domain, hour, outcome, SUM(count) FROM rollups GROUP BY 1, 2, 3"
COUNTED = """
SELECT e.domain, e.at / 3600000000, r.outcome, COUNT(*)
FROM events e JOIN event_recipients r ON r.event = e.key
WHERE e.domain IS NOT NULL AND r.outcome <> 'notice' GROUP BY 1, 2, 3
"""
STANDING = """
SELECT a.*, v.key AS verdict, v.withdrawn_at FROM actions a
LEFT JOIN verdicts v ON v.key = a.cause WHERE a.kind = ? AND a.state IN ({})
"""
BLOCKED = "SELECT * FROM blocks WHERE lifted_at IS NULL"
UNSENT = """
SELECT id FROM notices WHERE state IN ('requested', 'attempted')
AND NOT (audience = 'operator' AND attempts = 0 AND due_at IS NOT NULL)
"""
"""But for those to operators that wait for the hour of the next digest."""
TAKEN = 250


def conserved(live: Stage) -> None:
    """Every message that SQS took is archived, and stored or quarantined or noise by name."""
    assert live.queue_depths() == (0, 0), "something is left in the queue, or is a dead letter"
    assert len({line["message_id"] for line in live.archived()}) == live.tell()
    nothing_lost(live)
    if not SERVER:
        assert [tuple(row) for row in live.rows("PRAGMA integrity_check")] == [("ok",)]


def nothing_lost(live: Stage) -> None:
    """What the archive has, and that alone, is stored or quarantined or noise by name."""
    archived = live.archived()
    rows = live.rows("SELECT sha256 FROM events UNION SELECT sha256 FROM quarantine")
    stored = {row["sha256"].hex() for row in rows}
    lost = [line["body"] for line in archived if line["sha256"] not in stored]
    assert [body for body in lost if NOISE not in body] == []
    assert stored <= {line["sha256"] for line in archived}


def unique(live: Stage) -> None:
    """No event counts twice, no verdict and no block stands twice, no notice came twice."""
    assert _sorted(live, ROLLED_UP) == _sorted(live, COUNTED)
    verdicts = live.rows("SELECT rule, customer, domain, recipient, incident FROM verdicts")
    assert _twice(tuple(row) for row in verdicts) == []
    blocks = live.rows(BLOCKED)
    assert _twice((one["customer"], one["recipient"], one["rule"]) for one in blocks) == []
    delivered = live.notice_ids()
    assert [one for one, times in delivered.items() if times > 1] == []
    states = {row["id"]: row["state"] for row in live.rows("SELECT id, state FROM notices")}
    came = {one.strip("<>").partition(".sesauditd")[0] for one in delivered}
    assert {states[one] for one in came} <= {"sent", "unknown"}
    assert {one for one, state in states.items() if state == "sent"} <= came


def audited(live: Stage) -> None:
    """An intent stands before every change at AWS, and an outcome behind every intent."""
    actions = live.rows("SELECT * FROM actions")
    started = [one for one in actions if one["attempted_at"] is not None]
    assert [one["id"] for one in started if one["before"] is None] == []
    # What was undone before its end has the outcome of what undid it.
    ended = [one for one in started if one["state"] in {"done", "failed"}]
    assert [one["id"] for one in ended if one["after"] is None] == []
    users = live.rows("SELECT name, domain FROM iam_users")
    for call in live.writes():
        if call.operation == "SendEmail" or call.status >= 400:
            continue
        text = unquote(json.dumps([call.path, dict(call.parameters)]))
        names = {one["name"] for one in users if one["name"] in text}
        intents = [one for one in started if _is_about(one, text, names)]
        assert intents, f"nobody asked for {call.operation} {text}"


def safe(live: Stage) -> None:
    """What is stopped at AWS is what the store says, and the store has a ground for each."""
    state = live.state()
    disabled = {one["domain"] for one in _standing(live, "disable_domain")}
    terminated = {one["customer"] for one in _standing(live, "terminate_customer")}
    owners = {row["name"]: row["customer"] for row in live.rows("SELECT * FROM domains")}
    off = {
        name
        for name, one in state["ses"]["configuration_sets"].items()
        if not one["sending_enabled"]
    }
    stopped = disabled | {name for name, owner in owners.items() if owner in terminated}
    sets = {_set_of(live, name): name for name in owners}
    assert {sets[name] for name in off} == stopped
    users = {row["name"]: row["domain"] for row in live.rows("SELECT * FROM iam_users")}
    for user, domain in users.items():
        held = state["iam"]["users"][user]
        denied = {name.rpartition("-disable-")[2] for name in held["inline"] if "-disable-" in name}
        own = {name for name, owner in owners.items() if owner == owners[domain]}
        assert denied == own & stopped
        ended = any(name.endswith("-terminate") for name in held["inline"])
        assert ended == (owners[domain] in terminated)
        assert ("Inactive" in held["keys"].values()) == ended
    blocks = live.rows(BLOCKED)
    listed = {one["recipient"] for one in blocks if one["lever"] == "account_list"}
    assert {one.lower() for one in state["ses"]["suppression"][""]} == listed
    for user, domain in users.items():
        found = {
            person
            for arn in state["iam"]["users"][user]["attached"]
            for person in _denied(state["iam"]["policies"][arn])
        }
        wanted = {
            one["spelling"]
            for one in blocks
            if one["lever"] == "iam_deny" and one["customer"] == owners[domain]
        }
        assert found == wanted
    _standing(live, "block_recipient")


def alive(live: Stage, daemon: Daemon, domain: str) -> None:
    """Mail of the domain that leaves now is told of, and recorded by a daemon left to itself."""
    before = live.count("events")
    assert live.mail(domain, "fresh@good.example") == TAKEN
    live.tell()
    daemon.until(lambda: live.count("events") >= before + 2, "a fresh message", FRESH_SECONDS)


def hold(live: Stage, daemon: Daemon, domain: str) -> None:
    """Wait until nothing is left to do, and ask them all; the domain has to be free to send."""
    alive(live, daemon, domain)
    daemon.until(lambda: not _unfinished(live), "everything to be done")
    daemon.until(lambda: live.tell() and live.queue_depths() == (0, 0), "an empty queue")
    conserved(live)
    unique(live)
    audited(live)
    safe(live)


def _unfinished(live: Stage) -> bool:
    due = "SELECT id FROM actions WHERE state IN ('requested', 'attempted', 'pending', 'unknown')"
    return bool(live.rows(due) or live.rows(UNSENT))


def _standing(live: Stage, kind: str) -> list[Any]:
    """Return the actions of a kind that hold, each of which must have a ground."""
    states = ", ".join(f"'{one}'" for one in LIVE & STARTED)
    found = live.rows(STANDING.format(states), kind)
    for one in found:
        by_operator = one["actor"].startswith("operator")
        justified = one["verdict"] is not None and one["withdrawn_at"] is None
        assert by_operator or justified, f"{kind} {one['id']} has no ground"
    return found


def _is_about(action: Any, text: str, users: set[str]) -> bool:
    words = {action["domain"], action["recipient"], action["customer"], *users}
    dashed = (action["domain"] or "").replace(".", "-")
    return any(word and word in text for word in words) or bool(dashed and dashed in text)


def _set_of(live: Stage, domain: str) -> str:
    return str(live.furnished.logins[domain].configuration_set)


def _denied(document: Mapping[str, Any]) -> Iterator[str]:
    for statement in document["Statement"]:
        for condition in statement.get("Condition", {}).values():
            named = condition.get("ses:Recipients", ())
            yield from [named] if isinstance(named, str) else named


def _sorted(live: Stage, query: str) -> list[tuple[Any, ...]]:
    return sorted(tuple(row) for row in live.rows(query))


def _twice(found: Iterator[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    return [one for one, times in Counter(found).items() if times > 1]

"""What most people write: a loop over boto3 that takes ten, keeps them, and deletes them."""

from __future__ import annotations

import gzip
import hashlib
import json
import sqlite3
import time
from contextlib import closing
from typing import TYPE_CHECKING, Any

from sesauditd.sandbox.operator import Operator, operator

if TYPE_CHECKING:
    from pathlib import Path


def drain(account: dict[str, Any], queue_url: str, database: Path, count: int) -> float:
    """Carry so many messages from the queue into S3 and SQLite; return events a second."""
    where = {"region": account["region"], "account_id": account["account_id"]}
    with (
        operator(account["endpoint_url"], **where) as asking,
        closing(sqlite3.connect(database, isolation_level=None)) as connection,
    ):
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("CREATE TABLE IF NOT EXISTS events (id TEXT PRIMARY KEY, kind TEXT)")
        begun = time.monotonic()
        left = count
        while left > 0:
            left -= _ten(asking, account["bucket"], queue_url, connection)
        return count / (time.monotonic() - begun)


def _ten(asking: Operator, bucket: str, url: str, connection: sqlite3.Connection) -> int:
    answer = asking.ask(
        "sqs", "ReceiveMessage", QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1
    )
    messages = answer.get("Messages", [])
    if not messages:
        return 0
    body = gzip.compress("\n".join(one["Body"] for one in messages).encode(), 1)
    key = f"peer/{hashlib.sha256(body).hexdigest()}"
    asking.ask("s3", "PutObject", Bucket=bucket, Key=key, Body=body)
    rows = [(one["MessageId"], _kind(one["Body"])) for one in messages]
    connection.execute("BEGIN IMMEDIATE")
    connection.executemany("INSERT OR IGNORE INTO events VALUES (?, ?)", rows)
    connection.execute("COMMIT")
    asking.ask(
        "sqs",
        "DeleteMessageBatch",
        QueueUrl=url,
        Entries=[
            {"Id": str(number), "ReceiptHandle": one["ReceiptHandle"]}
            for number, one in enumerate(messages)
        ],
    )
    return len(messages)


def _kind(body: str) -> str:
    try:
        document = json.loads(body)
        event = json.loads(document["Message"]) if "Message" in document else document
        return str(event.get("eventType") or event.get("notificationType"))
    except (ValueError, TypeError, AttributeError):
        return "unreadable"

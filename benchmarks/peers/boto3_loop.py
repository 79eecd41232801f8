"""What most people write: a loop over boto3 that receives ten, keeps them and deletes them.

python peers/boto3_loop.py single|batch ENDPOINT DATABASE
"""

from __future__ import annotations

import json
import sqlite3
import sys
import uuid
from typing import Any

import boto3

Message = dict[str, Any]


def row(message: Message) -> tuple[str, str, str, str, str]:
    """Return what is kept of a message."""
    event = json.loads(json.loads(message["Body"])["Message"])
    kind = event.get("eventType") or event["notificationType"]
    mail = event["mail"]
    recipients = ",".join(mail["destination"])
    return message["MessageId"], kind, mail["timestamp"], mail["source"], recipients


def store(connection: sqlite3.Connection, messages: list[Message]) -> None:
    """Store messages in one transaction, flushed."""
    connection.execute("BEGIN IMMEDIATE")
    connection.executemany("INSERT OR IGNORE INTO events VALUES (?,?,?,?,?)", map(row, messages))
    connection.execute("COMMIT")


def main() -> None:
    """Work until killed."""
    mode, endpoint, database = sys.argv[1:]
    sqs, s3 = (
        boto3.client(name, region_name="eu-west-1", endpoint_url=endpoint) for name in ("sqs", "s3")
    )
    url = f"{endpoint}/111122223333/feedback"
    connection = sqlite3.connect(database, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute(
        "CREATE TABLE events"
        " (id TEXT PRIMARY KEY, kind TEXT, at TEXT, source TEXT, recipients TEXT)"
    )
    while True:
        answer = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=20)
        messages = answer.get("Messages", [])
        for part in [[one] for one in messages] if mode == "single" else [messages]:
            if not part:
                continue
            body = "\n".join(one["Body"] for one in part).encode()
            s3.put_object(Bucket="archive", Key=f"raw/{uuid.uuid4()}", Body=body)
            store(connection, part)
            if mode == "single":
                sqs.delete_message(QueueUrl=url, ReceiptHandle=part[0]["ReceiptHandle"])
                continue
            entries = [
                {"Id": str(number), "ReceiptHandle": one["ReceiptHandle"]}
                for number, one in enumerate(part)
            ]
            sqs.delete_message_batch(QueueUrl=url, Entries=entries)


if __name__ == "__main__":
    main()

"""One input for everything that reads what a stranger may have put into the queue.

With atheris installed, a fuzzer that looks for new branches enlarges the corpus:

    python -m tests.soak.fuzzing FOLDER -max_total_time=600

It begins with what `corpus.jsonl` holds and leaves in the folder what reached something new.
"""

from __future__ import annotations

import importlib
import json
import sys
from contextlib import suppress
from pathlib import Path

from sesauditd.errors import Unreadable
from sesauditd.ingest.signature import certificate_in, claim_of
from tests.unit.ingest.samples import archive_record, encoded, envelope
from tests.unit.ingest.test_hostile import assert_sound, read_line

CORPUS = Path(__file__).with_name("corpus.jsonl")
"""Inputs that each reach something which the others do not: a line each, a letter a byte."""


def corpus() -> list[bytes]:
    """Return every kept input, the shortest first."""
    return [json.loads(line).encode("latin-1") for line in CORPUS.read_text().splitlines()]


def tried(given: bytes) -> None:
    """Hold every reader to a sound answer about one input, bare and in what it travels in."""
    assert_sound(read_line(given))
    for reader in (claim_of, certificate_in):
        with suppress(Unreadable):
            reader(given)
    with suppress(UnicodeDecodeError):
        text = given.decode()
        assert_sound(read_line(encoded(envelope(text, Timestamp=text[:40]))))
        assert_sound(read_line(encoded(archive_record(given, received_at=text[:40]))))


if __name__ == "__main__":
    # No dependency of the tests: it has wheels for few machines.
    atheris = importlib.import_module("atheris")
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for number, kept in enumerate(corpus()):
        (folder / f"kept-{number}").write_bytes(kept)
    atheris.instrument_all()
    atheris.Setup(sys.argv, tried)
    atheris.Fuzz()

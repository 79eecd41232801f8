"""A month of many customers ends in the same verdicts, in whatever order and pieces it arrives."""

from __future__ import annotations

import gzip
import random
import signal
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from tests.support import ses
from tests.support.cases import Facts, all_facts, spread, when
from tests.support.cli import Cli, program
from tests.support.databases import rows_of
from tests.support.sweeps import sampled

if TYPE_CHECKING:
    from pathlib import Path

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
WEEK = timedelta(weeks=1)
ANN = "ann@mail.example"
MONDAYS = tuple(when(7, 3) - number * WEEK for number in reversed(range(5)))
DOMAINS = (
    ("bakery.example", "bakery"),
    ("club.example", "club"),
    ("choir.example", "club"),
    ("friend.example", "friend"),
    ("school.example", "school"),
    ("shop.example", "shop"),
)


def month() -> list[ses.Event]:
    """Return four weeks in which nearly every rule has something to say."""
    return [*bakery(), *club(), *friend(), *school(), *shop()]


def bakery() -> list[ses.Event]:
    """Return a clean shop: an out-of-office, a full mailbox that recovers, two complaints."""
    told = []
    for week in range(4):
        monday = when() - week * WEEK
        told += ses.sends("bakery.example", ses.people(60, "guest"), monday + 9 * HOUR, size=20)
        message = ses.message_id(f"away {week}")
        sent = monday + 9 * HOUR
        told += [
            ses.soft("bakery.example", ANN, sent + HOUR, message=message, mail_at=sent),
            ses.delivery("bakery.example", ANN, sent + 2 * HOUR, message=message, mail_at=sent),
            ses.soft("bakery.example", "full@mail.example", monday + DAY),
            ses.soft("bakery.example", "full@mail.example", monday + 2 * DAY),
        ]
    told.append(ses.delivery("bakery.example", "full@mail.example", when(-8)))
    told += [ses.complaint("bakery.example", ANN, when(day)) for day in (-9, 1)]
    return told


def club() -> list[ses.Event]:
    """Return a stale list: warned, warned, disabled, over two domains, with blocks."""
    told = []
    for week, count in enumerate((9, 8, 8)):
        monday = when() - week * WEEK
        everybody = ses.people(60, f"member{week}x")
        told += ses.sends("club.example", everybody, monday + 8 * HOUR)
        times = spread(count, monday + DAY, monday + 5 * DAY)
        told += [
            ses.bounce("club.example", one, at, status=("5.1.1", "5.7.1")[number % 2])
            for number, (one, at) in enumerate(zip(everybody, times, strict=False))
        ]
        told += [ses.soft("choir.example", "tenor@mail.example", at) for at in times[:3]]
    told += [ses.complaint("choir.example", "alto@mail.example", when(day)) for day in (-12, -3, 2)]
    told += [ses.complaint("choir.example", ses.people(9, "seat"), when(day)) for day in (0, 1, 2)]
    return told


def friend() -> list[ses.Event]:
    """Return bought addresses, a virus, and guesses at a company."""
    everybody = ses.people(300, "bought")
    told = ses.sends("friend.example", everybody, when(-13))
    times = spread(120, when(-13, 1), when(-13, 22))
    told += [
        ses.bounce("friend.example", one, at, status="5.2.1")
        for one, at in zip(everybody, times, strict=False)
    ]
    told += [ses.reject("friend.example", one, when(2)) for one in ses.people(15, "infected")]
    told += [
        ses.bounce("friend.example", f"name{number}@acme.example", when(3, 0, number))
        for number in range(30)
    ]
    return told


def school() -> list[ses.Event]:
    """Return a newsletter that many complain about, one of them through both flavours."""
    everybody = ses.people(500, "parent")
    told = ses.sends("school.example", everybody, when(0, 7))
    times = spread(16, when(1), when(6))
    flavours: tuple[ses.Flavour, ...] = ("publishing", "identity")
    told += [
        ses.complaint("school.example", one, at, flavour=flavours[number % 2])
        for number, (one, at) in enumerate(zip(everybody, times, strict=False))
    ]
    told.append(ses.complaint("school.example", ANN, when(2), kind="not-spam"))
    return told


def shop() -> list[ses.Event]:
    """Return a flood whose mails make it harmless, and an old streak that blocks again."""
    everybody = ses.people(150, "client")
    told = [ses.bounce("shop.example", ANN, when(day), status="5.7.1") for day in (-25, 3)]
    told += [
        ses.bounce(
            "shop.example", one, when(-20, 1), kind="Permanent", subtype="OnAccountSuppressionList"
        )
        for one in everybody[:30]
    ]
    told += [ses.soft("shop.example", "slow@mail.example", when(day, 4)) for day in range(-4, 3)]
    told += ses.sends("shop.example", everybody, when(-20))
    return told


def ready(folder: Path) -> Cli:
    """Return the program with everybody registered."""
    cli = program(folder)
    cli.adopt_all([(domain, customer) for domain, customer in DOMAINS])
    return cli


def judged(cli: Cli, *, dry: bool = True) -> list[Facts]:
    """Return every verdict of the month, each Monday's in turn."""
    return [one for monday in MONDAYS for one in all_facts(cli.verdicts(monday, dry=dry))]


@pytest.fixture(scope="module")
def told() -> list[str]:
    """Return the month as lines, in every form of line."""
    return ses.lines(month())


@pytest.fixture(scope="module")
def straight(told: list[str], tmp_path_factory: pytest.TempPathFactory) -> list[Facts]:
    """Return the verdicts of the month fed at once, in order."""
    cli = ready(tmp_path_factory.mktemp("straight"))
    counts = cli.replay(told)
    assert (counts["recorded"], counts["quarantined"]) == (len(told), 0)
    return judged(cli)


def test_the_month_has_something_for_most_rules(straight: list[Facts]) -> None:
    assert {str(one[0]) for one in straight} == {
        "hard_bounce.block",
        "hard_bounce.warn",
        "hard_bounce.disable",
        "hard_bounce.surge",
        "guessing.disable",
        "soft_bounce.block",
        "complaint.block",
        "complaint.warn",
        "complaint.terminate",
        "virus.disable",
    }


def test_each_verdict_stands_once(straight: list[Facts]) -> None:
    # What ended on Monday before three o'clock is shown for both weeks, by design.
    assert len(set(straight)) == len(straight)


@pytest.mark.parametrize("seed", sampled(range(3), 1))
def test_shuffled_doubled_and_cut_it_is_the_same(
    tmp_path: Path, told: list[str], straight: list[Facts], seed: int
) -> None:
    chance = random.Random(seed)
    cli = ready(tmp_path)
    mixed = chance.sample([*told, *told], 2 * len(told))
    size = chance.choice([1 + len(mixed) // 3, 1 + len(mixed) // 11, 97])
    pieces = [mixed[start : start + size] for start in range(0, len(mixed), size)]
    counts = [cli.replay(piece) for piece in pieces]
    assert sum(one["recorded"] for one in counts) == len(told)
    assert sum(one["duplicates"] for one in counts) == len(told)
    assert judged(cli) == straight


@pytest.mark.parametrize("seed", sampled(range(3), 1))
def test_judged_between_the_pieces_it_is_the_same(
    tmp_path: Path, told: list[str], straight: list[Facts], seed: int
) -> None:
    chance = random.Random(100 + seed)
    cli = ready(tmp_path)
    mixed = chance.sample(told, len(told))
    for part in range(4):
        cli.replay(mixed[part::4])
        cli.ok("enforce", "--as-of", chance.choice(MONDAYS).isoformat())
    assert judged(cli, dry=False) == straight
    assert judged(cli) == straight


@pytest.mark.parametrize("backwards", sampled([True, False], 1), ids=["backwards", "forwards"])
def test_line_by_line_it_is_the_same(tmp_path: Path, told: list[str], *, backwards: bool) -> None:
    chosen = [line for line in told if "choir.example" in line or "shop.example" in line]
    whole, parts = ready(tmp_path / "whole"), ready(tmp_path / "parts")
    whole.replay(chosen)
    for line in reversed(chosen) if backwards else chosen:
        parts.replay([line])
    assert judged(parts) == judged(whole)


def test_registered_after_the_replay_it_is_the_same(
    tmp_path: Path, told: list[str], straight: list[Facts]
) -> None:
    cli = program(tmp_path)
    cli.replay(told)
    assert judged(cli) == []
    for domain, customer in reversed(DOMAINS):
        cli.adopt(domain, customer)
    assert judged(cli) == straight


def test_from_a_folder_of_compressed_files_it_is_the_same(
    tmp_path: Path, told: list[str], straight: list[Facts]
) -> None:
    cli = ready(tmp_path)
    for hour, start in enumerate(range(0, len(told), 100)):
        folder = tmp_path / "raw" / f"dt=2026-11-{hour + 1:02d}" / "hour=03"
        folder.mkdir(parents=True)
        text = "".join(f"{line}\n" for line in told[start : start + 100])
        (folder / f"{hour}-abc.jsonl.gz").write_bytes(gzip.compress(text.encode()))
    counts = cli.ok("replay", tmp_path / "raw", "--json").document
    assert counts["recorded"] == len(told)
    assert judged(cli) == straight


@pytest.mark.slow
def test_killed_again_and_again_it_is_the_same(
    tmp_path: Path, told: list[str], straight: list[Facts]
) -> None:
    cli = ready(tmp_path)
    mails = [
        json_line
        for number in range(4000)
        for json_line in ses.lines([ses.send("nobody.example", f"x{number}@y.example", when(1))])
    ]
    mixed = random.Random(7).sample([*told, *mails], len(told) + len(mails))
    path = cli.file(mixed)
    for _ in range(3):
        killed_midway(cli, path)
    ended = cli.spawn("replay", path, "--json")
    assert ended.code == 0, ended.err
    assert ended.document["recorded"] + ended.document["duplicates"] == len(mixed)
    assert judged(cli) == straight


def test_fed_by_two_programs_at_once_it_is_the_same(
    tmp_path: Path, told: list[str], straight: list[Facts]
) -> None:
    cli = ready(tmp_path)
    files = [cli.file(told[half::2], f"half{half}.jsonl") for half in (0, 1)]
    both = [cli.start("replay", file, "--json") for file in (*files, files[0])]
    for one in both:
        _, err = one.communicate(timeout=120)
        assert one.returncode == 0, err
    assert judged(cli) == straight


def killed_midway(cli: Cli, path: Path) -> None:
    """Kill a replay as soon as more has been recorded than before it began."""
    before = recorded(cli.database)
    running = cli.start("replay", path)
    until = time.monotonic() + 60
    while recorded(cli.database) <= before and running.poll() is None:
        assert time.monotonic() < until
        time.sleep(0.005)
    running.send_signal(signal.SIGKILL)
    running.communicate()
    assert running.returncode == -signal.SIGKILL


def recorded(database: Path) -> int:
    """Return how many events the database holds."""
    return int(rows_of(database, "SELECT count(*) FROM events")[0][0])


def times(verdicts: Sequence[Facts]) -> list[datetime]:
    """Return when the windows end."""
    return [datetime.fromisoformat(str(one[-1])) for one in verdicts]


def test_each_verdict_is_shown_with_its_own_week(
    tmp_path: Path, told: list[str], straight: list[Facts]
) -> None:
    cli = ready(tmp_path)
    cli.replay(told)
    for monday in MONDAYS:
        assert all(
            monday - WEEK - 3 * HOUR <= one <= monday
            for one in times(all_facts(cli.verdicts(monday)))
        )
    assert times(straight)

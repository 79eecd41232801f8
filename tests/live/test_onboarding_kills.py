"""Onboarding, rotating and offboarding in real processes, killed at every point there is.

Whatever the point, the next run ends where one without a death ends, and the one after it writes
nothing.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest

from sesauditd.model.set_names import set_name
from tests.support.accounts import stood
from tests.support.commands import commands_at
from tests.support.killed import Processes, points

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.accounts import Stood
    from tests.support.cli import Cli

WHOSE = ("--customer", "bakery", "--contact", "anna@bakery-home.example")
REACHED = {
    "onboard": {
        "onboard.asked": 1,
        "onboard.intended": 9,
        "onboard.called": 9,
        "onboard.recorded": 9,
        "onboard.registered": 1,
        "onboard.key_intended": 1,
        "onboard.key_created": 1,
        "onboard.key_noted": 1,
        "onboard.key_shown": 1,
        "onboard.granted": 1,
    },
    "rotate": {
        "rotate.intended": 1,
        "onboard.key_intended": 1,
        "onboard.key_created": 1,
        "onboard.key_noted": 1,
        "onboard.key_shown": 1,
        "rotate.shown": 1,
    },
    "retire": {"rotate.stepped": 1},
    "offboard": {
        "offboard.begun": 1,
        "onboard.intended": 6,
        "onboard.called": 6,
        "onboard.recorded": 6,
        "offboard.removed": 1,
    },
}
"""How often each command reaches each point; the first test says so if that changes."""
ALWAYS = {("onboard", "onboard.key_created", 1)}
"""What the default run tries: where a key would be left that nobody knows."""
POINTS = [
    (command, name, nth)
    for command, names in REACHED.items()
    for name, times in names.items()
    for nth in range(1, times + 1)
]
_numbers = count(1)


@pytest.fixture(scope="module")
def place() -> Iterator[Stood]:
    with stood() as standing:
        yield standing


@dataclass(slots=True)
class Scene:
    """A domain, commands about it, and the files that their credentials went into."""

    place: Stood
    cli: Cli
    domain: str
    files: list[Path] = field(default_factory=list)

    @property
    def processes(self) -> Processes:
        return Processes(self.cli, self.place)

    def command(self, name: str) -> tuple[str | Path, ...]:
        """Return the words of a command, each time with another file for what it shows."""
        out = ("--out", self._file())
        return {
            "onboard": ("onboard", self.domain, *WHOSE, "--yes", *out),
            "on": ("onboard", self.domain, "--yes", *out),
            "rotate": ("credentials", "rotate", self.domain, "--yes", *out),
            "retire": ("credentials", "rotate", self.domain, "--retire"),
            "offboard": ("offboard", self.domain, "--yes"),
        }[name]

    def _file(self) -> Path:
        self.files.append(self.cli.folder / f"{self.domain}-{len(self.files)}.txt")
        return self.files[-1]

    def shown(self) -> set[str]:
        """Return the ids of all access keys that somebody was shown."""
        texts = [one.read_text() for one in self.files if one.exists()]
        lines = [line for text in texts for line in text.splitlines()]
        return {line.split()[1] for line in lines if line.startswith("User:")}

    def prepare(self, command: str) -> None:
        """Bring the domain to where a command is given."""
        before = {"rotate": ["onboard"], "retire": ["onboard", "rotate"], "offboard": ["onboard"]}
        for one in before.get(command, []):
            ran = self.cli.run(*self.command(one))
            assert ran.code == 0, ran.err

    def standing(self) -> dict[str, Any]:
        """Return all that stands of the domain: at AWS, in DNS, in the register."""
        ask = self.place.asking.ask
        users = ask("iam", "ListUsers")["Users"]
        keys = [
            (one["AccessKeyId"], one["Status"])
            for user in users
            if user["UserName"] == self.domain
            for one in ask("iam", "ListAccessKeys", UserName=self.domain)["AccessKeyMetadata"]
        ]
        zones = [
            one["Id"]
            for one in ask("route53", "ListHostedZones")["HostedZones"]
            if one["Name"] == f"{self.domain}."
        ]
        records = ask("route53", "ListResourceRecordSets", HostedZoneId=zones[0])
        sets = ask("sesv2", "ListConfigurationSets")["ConfigurationSets"]
        identities = ask("sesv2", "ListEmailIdentities")["EmailIdentities"]
        rows = self.cli.run("domains", "--all", "--json").document["domains"]
        ours = [one for one in rows if one["domain"] == self.domain]
        return {
            "zones": len(zones),
            "records": Counter(one["Type"] for one in records["ResourceRecordSets"]),
            "values": sum(len(one["ResourceRecords"]) for one in records["ResourceRecordSets"]),
            "sets": sets.count(set_name("sesaudit", self.domain)),
            "identities": [one["IdentityName"] for one in identities].count(self.domain),
            "users": [one["UserName"] for one in users].count(self.domain),
            "keys": Counter(status for _, status in keys),
            "unknown keys": {key for key, _ in keys} - self.shown(),
            "register": [(one["customer"], one["state"], bool(one["closed_at"])) for one in ours],
        }


@pytest.fixture(scope="module")
def cli(place: Stood, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cli]:
    with commands_at(place, tmp_path_factory.mktemp("kills")) as made:
        ran = made.run("setup", "--yes")
        assert ran.code == 0, ran.err
        yield made


def fresh(place: Stood, cli: Cli) -> Scene:
    """Return a scene with a domain that nobody has named before, in a hosted zone of its own."""
    name = f"killed-{next(_numbers)}.example"
    place.asking.ask("route53", "CreateHostedZone", Name=name, CallerReference=name)
    return Scene(place, cli, name)


@dataclass(slots=True)
class Undisturbed:
    """What stands after commands that nothing happens to, each looked at once."""

    place: Stood
    cli: Cli
    seen: dict[str, dict[str, Any]] = field(default_factory=dict)

    def after(self, command: str) -> dict[str, Any]:
        if command not in self.seen:
            scene = fresh(self.place, self.cli)
            scene.prepare(command)
            ran = self.cli.run(*scene.command(command))
            assert ran.code == 0, ran.err
            self.seen[command] = scene.standing()
        return self.seen[command]


@pytest.fixture(scope="module")
def undisturbed(place: Stood, cli: Cli) -> Undisturbed:
    return Undisturbed(place, cli)


@pytest.mark.slow
def test_the_sweep_is_whole(place: Stood, cli: Cli) -> None:
    assert {name for names in REACHED.values() for name in names} == points("onboard")
    for command, expected in REACHED.items():
        scene = fresh(place, cli)
        scene.prepare(command)
        file = cli.folder / f"reached-{command}"
        assert scene.processes.reached(file, *scene.command(command)) == expected


@pytest.mark.parametrize(
    ("command", "point", "nth"),
    [pytest.param(*one, marks=() if one in ALWAYS else pytest.mark.slow) for one in POINTS],
)
def test_a_process_killed_anywhere_is_made_good_by_the_next(
    place: Stood,
    cli: Cli,
    undisturbed: Undisturbed,
    command: str,
    point: str,
    nth: int,
) -> None:
    scene = fresh(place, cli)
    scene.prepare(command)
    scene.processes.kill_at(point, nth, *scene.command(command))
    # What was asked is known by now, so nobody has to say it again.
    again = "on" if command == "onboard" else command
    scene.cli.run(*scene.command(again))
    assert scene.standing() == undisturbed.after(command)
    place.forget_calls()
    scene.cli.run(*scene.command(again))
    assert place.writes() == 0
    assert scene.standing() == undisturbed.after(command)


@pytest.mark.slow
def test_two_processes_at_once_make_one_of_everything(
    place: Stood, cli: Cli, undisturbed: Undisturbed
) -> None:
    scene = fresh(place, cli)
    with place.running("onboard"):
        both = [scene.processes.start(*scene.command("onboard")) for _ in range(2)]
        codes = sorted(process.wait(timeout=300) for process in both)
    for process in both:
        process.communicate()
    assert codes in ([0, 0], [0, 1])
    assert scene.standing() == undisturbed.after("onboard")
    assert len(scene.shown()) == 1
    place.forget_calls()
    assert cli.run(*scene.command("on")).code == 0
    assert place.writes() == 0

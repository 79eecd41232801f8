"""Which settings a daemon takes at SIGHUP, and which it goes back to."""

from __future__ import annotations

import asyncio
import os
import signal
from dataclasses import dataclass, field

import pytest

from sesauditd.bootstrap.reloading import Course
from sesauditd.config.settings import Settings
from sesauditd.daemon.supervisor import hangups, supervise
from sesauditd.errors import Broken, Forbidden, Refused

RUNNABLE = {
    "aws": {"region": "eu-central-1", "account_id": "123456789012"},
    "queue": {"url": "https://sqs.example/q", "topic_arns": ["arn:aws:sns:eu-central-1:1:t"]},
    "archive": {"bucket": "kept"},
}


def settings(**sections: object) -> Settings:
    return Settings.model_validate(RUNNABLE | sections)


@dataclass
class File:
    """A configuration file that says something else each time."""

    says: Settings | Refused
    settled: list[Settings] = field(default_factory=list)
    was_read: asyncio.Event = field(default_factory=asyncio.Event)

    def read(self) -> Settings:
        self.was_read.set()
        if isinstance(self.says, Refused):
            raise self.says
        return self.says


FIRST = settings()
SECOND = settings(retention={"events_days": 390})


@pytest.fixture
def file() -> File:
    return File(SECOND)


@pytest.fixture
def course(file: File) -> Course:
    return Course(settings=FIRST, environment={}, reread=file.read, settle=file.settled.append)


def test_right_settings_are_taken_and_settled_once_they_could_be_worked_by(
    course: Course, file: File
) -> None:
    assert course.renew()
    assert (course.settings, course.is_new, file.settled) == (SECOND, True, [])

    course.hold()

    assert (course.settings, course.is_new, file.settled) == (SECOND, False, [SECOND])


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param(Refused("unknown key"), id="it cannot be read"),
        pytest.param(settings(archive={}), id="a key is missing"),
        pytest.param(settings(web={"bind": "0.0.0.0:8080"}), id="a dashboard for all, no token"),
        pytest.param(settings(database={"url": "/other.db"}), id="another database"),
        pytest.param(settings(policy={"file": "/none/there.toml"}), id="a policy nobody has"),
    ],
)
def test_wrong_ones_are_refused_and_nothing_changes(
    course: Course, file: File, wrong: Settings | Refused
) -> None:
    file.says = wrong

    assert not course.renew()
    assert (course.settings, course.is_new) == (FIRST, False)


def test_an_endpoint_that_only_the_environment_knows_is_refused(course: Course) -> None:
    course.environment = {"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}

    assert not course.renew()


def test_what_aws_refuses_goes_back_to_what_was_worked_by_last(course: Course, file: File) -> None:
    course.renew()
    file.says = settings(retention={"events_days": 395})
    course.renew()

    course.go_back(Forbidden("this key is of another account"))

    assert (course.settings, course.is_new) == (FIRST, False)
    with pytest.raises(Forbidden):
        course.go_back(Forbidden("nor may the first"))


def test_a_disk_that_cannot_be_trusted_is_no_matter_of_settings(course: Course) -> None:
    course.renew()

    with pytest.raises(Broken):
        course.go_back(Broken("the disk"))


async def test_a_hangup_ends_what_runs_only_for_settings_that_can_be_right(
    course: Course, file: File
) -> None:
    file.says = Refused("unknown key")
    stop = asyncio.Event()
    with hangups(course.asked):
        running = asyncio.create_task(supervise({"course": course.run}, stop=stop, grace_seconds=5))
        os.kill(os.getpid(), signal.SIGHUP)
        await asyncio.wait_for(file.was_read.wait(), 5)
        assert not stop.is_set()

        file.says = SECOND
        os.kill(os.getpid(), signal.SIGHUP)
        seen = await asyncio.wait_for(running, 5)

    assert (course.settings, list(seen)) == (SECOND, [])


async def test_a_signal_to_end_during_a_reload_is_not_lost(course: Course) -> None:
    async def slow(stop: asyncio.Event) -> None:
        await stop.wait()
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.sleep(0.01)

    course.asked.set()
    seen = await supervise(
        {"course": course.run, "slow": slow}, stop=asyncio.Event(), grace_seconds=5
    )

    assert list(seen) == [signal.SIGTERM]

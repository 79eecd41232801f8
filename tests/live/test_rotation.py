"""Rotating a login at the sandbox: two keys for a while, then one; a death leaves no third."""

from __future__ import annotations

import asyncio
import smtplib
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio

from sesauditd.bootstrap.credentials import rotation_of
from sesauditd.bootstrap.keeping import keeping_of
from sesauditd.bootstrap.onboard import login
from sesauditd.errors import Failed, Refused
from sesauditd.model.rotation import RotationStage
from tests.support.accounts import stood
from tests.support.newcomers import Newcomers, PowerCutError, newcomers_at
from tests.support.roles import ONBOARD
from tests.support.sandboxes import NOW

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from sesauditd.model.rotation import RotationNote
    from sesauditd.onboard.rotation import Rotation
    from tests.support.accounts import Stood

pytestmark = pytest.mark.asyncio(loop_scope="module")
KEEP = timedelta(days=14)
WEEK = timedelta(days=7)


@pytest.fixture(scope="module")
def place() -> Iterator[Stood]:
    with stood(*ONBOARD) as opened:
        yield opened


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def newcomers(
    place: Stood, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Newcomers]:
    async with newcomers_at(place, tmp_path_factory.mktemp("rotation")) as made:
        yield made


def rotation(newcomers: Newcomers) -> Rotation:
    return rotation_of(newcomers.program.administration)


async def rotate(newcomers: Newcomers, domain: str) -> RotationNote:
    """Rotate as the command does, and keep what is shown."""
    administration = newcomers.program.administration
    kept = await keeping_of(administration).of(domain)
    derived = login(administration)
    return await rotation(newcomers).rotate(
        kept, KEEP, lambda key: newcomers.shown.append(derived(domain, key)), NOW
    )


def active(newcomers: Newcomers, domain: str) -> dict[str, bool]:
    found = newcomers.place.asking.ask("iam", "ListAccessKeys", UserName=domain)
    return {one["AccessKeyId"]: one["Status"] == "Active" for one in found["AccessKeyMetadata"]}


async def send(newcomers: Newcomers, login_: Any) -> None:
    await asyncio.to_thread(newcomers.send, login_, "jane@elsewhere.example")


async def test_both_logins_work_until_the_old_one_is_retired_and_deleted(
    newcomers: Newcomers,
) -> None:
    domain = newcomers.domain()
    await newcomers.onboard(domain)
    old = newcomers.newest(domain)
    note = await rotate(newcomers, domain)
    new = newcomers.newest(domain)
    assert (note.old, note.new, note.stage) == (old.user, new.user, RotationStage.OVERLAPPING)
    for one in (old, new):
        await send(newcomers, one)
    assert (await newcomers.plan(domain)).is_empty

    with pytest.raises(Refused, match="still good until 2026-12-08"):
        await rotate(newcomers, domain)
    assert len(active(newcomers, domain)) == 2

    note = await rotation(newcomers).retire(domain, NOW)
    assert active(newcomers, domain) == {old.user: False, new.user: True}
    with pytest.raises(smtplib.SMTPAuthenticationError):
        await send(newcomers, old)
    with pytest.raises(Refused, match="deleted from 2026-12-01"):
        await rotation(newcomers).retire(domain, NOW)
    assert await rotation(newcomers).retire_due(NOW + WEEK) == []
    assert active(newcomers, domain) == {new.user: True}
    with pytest.raises(Refused, match="has no old key"):
        await rotation(newcomers).retire(domain, NOW)
    assert (await newcomers.plan(domain)).is_empty


async def test_what_nobody_acknowledges_is_retired_in_time(newcomers: Newcomers) -> None:
    domain = newcomers.domain()
    await newcomers.onboard(domain)
    note = await rotate(newcomers, domain)
    newcomers.place.forget_calls()
    assert await rotation(newcomers).retire_due(NOW + KEEP - timedelta(minutes=1)) == []
    assert newcomers.place.writes() == 0
    assert await rotation(newcomers).retire_due(NOW + KEEP) == []
    assert active(newcomers, domain)[note.old] is False
    assert await rotation(newcomers).retire_due(NOW + KEEP + WEEK) == []
    assert list(active(newcomers, domain)) == [note.new]
    newcomers.place.forget_calls()
    assert await rotation(newcomers).retire_due(NOW + 2 * KEEP) == []
    assert newcomers.place.sandbox.recording.calls() == []


async def test_without_a_free_slot_nothing_is_made(newcomers: Newcomers) -> None:
    domain = newcomers.domain()
    await newcomers.onboard(domain)
    newcomers.place.asking.ask("iam", "CreateAccessKey", UserName=domain)
    newcomers.place.forget_calls()
    with pytest.raises(Failed, match="no free slot"):
        await rotate(newcomers, domain)
    assert newcomers.place.writes() == 0


async def test_an_inactive_key_that_somebody_deleted_makes_room_for_another(
    newcomers: Newcomers,
) -> None:
    domain = newcomers.domain()
    await newcomers.onboard(domain)
    first = await rotate(newcomers, domain)
    await rotation(newcomers).retire(domain, NOW)
    with pytest.raises(Refused, match=f"delete-access-key --user-name {domain} .*{first.old}"):
        await rotate(newcomers, domain)
    ask = newcomers.place.asking.ask
    ask("iam", "DeleteAccessKey", UserName=domain, AccessKeyId=first.old)
    second = await rotate(newcomers, domain)
    assert second.old == first.new
    assert active(newcomers, domain) == {second.old: True, second.new: True}


async def test_a_stopped_domain_gets_no_new_key(newcomers: Newcomers) -> None:
    domain = newcomers.domain()
    await newcomers.onboard(domain, "paused")
    async with newcomers.program.administration.program.deciding() as decisions:
        await decisions.disable(domain, "hacked")
    with pytest.raises(Refused, match="is stopped"):
        await rotate(newcomers, domain)


@pytest.mark.parametrize(
    "point",
    ["rotate.intended", "onboard.key_created", "onboard.key_shown", "rotate.shown"],
)
async def test_a_death_in_between_leaves_two_keys_at_most(
    newcomers: Newcomers, point: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    domain = newcomers.domain()
    await newcomers.onboard(domain)
    old = newcomers.newest(domain)

    def die(name: str) -> None:
        if name == point:
            raise PowerCutError

    with monkeypatch.context() as patch:
        for module in ("rotation", "access_keys"):
            patch.setattr(f"sesauditd.onboard.{module}.reach", die)
        with pytest.raises(PowerCutError):
            await rotate(newcomers, domain)
    note = await rotate(newcomers, domain)
    new = newcomers.newest(domain)
    assert active(newcomers, domain) == {old.user: True, new.user: True}
    assert (note.old, note.new) == (old.user, new.user)
    await send(newcomers, new)

"""Where the clients point is said by the configuration and by nothing else."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from sesauditd.aws.account import caller
from sesauditd.aws.clients import Clients, Keys, connect, control_pace, endpoint_conflicts
from sesauditd.aws.pace import Pace
from sesauditd.errors import Refused, Unavailable
from tests.unit.aws.wire import ONCE, Reply, wired

HERE = "http://127.0.0.1:4566"


@pytest.mark.parametrize(
    ("environment", "endpoint_url", "conflicting"),
    [
        pytest.param({}, None, None, id="nothing"),
        pytest.param({"AWS_REGION": "eu-west-1"}, None, None, id="another setting"),
        pytest.param({"AWS_ENDPOINT_URL": HERE}, None, "AWS_ENDPOINT_URL", id="not repeated"),
        pytest.param({"AWS_ENDPOINT_URL": HERE}, HERE + "/", None, id="repeated"),
        pytest.param({"AWS_ENDPOINT_URL": ""}, None, None, id="empty"),
        pytest.param(
            {"AWS_ENDPOINT_URL_SESV2": "http://evil"}, HERE, "AWS_ENDPOINT_URL_SESV2", id="one"
        ),
        pytest.param({"AWS_ENDPOINT_URLS": "http://evil"}, None, None, id="another name"),
    ],
)
def test_endpoints_of_the_environment_must_stand_in_the_file(
    environment: dict[str, str], endpoint_url: str | None, conflicting: str | None
) -> None:
    said = endpoint_conflicts(environment, endpoint_url)
    assert (said is None) if conflicting is None else (said or "").startswith(conflicting + " ")


async def test_no_client_takes_an_endpoint_from_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://evil.example")
    monkeypatch.setenv("AWS_ENDPOINT_URL_SQS", "http://evil.example")
    async with connect(region="eu-central-1", account_id="1") as clients:
        assert all("amazonaws.com" in url for url in _urls(clients))


async def test_every_client_points_where_the_configuration_says() -> None:
    async with connect(region="eu-central-1", account_id="1", endpoint_url=HERE) as clients:
        assert set(_urls(clients)) == {HERE}


async def test_arns_begin_with_the_partition_of_the_region() -> None:
    async with connect(region="cn-north-1", account_id="1") as clients:
        assert clients.partition == "aws-cn"


async def test_only_the_control_plane_of_ses_is_held_back() -> None:
    async with connect(region="eu-central-1", account_id="1", pace=control_pace()) as clients:
        assert clients.sesv2.pace is not None
        assert clients.sesv2_once.pace is None


async def test_what_is_paced_waits_before_it_asks() -> None:
    loop = asyncio.get_running_loop()
    async with wired() as (wire, clients):
        wire.will(Reply())
        paced = replace(clients.sesv2, pace=Pace(per_second=50, burst=1))
        start = loop.time()
        for _ in range(3):
            await paced.ask("GetAccount")
        assert loop.time() - start >= 0.038


async def test_given_keys_are_used_and_nothing_of_this_machine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with wired() as (wire, _):
        wire.will(Reply(status=503))
        monkeypatch.setenv("AWS_PROFILE", "nowhere")
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "other")
        given = connect(
            region="eu-central-1",
            account_id="1",
            endpoint_url=wire.url,
            patience=ONCE,
            keys=Keys(key_id="given", secret="hidden"),
        )
        async with given as clients:
            with pytest.raises(Unavailable):
                await caller(clients)
        assert "Credential=given/" in wire.asked[-1].headers["Authorization"]
    assert "hidden" not in repr(Keys(key_id="given", secret="hidden"))


async def test_a_profile_that_is_not_there_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nowhere")
    with pytest.raises(Refused, match="nowhere"):
        async with connect(region="eu-central-1", account_id="1"):
            pass


def _urls(clients: Clients) -> list[str]:
    services = (
        clients.sqs,
        clients.s3,
        clients.sesv2,
        clients.sesv2_once,
        clients.iam,
        clients.sts,
        clients.cloudwatch,
    )
    return [service.client.meta.endpoint_url for service in services]

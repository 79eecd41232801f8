"""The clients of one account and region, made once and closed together."""

from __future__ import annotations

import os
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from aiobotocore.config import AioConfig
from aiobotocore.session import AioSession, get_session
from botocore.exceptions import BotoCoreError
from botocore.loaders import Loader, create_loader

from sesauditd import __version__
from sesauditd.aws.api import Api
from sesauditd.aws.errors import Stake, saying
from sesauditd.aws.lean import lean_of
from sesauditd.aws.pace import Pace
from sesauditd.aws.transport import Plain
from sesauditd.aws.trust import Trusting
from sesauditd.errors import Refused

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from sesauditd.aws.lean import Lean
    from sesauditd.aws.pace import Turns
    from sesauditd.aws.transport import Transport

ENDPOINTS: Final = "AWS_ENDPOINT_URL"

_COMMON: Final[Mapping[str, Any]] = {
    "user_agent": f"sesauditd/{__version__}",
    "ignore_configured_endpoint_urls": True,
    "tcp_keepalive": True,
    "http_session_cls": Trusting,
}
_ONCE: Final[Mapping[str, Any]] = {
    "retries": {"mode": "standard", "total_max_attempts": 1},
    # On a connection of its own, a server that hangs up an idle one cannot make a mail or an
    # access key uncertain.
    "connector_args": {"force_close": True, "keepalive_timeout": None},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long and how often a call is tried before it counts as failed."""

    connect_seconds: float = 5
    read_seconds: float = 15
    long_poll_read_seconds: float = 30
    """Longer than the longest poll of SQS, 20 seconds (ses-facts 2.3)."""
    attempts: int = 3


PATIENT: Final = Patience()


_DEAF: Final[Mapping[str, Any]] = {
    "profile": (None, None, None, None),
    "config_file": (None, None, os.devnull, None),
    "credentials_file": (None, None, os.devnull, None),
}
"""A session that takes nothing from the machine's own AWS files and profile."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """An access key that is given, for an AWS of the demo's own."""

    key_id: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Clients:
    """Everything that is asked of AWS goes through these."""

    account_id: str
    region: str
    sqs: Api
    messages: Transport
    """Of the same SQS, for what is asked all day."""
    s3: Api
    sesv2: Api
    sesv2_once: Api
    """For sending: an answer that is lost is not asked for again, or two mails leave."""
    iam: Api
    iam_once: Api
    """For making access keys: asked for twice, there are two."""
    sts: Api
    cloudwatch: Api
    sns: Api
    route53: Api

    @property
    def partition(self) -> str:
        """The first part of every ARN: `aws`, `aws-cn` or `aws-us-gov`."""
        return str(self.iam.client.meta.partition)


def control_pace() -> Pace:
    """Return what SES bears on its control plane: one call a second (ses-facts 9)."""
    return Pace(per_second=1, burst=5)


def steady_pace() -> Pace:
    """Return the same for long work: never two calls at once, since each refusal costs three."""
    return Pace(per_second=1, burst=1)


def zone_pace() -> Pace:
    """Return what is safe with Route 53: half of its 10 calls a second (ses-facts 6.4)."""
    return Pace(per_second=5, burst=20)


@asynccontextmanager
async def connect(
    *,
    region: str,
    account_id: str,
    endpoint_url: str | None = None,
    pace: Turns | None = None,
    patience: Patience = PATIENT,
    keys: Keys | None = None,
    lean: bool = False,
) -> AsyncIterator[Clients]:
    """Make one client a service; nothing is asked of AWS yet.

    Endpoints in the environment or in AWS's own files are ignored: only `endpoint_url` counts.
    Credentials come, and are renewed, as AWS's tools look for them, unless `keys` are given.
    `pace` holds SES's control calls back, and with it Route 53's are held to theirs; None lets
    all of them run. Messages are received and deleted by aiobotocore's own client unless `lean`.
    Raises Refused when AWS's own settings, such as a profile, cannot be used.
    """
    session = _session(keys)
    zones = None if pace is None else zone_pace()
    async with AsyncExitStack() as stack:
        opening = _Opening(session, stack, region, endpoint_url, patience)
        sqs = await opening.api("sqs", "SQS", **_polling(patience))
        yield Clients(
            account_id=account_id,
            region=region,
            sqs=sqs,
            messages=await opening.lean(sqs) if lean else Plain(sqs),
            s3=await opening.api("s3", "S3", **_addressing(endpoint_url)),
            sesv2=replace(await opening.api("sesv2", "SES"), pace=pace),
            sesv2_once=replace(await opening.api("sesv2", "SES", **_ONCE), stake=Stake.MAIL),
            iam=await opening.api("iam", "IAM"),
            iam_once=replace(await opening.api("iam", "IAM", **_ONCE), stake=Stake.MAIL),
            sts=await opening.api("sts", "STS"),
            cloudwatch=await opening.api("cloudwatch", "CloudWatch"),
            sns=await opening.api("sns", "SNS"),
            route53=replace(await opening.api("route53", "Route 53"), pace=zones),
        )


def _session(keys: Keys | None) -> AioSession:
    session = get_session() if keys is None else AioSession(session_vars=_DEAF)
    if keys is not None:
        session.set_credentials(keys.key_id, keys.secret)
    try:
        descriptions = _descriptions(session.get_config_variable("data_path"))
    except BotoCoreError as error:
        raise _unusable(error) from error
    session.register_component("data_loader", descriptions)
    return session


@cache
def _descriptions(data_path: str | None) -> Loader:
    """Return AWS's descriptions of its services, megabytes of JSON: read once a process."""
    return create_loader(data_path)


def _unusable(error: BotoCoreError) -> Refused:
    return Refused(f"AWS's own settings cannot be used: {saying(str(error))}")


def endpoint_conflicts(environment: Mapping[str, str], endpoint_url: str | None) -> str | None:
    """Return why the endpoints in the environment are refused, or None.

    A forgotten `AWS_ENDPOINT_URL` would send real credentials and mail elsewhere, so it must
    stand in the configuration file too.
    """
    for name in sorted(environment):
        value = environment[name].strip()
        ours = name == ENDPOINTS or name.startswith(f"{ENDPOINTS}_")
        if ours and value and value.rstrip("/") != (endpoint_url or "").rstrip("/"):
            return (
                f"{name} is set in the environment and [aws] endpoint_url does not say the same; "
                "remove it, or write it into the configuration"
            )
    return None


@dataclass(frozen=True, slots=True)
class _Opening:
    """What all clients have in common, and the stack that closes them."""

    session: AioSession
    stack: AsyncExitStack
    region: str
    endpoint_url: str | None
    patience: Patience

    async def api(self, service: str, shown: str, **extra: object) -> Api:
        """Open the client of one service, which messages call `shown`; raises Refused."""
        context = self.session.create_client(
            service,
            region_name=self.region,
            endpoint_url=self.endpoint_url,
            config=AioConfig(**{**_COMMON, **_trying(self.patience), **extra}),
        )
        try:
            client = await self.stack.enter_async_context(context)
        except BotoCoreError as error:
            raise _unusable(error) from error
        return Api(name=shown, client=client)

    async def lean(self, sqs: Api) -> Lean:
        """Open the lean transport beside the client of SQS; raises Refused."""
        context = lean_of(
            sqs.client,
            await self.session.get_credentials(),
            ca_bundle=self.session.get_config_variable("ca_bundle"),
            connect_seconds=self.patience.connect_seconds,
            read_seconds=self.patience.read_seconds,
        )
        return await self.stack.enter_async_context(context)


def _trying(patience: Patience) -> Mapping[str, Any]:
    return {
        "connect_timeout": patience.connect_seconds,
        "read_timeout": patience.read_seconds,
        "retries": {"mode": "standard", "total_max_attempts": patience.attempts},
    }


def _polling(patience: Patience) -> Mapping[str, Any]:
    return {
        "read_timeout": patience.long_poll_read_seconds,
        "max_pool_connections": 128,
        # Costs a third of the time of a receive (performance.md), and our parameters are fixed.
        "parameter_validation": False,
    }


def _addressing(endpoint_url: str | None) -> Mapping[str, Any]:
    # A local endpoint has no name for each bucket.
    return {} if endpoint_url is None else {"s3": {"addressing_style": "path"}}

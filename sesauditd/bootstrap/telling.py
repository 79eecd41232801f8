"""Builds what tells people: the mail of notices, and the roads of alarms."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from email.utils import parseaddr
from typing import TYPE_CHECKING

from sesauditd.bootstrap.program import NOTICES_SET
from sesauditd.errors import Refused, SesauditdError

if TYPE_CHECKING:
    from sesauditd.aws.mail import Mail
    from sesauditd.bootstrap.program import Application
    from sesauditd.bootstrap.tempo import Tempo
    from sesauditd.config.settings import Settings
    from sesauditd.jobs.alerts import Alerts
    from sesauditd.jobs.post import Post
    from sesauditd.notices.compose import Composer
    from sesauditd.notices.roads import Road
    from sesauditd.notices.siren import Siren, Taken

NO_ROADS = (
    "no road to operators is configured: set alerts.command, alerts.webhook or alerts.apprise, "
    "or notices.from and notices.operators"
)


def roads_of(settings: Settings) -> list[Road]:
    """Return the roads that are configured. Raises Refused where Apprise is missing for one."""
    from sesauditd.notices import roads

    alerts = settings.alerts
    found: list[Road] = []
    if alerts.command:
        found.append(roads.Command(words=alerts.command, least=alerts.command_from))
    if alerts.webhook is not None:
        found.append(roads.Webhook(address=alerts.webhook, least=alerts.webhook_from))
    if alerts.apprise:
        roads.check_installed()
    return found + [
        roads.Apprise(address=one.url, number=number, least=one.least)
        for number, one in enumerate(alerts.apprise, 1)
    ]


def alerting(program: Application) -> tuple[Siren, Alerts]:
    """Return what sounds alarms at once, and what tries again where a road failed."""
    from sesauditd.jobs.alerts import Alerts
    from sesauditd.notices.siren import Siren
    from sesauditd.store.alerts import Alerts as Waiting

    waiting = Waiting(program.database, program.clock)
    installation = program.settings.installation.name
    siren = Siren(roads_of(program.settings), installation=installation, waiting=waiting)
    alerts = Alerts(outbox=waiting, siren=siren, clock=program.clock)
    return siren, alerts


def composer_of(settings: Settings) -> Composer | None:
    """Return what writes mails, None where no sender is configured."""
    from sesauditd.model.addresses import canonical, spelling
    from sesauditd.notices.compose import SENDER_NAME, Composer

    written = settings.notices
    if not written.sender:
        return None
    return Composer(
        sender=canonical(written.sender),
        name=parseaddr(written.sender)[0] or SENDER_NAME,
        reply_to=spelling(written.reply_to) if written.reply_to else None,
        installation=settings.installation.name,
        configuration_set=f"{settings.installation.prefix}-{NOTICES_SET}",
    )


def operators_of(settings: Settings) -> list[str]:
    """Return the operators' bare addresses."""
    from sesauditd.model.addresses import spelling

    return [spelling(one) for one in settings.notices.operators]


def post_of(program: Application, mail: Mail, siren: Siren, tempo: Tempo) -> Post:
    """Return what sends the notices that wait."""
    from sesauditd.jobs.pacing import Pacer
    from sesauditd.jobs.post import Post
    from sesauditd.store.notices import Outbox

    settings, seconds = program.settings, tempo.mail_seconds
    return Post(
        Outbox(program.database, operators_of(settings)),
        mail,
        composer_of(settings),
        program.clock,
        alarm=siren.sound,
        pacer=Pacer(mail.account) if seconds is None else Pacer(seconds=seconds),
    )


async def try_roads(settings: Settings, now: datetime) -> Sequence[Taken]:
    """Send a test on every road to operators, mail among them; return what each came to.

    Raises Refused where no road is configured, or Apprise is missing for one that is.
    """
    from sesauditd.notices.alarms import Alarm, Severity
    from sesauditd.notices.siren import Siren

    siren = Siren(roads_of(settings), installation=settings.installation.name)
    composer, operators = composer_of(settings), operators_of(settings)
    mails = composer is not None and bool(operators)
    if not siren.roads and not mails:
        raise Refused(NO_ROADS)
    alarm = Alarm(
        name="test",
        severity=Severity.NOTE,
        summary="A test by `sesauditd notices test`: nothing is wrong.",
        at=now,
    )
    taken = list(await siren.trial(alarm))
    if composer is not None and operators:
        taken.append(await _try_mail(settings, composer, operators, now))
    return taken


async def _try_mail(
    settings: Settings, composer: Composer, operators: Sequence[str], now: datetime
) -> Taken:
    from sesauditd.aws.clients import connect
    from sesauditd.aws.mail import Mail
    from sesauditd.model.calendar import iso
    from sesauditd.model.notice import Notice, NoticeKind
    from sesauditd.notices.siren import Taken
    from sesauditd.notices.words import counted

    road, aws = f"mail to {counted(len(operators), 'operator')}", settings.aws
    if aws.region is None or aws.account_id is None:
        return Taken(road=road, failure="set aws.region and aws.account_id")
    at = iso(now)
    notice = Notice(kind=NoticeKind.TEST, subject=f"test/{at}", facts={"at": at})
    try:
        raw = composer.compose(notice, operators, now).as_bytes()
        async with connect(
            region=aws.region, account_id=aws.account_id, endpoint_url=aws.endpoint_url
        ) as clients:
            await Mail(clients).send(raw, composer.sender, operators, composer.configuration_set)
    except SesauditdError as error:
        return Taken(road=road, failure=str(error))
    return Taken(road=road)

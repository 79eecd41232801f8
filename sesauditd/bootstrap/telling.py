"""Builds what tells people: the mail of notices, and the roads of alarms."""

from __future__ import annotations

from email.utils import parseaddr
from typing import TYPE_CHECKING

from sesauditd.bootstrap.program import NOTICES_SET

if TYPE_CHECKING:
    from sesauditd.aws.mail import Mail
    from sesauditd.bootstrap.program import Application
    from sesauditd.bootstrap.tempo import Tempo
    from sesauditd.config.settings import Settings
    from sesauditd.jobs.alerts import Alerts
    from sesauditd.jobs.post import Post
    from sesauditd.notices.compose import Composer
    from sesauditd.notices.roads import Road
    from sesauditd.notices.siren import Siren


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
        roads.Service(address=one.url, number=number, least=one.least)
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

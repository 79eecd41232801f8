"""What the daemon needs to be told before it can run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sesauditd.config.settings import Trust
from sesauditd.errors import Refused

if TYPE_CHECKING:
    from sesauditd.config.settings import Settings


def check_runnable(settings: Settings) -> None:
    """Raise Refused, naming every key that is missing, unless the daemon can run."""
    wanted: dict[str, object] = {
        "aws.region": settings.aws.region,
        "aws.account_id": settings.aws.account_id,
        "queue.url": settings.queue.url,
        "queue.topic_arns": settings.queue.topic_arns,
        "archive.bucket": settings.archive.bucket,
    }
    missing = [key for key, value in wanted.items() if not value]
    if missing:
        raise Refused(f"the daemon needs {', '.join(missing)}: write them into the configuration")
    region = settings.aws.region
    strangers = [arn for arn in settings.queue.topic_arns if f":{region}:" not in arn]
    if settings.queue.trust is Trust.SIGNATURE and strangers:
        raise Refused(
            f"queue.topic_arns names {strangers[0]}, which is not in aws.region {region}: "
            "certificates are believed of that region only"
        )

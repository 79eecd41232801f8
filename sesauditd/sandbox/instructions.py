"""What to paste where, so that a shell, the daemon and a site use the sandbox."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from sesauditd.sandbox.operator import ROOT_KEY

if TYPE_CHECKING:
    from sesauditd.sandbox.furnish import Furnished, Login
    from sesauditd.sandbox.running import Sandbox


def environment(sandbox: Sandbox) -> Mapping[str, str]:
    """Return the variables with which every AWS client finds the sandbox, as its root."""
    return {
        "AWS_ENDPOINT_URL": sandbox.url,
        "AWS_ACCESS_KEY_ID": ROOT_KEY,
        "AWS_SECRET_ACCESS_KEY": ROOT_KEY,
        "AWS_REGION": sandbox.region,
        "AWS_DEFAULT_REGION": sandbox.region,
    }


def configuration(furnished: Furnished, sandbox: Sandbox, operators: Sequence[str] = ()) -> str:
    """Return the sections of a configuration file with which `run` watches the sandbox."""
    told = {"operators": list(operators)} if operators else {}
    sections: Mapping[str, Mapping[str, object]] = {
        "aws": {
            "region": furnished.region,
            "account_id": furnished.account_id,
            "endpoint_url": furnished.endpoint_url,
        },
        "queue": {"url": furnished.queue_url, "topic_arns": [furnished.topic_arn]},
        "archive": {"bucket": furnished.bucket},
        "notices": {"from": f"Hosting <postmaster@{furnished.notice_domain}>", **told},
        "onboarding": {"resolver": [f"{sandbox.host}:{sandbox.dns_port}"]},
        "smtp": {"host": sandbox.host, "port": sandbox.smtp_port},
    }
    return "\n".join(
        line
        for name, values in sections.items()
        for line in (f"[{name}]", *(f"{key} = {json.dumps(one)}" for key, one in values.items()))
    )


def login(given: Login, sandbox: Sandbox) -> Mapping[str, object]:
    """Return the SMTP settings of a site, in the words of its plugins."""
    return {
        "domain": given.domain,
        "host": sandbox.host,
        "port": sandbox.smtp_port,
        "encryption": "none",
        "username": given.access_key_id,
        "password": given.password,
        "from": f"wordpress@{given.domain}",
    }


def summary(sandbox: Sandbox, furnished: Furnished | None) -> Mapping[str, object]:
    """Return everything as one JSON document."""
    document: dict[str, object] = {
        "url": sandbox.url,
        "smtp": {"host": sandbox.host, "port": sandbox.smtp_port},
        "dns": {"host": sandbox.host, "port": sandbox.dns_port},
        "region": sandbox.region,
        "account_id": sandbox.account_id,
        "environment": environment(sandbox),
    }
    if furnished is not None:
        document |= {
            "queue_url": furnished.queue_url,
            "dead_letters_url": furnished.dead_letters_url,
            "topic_arn": furnished.topic_arn,
            "bucket": furnished.bucket,
            "notice_domain": furnished.notice_domain,
            "configuration": configuration(furnished, sandbox),
            "logins": {
                domain: {**login(one, sandbox), "configuration_set": one.configuration_set}
                for domain, one in furnished.logins.items()
            },
        }
    return document

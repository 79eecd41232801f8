"""Onboard many domains from a CSV at the sandbox: time, calls by service, and how many too fast.

python benchmarks/onboarding.py [--domains 100] [--ses-rate 1] [--unpaced]

The program runs as its own process under docs/iam's look, setup and onboard only.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from sesauditd.sandbox.operator import operator

IAM = Path(__file__).parents[1] / "docs" / "iam"
ROLES = ("look", "setup", "onboard")
TOO_MANY = 429
UNPACED = (
    "from sesauditd.aws import clients, pace; import sys;"
    "clients.steady_pace = lambda: pace.Pace(per_second=1e6, burst=100);"
    "clients.zone_pace = clients.steady_pace;"
    "from sesauditd.cli.main import main; sys.exit(main())"
)


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--domains", type=int, default=100)
    parser.add_argument("--ses-rate", type=float)
    parser.add_argument("--unpaced", action="store_true")
    given = parser.parse_args()
    command = [sys.executable, "-m", "sesauditd", "sandbox", "--json", "--port", "0"]
    command += ["--smtp-port", "0"]
    if given.ses_rate is not None:
        command += ["--ses-rate", str(given.ses_rate)]
    for role in ROLES:
        command += ["--role", str(IAM / f"{role}.json")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as sandbox:
        try:
            assert sandbox.stdout is not None
            told = ""
            while not told.endswith("}\n") or not _whole(told):
                told += sandbox.stdout.readline()
            with tempfile.TemporaryDirectory() as folder:
                _measure(json.loads(told), Path(folder), given.domains, unpaced=given.unpaced)
        finally:
            sandbox.terminate()


def _whole(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def _measure(sandbox: dict[str, Any], folder: Path, domains: int, *, unpaced: bool) -> None:
    url, dns = sandbox["url"], sandbox["dns"]
    names = [f"site-{number:03}.example" for number in range(domains)]
    with operator(url, region="eu-central-1", account_id="123456789012") as asking:
        for name in names:
            asking.ask("route53", "CreateHostedZone", Name=name, CallerReference=name)
    rows = [
        f"{one},customer-{at % 20},owner-{at % 20}@home.example" for at, one in enumerate(names)
    ]
    (folder / "domains.csv").write_text("\n".join(["domain,customer,contact", *rows]) + "\n")
    (folder / "config.toml").write_text(
        f'[database]\nurl = "sqlite:///{folder}/test.db"\n'
        f'[aws]\nregion = "eu-central-1"\naccount_id = "123456789012"\nendpoint_url = "{url}"\n'
        f'[onboarding]\nresolver = ["{dns["host"]}:{dns["port"]}"]\n'
    )
    for name, arguments in (
        ("setup", ("setup", "--yes")),
        ("plan", ("onboard", "--file", "domains.csv", "--plan")),
        ("onboard", ("onboard", "--file", "domains.csv", "--yes", "--out", "secrets.txt")),
        ("again", ("onboard", "--file", "domains.csv", "--plan")),
    ):
        _forget(url)
        began = time.monotonic()
        code = _ran(folder, arguments, unpaced=unpaced)
        print(f"{name}: exit {code}, {time.monotonic() - began:.1f} s, {_calls(url)}", flush=True)


def _ran(folder: Path, arguments: tuple[str, ...], *, unpaced: bool) -> int:
    start = ["-c", UNPACED] if unpaced else ["-m", "sesauditd"]
    ran = subprocess.run(
        [sys.executable, *start, "--config", "config.toml", *arguments],
        cwd=folder,
        env={**os.environ, "AWS_ACCESS_KEY_ID": "admin", "AWS_SECRET_ACCESS_KEY": "admin"},
        capture_output=True,
        text=True,
        check=False,
    )
    if ran.returncode not in {0, 4}:
        print(ran.stdout[-3000:], ran.stderr[-3000:])
    return ran.returncode


def _forget(url: str) -> None:
    _page(url, "DELETE")


def _page(url: str, method: str) -> bytes:
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=60)
    connection.request(method, "/_sandbox/calls")
    return connection.getresponse().read()


def _calls(url: str) -> str:
    calls = json.loads(_page(url, "GET"))["calls"]
    services = Counter(one["service"] for one in calls)
    refused = sum(one["status"] == TOO_MANY for one in calls)
    denied = sum(one["status"] == 403 for one in calls)
    writes = sum(one["write"] for one in calls)
    ses = Counter(one["operation"] for one in calls if one["service"] == "sesv2")
    return (
        f"{len(calls)} calls ({writes} writes) {dict(services)}, {refused} too many, "
        f"{denied} denied; SES {dict(ses)}"
    )


if __name__ == "__main__":
    main()

"""Metrics are named by convention, and alert rules and dashboard ask for ones that exist."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from sesauditd.web.families import Facts
from sesauditd.web.health import Pulse
from sesauditd.web.meters import Meters

if TYPE_CHECKING:
    from prometheus_client import Metric

ROOT = Path(__file__).parents[2]
RULES = ROOT / "config" / "prometheus-alerts.yaml"
DASHBOARD = ROOT / "config" / "grafana-dashboard.json"
NAME = re.compile(r"\b(?:sesauditd|process|python)_\w+")
SELECTOR = re.compile(r"(\b(?:sesauditd|process|python)_\w+)\{([^}]*)\}")
MATCHER = re.compile(r'(\w+)(?:=~|!~|!=|=)"([^"]*)"')
GIVEN_BY_PROMETHEUS = frozenset({"instance", "job"})
LESS_THAN_BASE = re.compile(r"_(?:ms|milliseconds|minutes|hours|days|kb|mb|percent)(?:_|$)")


@cache
def exposed() -> tuple[Metric, ...]:
    """Return what a daemon exposes to which something of everything happened."""
    meters = Meters()
    meters.errors.labels("queue", "Unavailable").inc()
    meters.looked(waiting=1, in_flight=1, oldest_seconds=3)
    facts = Facts(
        version="1",
        outcomes={},
        verdicts={("hard_bounce.block", "executed"): 1},
        actions={},
        action_attempts=1,
        notices={},
        cases={"opened": 1},
        blocks=1,
        quarantined=1,
        unattributed=1,
        domains={"active": 1},
        alarms=["intake"],
        last_message=1.0,
        rates={"bounces": 0.01, "complaints": 0.0},
        in_hand=1,
        pulse=Pulse(),
        events_since=1.0,
    )
    return tuple(text_string_to_metric_families(meters.exposition(facts).decode()))


@cache
def known() -> dict[str, dict[str, set[str]]]:
    """Return the values of the labels of every name that can be asked for."""
    found: dict[str, dict[str, set[str]]] = {}
    for family in exposed():
        for sample in family.samples:
            labels = found.setdefault(sample.name, defaultdict(set))
            for label, value in sample.labels.items():
                labels[label].add(value)
    return found


def rules() -> list[dict[str, Any]]:
    """Return the alert rules."""
    (group,) = yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]
    found: list[dict[str, Any]] = group["rules"]
    return found


def panels() -> list[dict[str, Any]]:
    """Return the panels of the dashboard."""
    found: list[dict[str, Any]] = json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]
    return found


def expressions() -> list[str]:
    """Return everything that rules and dashboard ask of Prometheus."""
    drawn = [target["expr"] for panel in panels() for target in panel["targets"]]
    return [*(rule["expr"] for rule in rules()), *drawn]


def plain(expression: str) -> str:
    """Return an expression as Grafana sends it."""
    return expression.replace("$__rate_interval", "5m").replace("$instance", ".*")


def test_names_carry_their_base_unit_and_counters_say_so() -> None:
    for family in exposed():
        if not family.name.startswith("sesauditd_"):
            continue
        assert family.documentation.endswith("."), family.name
        assert re.fullmatch(r"sesauditd(_[a-z0-9]+)+", family.name)
        assert not LESS_THAN_BASE.search(family.name)
        totals = {sample.name.endswith("_total") for sample in family.samples}
        assert totals == {family.type == "counter"}, family.name


def test_nothing_counted_is_hidden_until_it_first_happens() -> None:
    labels = known()
    assert "complaint" in labels["sesauditd_recipient_outcomes_total"]["outcome"]
    assert "virus.terminate" in labels["sesauditd_verdicts_total"]["rule"]
    assert "restore_customer" in labels["sesauditd_actions_total"]["kind"]
    assert "failed" in labels["sesauditd_actions_in_state"]["state"]
    assert "unknown" in labels["sesauditd_notices_in_state"]["state"]


@pytest.mark.parametrize("expression", expressions())
def test_what_is_asked_for_exists(expression: str) -> None:
    names = NAME.findall(expression)
    assert [name for name in names if name not in known()] == []
    for name, matchers in SELECTOR.findall(expression):
        for label, values in MATCHER.findall(matchers):
            if label not in GIVEN_BY_PROMETHEUS:
                assert set(values.split("|")) <= known()[name][label], f"{label} of {name}"


def test_prometheus_can_read_what_is_asked() -> None:
    promql = pytest.importorskip("promql_parser", reason="promql-parser is not installed here")
    for expression in expressions():
        promql.parse(plain(expression))


def test_every_alert_says_how_grave_it_is_and_what_to_do() -> None:
    for rule in rules():
        assert rule["alert"].startswith("Sesauditd")
        assert rule["labels"]["severity"] in {"warning", "critical"}
        assert set(rule["annotations"]) == {"summary", "description"}
    assert len({rule["alert"] for rule in rules()}) == len(rules())


def test_panels_lie_beside_each_other() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in panels():
        at = panel["gridPos"]
        fields = {
            (x, y)
            for x in range(at["x"], at["x"] + at["w"])
            for y in range(at["y"], at["y"] + at["h"])
        }
        assert not taken & fields, panel["title"]
        assert at["x"] + at["w"] <= 24
        taken |= fields
    assert len({panel["id"] for panel in panels()}) == len(panels())

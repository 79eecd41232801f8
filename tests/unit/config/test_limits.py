"""Limits: read from policy files, checked against one another, changed for one customer."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import pytest

from sesauditd.config import Settings, limits_for, load, load_limits, policies_of, policy_name
from sesauditd.errors import Refused
from sesauditd.model.limits import Lane, Limits


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "policy.toml"


def limits(file: Path, text: str) -> Limits:
    file.write_text(text)
    return load_limits(file)


def refusal(file: Path, text: str) -> str:
    with pytest.raises(Refused) as caught:
        limits(file, text)
    prefix, line = f"{file}: ", str(caught.value)
    assert line.startswith(prefix)
    return line.removeprefix(prefix)


def test_the_shipped_policy_has_the_numbers_of_the_specification() -> None:
    shipped = asdict(load_limits(None))
    built_in = asdict(Limits())
    del shipped["general"]["free_mail"], built_in["general"]["free_mail"]
    assert shipped == built_in


def test_the_shipped_strict_policy_is_found_by_its_name_and_stricter(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text('[policy]\nfile = "policy-strict.toml"')
    strict = policies_of(load(config, {})).common
    assert strict.complaint.block.complaints == 1
    assert strict.hard_bounce.warn.rate_percent < Limits().hard_bounce.warn.rate_percent


def test_a_policy_file_stands_beside_the_configuration(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text('[policy]\nfile = "policy-strict.toml"')
    (tmp_path / "policy-strict.toml").write_text("[complaint.block]\ncomplaints = 2")
    assert policies_of(load(config, {})).common.complaint.block.complaints == 2


def test_a_policy_file_that_nobody_has_is_refused(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text('[policy]\nfile = "mine.toml"')
    with pytest.raises(Refused, match=r"policy\.file = \"mine\.toml\": there is no file"):
        load(config, {})


def test_an_empty_file_is_the_shipped_policy(file: Path) -> None:
    assert limits(file, "") == load_limits(None)


def test_one_number_changes_nothing_else(file: Path) -> None:
    changed = asdict(limits(file, "[hard_bounce.warn]\ncount = 6"))
    expected = asdict(load_limits(None))
    expected["hard_bounce"]["warn"]["count"] = 6
    assert changed == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "[hard_bounce.warn]\nrate_percnt = 3",
            (
                "hard_bounce.warn.rate_percnt: there is no such key "
                "(did you mean hard_bounce.warn.rate_percent?)"
            ),
        ),
        (
            "[hardbounce.warn]\ncount = 3",
            "hardbounce: there is no such key (did you mean hard_bounce?)",
        ),
        ("hard_bounce = 3", "hard_bounce = 3: expected a table of keys"),
        ("[hard_bounce]\nwarn = 3", "hard_bounce.warn = 3: expected a table of keys"),
        (
            '[hard_bounce.warn]\ncount = "6"',
            'hard_bounce.warn.count = "6": expected a whole number',
        ),
        (
            "[hard_bounce.warn]\ncount = 6.0",
            "hard_bounce.warn.count = 6.0: expected a whole number",
        ),
        (
            "[hard_bounce.warn]\ncount = true",
            "hard_bounce.warn.count = true: expected a whole number",
        ),
        ("[hard_bounce.warn]\ncount = 0", "hard_bounce.warn.count = 0: expected at least 1"),
        (
            '[hard_bounce.warn]\nrate_percent = "4"',
            'hard_bounce.warn.rate_percent = "4": expected a number',
        ),
        (
            "[hard_bounce.disable]\nrate_percent = 101",
            "hard_bounce.disable.rate_percent = 101: expected at most 100",
        ),
        (
            "[hard_bounce.warn]\nrate_percent = 0",
            "hard_bounce.warn.rate_percent = 0: expected more than 0",
        ),
        (
            "[hard_bounce.warn]\nrate_percent = nan",
            "hard_bounce.warn.rate_percent = NaN: expected at most 100",
        ),
        (
            '[virus.disable]\nlane = "slow"',
            "virus.disable.lane = \"slow\": expected 'fast' or 'weekly'",
        ),
        ('[general]\nfree_mail = "x.org"', 'general.free_mail = "x.org": expected a list'),
        (
            "[soft_bounce.block]\nblock_days = 2026-01-01",
            'soft_bounce.block.block_days = "2026-01-01": expected a whole number',
        ),
    ],
)
def test_a_wrong_entry_is_named(file: Path, text: str, expected: str) -> None:
    assert refusal(file, text) == expected


@pytest.mark.parametrize(
    ("key", "fraction", "percent"),
    [
        ("hard_bounce.warn", "0.04", "4"),
        ("hard_bounce.disable", "0.08", "8"),
        ("hard_bounce.surge", "0.01", "1"),
        ("hard_bounce.surge", "0.005", "0.5"),
        ("complaint.warn", "0.0008", "0.08"),
        ("complaint.disable", "0.003", "0.3"),
        ("complaint.surge", "0.001", "0.1"),
        ("complaint.terminate", "0.01", "1"),
    ],
)
def test_a_fraction_is_not_taken_for_percent(
    file: Path, key: str, fraction: str, percent: str
) -> None:
    said = refusal(file, f"[{key}]\nrate_percent = {fraction}")
    assert said == (
        f"{key}.rate_percent = {fraction}: {fraction} would be {fraction} %: "
        f"rates are percent, write {percent}"
    )


@pytest.mark.parametrize(
    ("key", "percent"),
    [
        ("hard_bounce.surge", 0.5),
        ("hard_bounce.warn", 0.5),
        ("hard_bounce.warn", 2.0),
        ("complaint.warn", 0.08),
        ("complaint.warn", 0.04),
        ("complaint.surge", 0.05),
    ],
)
def test_small_percentages_pass(file: Path, key: str, percent: float) -> None:
    group, rule = key.split(".")
    read = limits(file, f"[{key}]\nrate_percent = {percent}")
    assert getattr(getattr(read, group), rule).rate_percent == percent


def test_the_share_of_customers_is_percent_too(file: Path) -> None:
    said = refusal(file, "[blast_radius]\npercent_of_customers = 0.05")
    assert said.endswith("rates are percent, write 5")


@pytest.mark.parametrize(
    ("text", "mild", "hard"),
    [
        ("[hard_bounce.warn]\ncount = 11", "hard_bounce.warn.count", "hard_bounce.disable.count"),
        (
            "[hard_bounce.disable]\nsmall_count = 7",
            "hard_bounce.warn.small_count",
            "hard_bounce.disable.small_count",
        ),
        (
            "[complaint.warn]\nrate_percent = 0.31",
            "complaint.warn.rate_percent",
            "complaint.disable.rate_percent",
        ),
        (
            "[complaint.terminate]\ncount = 4",
            "complaint.disable.count",
            "complaint.terminate.count",
        ),
    ],
)
def test_a_milder_limit_above_a_harder_one_is_refused(
    file: Path, text: str, mild: str, hard: str
) -> None:
    said = refusal(file, text)
    assert said.startswith(f"{mild} = ")
    assert f": above {hard} = " in said


def test_equal_limits_pass(file: Path) -> None:
    assert limits(file, "[hard_bounce.warn]\ncount = 10").hard_bounce.warn.count == 10


@pytest.mark.parametrize(
    "rule", ["hard_bounce.warn", "complaint.warn", "complaint.terminate", "guessing.terminate"]
)
def test_only_blocks_disables_and_the_virus_go_fast(file: Path, rule: str) -> None:
    said = refusal(file, f'[{rule}]\nlane = "fast"')
    assert said.startswith(f'{rule}.lane = "fast": the fast lane blocks and disables; ')


@pytest.mark.parametrize(
    ("rule", "lane"),
    [
        ("hard_bounce.disable", "fast"),
        ("complaint.disable", "fast"),
        ("virus.terminate", "weekly"),
        ("complaint.block", "weekly"),
        ("guessing.disable", "weekly"),
    ],
)
def test_a_lane_may_be_changed(file: Path, rule: str, lane: str) -> None:
    group, name = rule.split(".")
    read = limits(file, f'[{rule}]\nlane = "{lane}"')
    assert getattr(getattr(read, group), name).lane is Lane(lane)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("[hard_bounce.surge]\nnew_customer_count = 101", "hard_bounce.surge.new_customer_count"),
        ("[guessing.disable]\nat_one_domain = 26", "guessing.disable.at_one_domain"),
        ("[guessing.terminate]\nask_at = 0.9", "guessing.terminate.ask_at"),
    ],
)
def test_a_number_that_its_neighbour_makes_meaningless_is_refused(
    file: Path, text: str, key: str
) -> None:
    assert refusal(file, text).startswith(f"{key} = ")


def test_providers_are_kept_as_they_are_compared(file: Path) -> None:
    free_mail = 'free_mail = ["GMX.de", "Bücher.example"]'
    general = limits(file, f'[general]\n{free_mail}\nno_complaint_feedback = ["Gmail.com"]').general
    assert general.free_mail == ("gmx.de", "xn--bcher-kva.example")
    assert general.no_complaint_feedback == ("gmail.com",)


@pytest.mark.parametrize("key", ["free_mail", "no_complaint_feedback"])
def test_a_provider_is_a_domain(file: Path, key: str) -> None:
    assert refusal(file, f'[general]\n{key} = ["a@x.org"]').startswith(
        f"general.{key}: 'a@x.org' is not a domain"
    )


@pytest.mark.parametrize("file_name", ["none.toml", "."])
def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path, file_name: str) -> None:
    with pytest.raises(Refused, match=r"no such file|Is a directory"):
        load_limits(tmp_path / file_name)


def test_a_customer_has_limits_of_its_own() -> None:
    rules = {"complaint": {"warn": {"count": 1}, "disable": {"count": 3}}}
    own = limits_for(Limits(), rules)
    assert (own.complaint.warn.count, own.complaint.disable.count) == (1, 3)
    assert own.hard_bounce == Limits().hard_bounce
    assert limits_for(Limits(), {}) == Limits()


def test_a_customers_limits_may_come_from_variables(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text("[policy.customers.k.rules.complaint.warn]\ncount = 2\nrate_percent = 0.05")
    environ = {
        "SESAUDITD_POLICY__CUSTOMERS__K__RULES__COMPLAINT__WARN__COUNT": "1",
        "SESAUDITD_POLICY__CUSTOMERS__K__RULES__VIRUS__TERMINATE__LANE": "weekly",
    }
    policies = policies_of(load(config, environ))
    assert policies.of("k").complaint.warn.count == 1
    assert policies.of("k").complaint.warn.rate_percent == 0.05
    assert policies.of("k").virus.terminate.lane is Lane.WEEKLY
    assert policies.of("stranger") == policies.common


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        (
            {"complaint": {"warn": {"cuont": 1}}},
            "complaint.warn.cuont: there is no such key (did you mean complaint.warn.count?)",
        ),
        ({"complaint": {"warn": {"count": 0}}}, "complaint.warn.count = 0: expected at least 1"),
        ({"complaint": {"warn": {"count": 9}}}, "complaint.warn.count = 9: above"),
        ({"blast_radius": {"x": {}}}, "blast_radius: is the same for all customers"),
        ({"general": {"x": {}}}, "general: is the same for all customers"),
    ],
)
def test_a_customers_wrong_limit_is_named_with_the_customer(
    rules: dict[str, dict[str, dict[str, object]]], expected: str
) -> None:
    settings = Settings.model_validate({"policy": {"customers": {"k": {"rules": rules}}}})
    with pytest.raises(Refused) as caught:
        policies_of(settings)
    assert str(caught.value).startswith(f"policy.customers.k.rules.{expected}")


def test_equal_numbers_have_equal_names_and_others_others(file: Path) -> None:
    name = policy_name(load_limits(None))
    assert len(name) == 12
    assert int(name, 16) >= 0
    assert name == policy_name(limits(file, "[hard_bounce.warn]\ncount = 5"))
    assert name != policy_name(limits(file, "[hard_bounce.warn]\ncount = 6"))


def test_a_policy_is_found_in_a_folder_named_in_full(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "p.toml").write_text("[blast_radius]\nat_least = 7")
    environ = {"SESAUDITD_POLICY__FILE": str(Path(tmp_path, "mine", "p.toml"))}
    assert policies_of(load(None, environ)).common.blast_radius.at_least == 7

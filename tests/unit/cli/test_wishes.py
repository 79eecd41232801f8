"""Which domains are to be onboarded: refused with the line and the reason, before any call."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sesauditd.cli import wishes
from sesauditd.errors import Refused
from tests.support.running import settings_in

if TYPE_CHECKING:
    from pathlib import Path

CONTACT = "anna@bakery-home.example"


def test_domains_of_one_customer_are_named_as_arguments(tmp_path: Path) -> None:
    found = wishes.from_arguments(
        settings_in(tmp_path, ""), ["Bakery.Example.", "straße.de"], "bakery", CONTACT
    )
    assert [one.domain for one in found] == ["bakery.example", "xn--strae-oqa.de"]
    assert {(one.customer, one.contact) for one in found} == {("bakery", CONTACT)}


@pytest.mark.parametrize(
    ("domains", "customer", "contact", "why"),
    [
        ([], "bakery", CONTACT, "name a domain"),
        (["x.example"], None, CONTACT, "name the customer"),
        (["x.example"], "bakery", None, "name whom to tell"),
        (["x.example"], "a/b", CONTACT, "no name for a customer"),
        (["x.example"], "bakery", "nobody", "not an e-mail address"),
        (["a..b"], "bakery", CONTACT, "not a domain"),
        (["*.example.com"], "bakery", CONTACT, "not a domain"),
        (["10.0.0.1"], "bakery", CONTACT, "IP address"),
        (["evil.com\nx.example"], "bakery", CONTACT, "not a domain"),
        (["x.example", "X.example"], "bakery", CONTACT, "named twice: x.example"),
    ],
)
def test_what_cannot_be_right_is_refused_with_its_reason(
    tmp_path: Path, domains: list[str], customer: str | None, contact: str | None, why: str
) -> None:
    with pytest.raises(Refused, match=why):
        wishes.from_arguments(settings_in(tmp_path, ""), domains, customer, contact)


def test_a_file_names_a_domain_a_line(tmp_path: Path) -> None:
    file = tmp_path / "domains.csv"
    file.write_text(
        "\ufeffdomain,customer,contact,iam_user,since\n"
        f"bakery.example,bakery,{CONTACT},,\n"
        f"club.example,club,{CONTACT},,\n",
        encoding="utf-8",
    )
    assert [one.domain for one in wishes.from_file(file)] == ["bakery.example", "club.example"]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("domain,owner\nx.example,y\n", "needs a first line"),
        ("domain,customer,contact\n", "names no domain"),
        (f"domain,customer,contact\nx.example,k,{CONTACT}\na..b,k,{CONTACT}\n", "line 3"),
        (
            f"domain,customer,contact\nx.example,,{CONTACT}\n",
            "line 2: nothing in the column customer",
        ),
        ("domain,customer,contact\nx.example,k\n", "line 2: nothing in the column contact"),
        ("domain,customer,contact\nx.example,A, B,a@b.example\n", "line 2: more values"),
        ("domain;customer;contact\nx.example;k;a@b.example\n", "with commas in between"),
        (f"domain,customer,contact,iam_user\nx.example,k,{CONTACT},old\n", "line 2: iam_user"),
        (f"domain,customer,contact,since\nx.example,k,{CONTACT},2020-01-01\n", "line 2: since"),
        ("", "needs a first line"),
    ],
)
def test_a_file_with_a_mistake_is_refused_by_its_line(tmp_path: Path, text: str, why: str) -> None:
    file = tmp_path / "domains.csv"
    file.write_text(text)
    with pytest.raises(Refused, match=why):
        wishes.from_file(file)


def test_a_file_may_come_from_a_spreadsheet(tmp_path: Path) -> None:
    file = tmp_path / "domains.csv"
    lines = ("\ufeffDomain, Customer ,CONTACT", "", f" Bakery.Example. , bakery ,{CONTACT} ", "")
    file.write_bytes("\r\n".join(lines).encode())
    (only,) = wishes.from_file(file)
    assert (only.domain, only.customer, only.contact) == ("bakery.example", "bakery", CONTACT)


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="cannot be read"):
        wishes.from_file(tmp_path / "none.csv")

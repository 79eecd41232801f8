"""Route 53 refuses batches that contradict the zone, as a whole."""

from __future__ import annotations

import pytest

from sesauditd.sandbox.batches import Change, changes_of, refusals

STATE = {
    ("a.x.org.", "TXT", ""): ("300", ('"one"',)),
    ("c.x.org.", "CNAME", ""): ("300", ("d.y.org",)),
}


def change(action: str, name: str, kind: str, *values: str, ttl: str = "300") -> Change:
    return Change(action=action, key=(name, kind, ""), values=(ttl, values))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        pytest.param([change("CREATE", "b.x.org.", "TXT", '"1"')], None, id="new"),
        pytest.param([change("CREATE", "a.x.org.", "TXT", '"1"')], "already exists", id="old"),
        pytest.param([change("UPSERT", "a.x.org.", "TXT", '"1"')], None, id="upsert"),
        pytest.param([change("DELETE", "a.x.org.", "TXT", '"one"')], None, id="delete"),
        pytest.param([change("DELETE", "b.x.org.", "TXT", '"1"')], "not found", id="missing"),
        pytest.param(
            [change("DELETE", "a.x.org.", "TXT", '"two"')], "do not match", id="other-values"
        ),
        pytest.param(
            [change("DELETE", "a.x.org.", "TXT", '"one"', ttl="60")], "do not match", id="ttl"
        ),
        pytest.param(
            [
                change("DELETE", "a.x.org.", "TXT", '"one"'),
                change("CREATE", "a.x.org.", "TXT", '"two"'),
            ],
            None,
            id="optimistic-lock",
        ),
        pytest.param([change("CREATE", "c.x.org.", "TXT", '"1"')], "conflicts", id="cname-there"),
        pytest.param([change("UPSERT", "a.x.org.", "CNAME", "z")], "conflicts", id="others-there"),
        pytest.param([change("CREATE", "a.y.org.", "TXT", "1")], "not permitted", id="outside"),
        pytest.param([change("CREATE", "ax.org.", "TXT", "1")], "not permitted", id="no-suffix"),
        pytest.param([change("CREATE", "b.x.org.", "TXT", "1")], "quotation", id="no-quotes"),
        pytest.param(
            [change("CREATE", "b.x.org.", "TXT", f'"{"x" * 256}"')], "quotation", id="long-string"
        ),
        pytest.param([change("CREATE", "x.org.", "CNAME", "z")], "apex", id="cname-at-the-apex"),
    ],
)
def test_conflicts_are_named(changes: list[Change], words: str | None) -> None:
    errors = refusals(STATE, changes, "x.org.")
    assert bool(errors) is (words is not None)
    assert words is None or words in errors[0]


def test_a_request_is_read_whatever_the_number_of_its_changes() -> None:
    body = b"""<ChangeResourceRecordSetsRequest
      xmlns="https://route53.amazonaws.com/doc/2013-04-01/"><ChangeBatch><Changes><Change>
      <Action>CREATE</Action><ResourceRecordSet><Name>A.x.org</Name><Type>MX</Type><TTL>60</TTL>
      <ResourceRecords><ResourceRecord><Value>10 b</Value></ResourceRecord>
      <ResourceRecord><Value>10 a</Value></ResourceRecord></ResourceRecords>
      </ResourceRecordSet></Change></Changes></ChangeBatch></ChangeResourceRecordSetsRequest>"""
    assert changes_of(body) == [change("CREATE", "a.x.org.", "MX", "10 a", "10 b", ttl="60")]

"""What is made of the record sets that stand in a zone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sesauditd.model.dns_text import quoted
from sesauditd.model.zones import Act, RecordSet
from sesauditd.onboard import record_sets, records
from sesauditd.onboard.record_sets import batch, document, with_record, without_record
from sesauditd.onboard.records import SPF, Record, Signing

MX, TEXT = records.mail_from("bounce.x.org", "eu-central-1")
ALIAS = records.dkim("x.org", Signing(tokens=("tok",), hosted_zone="dkim.eu.amazonses.com"))[0]
POLICY = records.dmarc_record("x.org", "Reports <dmarc@host.example>")
EXCHANGER = "10 feedback-smtp.eu-central-1.amazonses.com"


def standing(record: Record, *values: str, ttl: int = 60) -> RecordSet:
    kept = tuple(sorted(values))
    return RecordSet(name=record.name, kind=record.kind, ttl=ttl, values=kept)


def test_records_say_what_ses_looks_for() -> None:
    assert ALIAS.key == "tok._domainkey.x.org CNAME"
    assert ALIAS.value == "tok.dkim.eu.amazonses.com"
    assert (MX.value, TEXT.value) == (EXCHANGER, SPF)
    assert POLICY.value == "v=DMARC1; p=none; rua=mailto:dmarc@host.example"
    assert "pct" not in POLICY.value


@pytest.mark.parametrize(
    "wanted",
    [pytest.param(one, id=one.kind) for one in (MX, TEXT, ALIAS)]
    + [pytest.param(POLICY, id="DMARC")],
)
def test_a_set_that_is_not_there_is_made_and_then_left_alone(wanted: Record) -> None:
    made = with_record(None, wanted)
    assert made == wanted.whole_set
    assert isinstance(made, RecordSet)
    assert with_record(made, wanted) == made


KEPT = [
    pytest.param(MX, ["10  Feedback-SMTP.eu-central-1.amazonses.com."], id="mx-spelt-otherwise"),
    pytest.param(ALIAS, ["TOK.dkim.eu.amazonses.com."], id="cname-spelt-otherwise"),
    pytest.param(TEXT, ['"v=spf1 " "include:amazonses.com ~all"'], id="text-in-two-strings"),
    pytest.param(TEXT, ['"v=spf1 ip4:192.0.2.1 include:amazonses.com -all"'], id="spf-with-more"),
    pytest.param(TEXT, ['"other"', f'"{SPF}"'], id="text-beside-others"),
    pytest.param(POLICY, ['"v=DMARC1; p=reject"'], id="another-policy"),
]


@pytest.mark.parametrize(("wanted", "values"), KEPT)
def test_what_does_the_same_is_left_exactly_as_it_is(wanted: Record, values: list[str]) -> None:
    present = standing(wanted, *values)
    assert with_record(present, wanted) == present


@pytest.mark.parametrize(
    ("wanted", "values", "found"),
    [
        pytest.param(MX, ["10 mail.other.example"], "10 mail.other.example", id="another-mx"),
        pytest.param(MX, [EXCHANGER, "20 b.example."], "20 b.example", id="second-mx"),
        pytest.param(ALIAS, ["else.example"], "else.example", id="cname-elsewhere"),
        pytest.param(TEXT, ['"v=spf1 -all"'], "v=spf1 -all", id="another-spf"),
        pytest.param(TEXT, [f'"{SPF}"', '"V=SPF1 mx"'], "V=SPF1 mx", id="two-spf"),
    ],
)
def test_what_is_anothers_is_named_and_not_changed(
    wanted: Record, values: list[str], found: str
) -> None:
    reason = with_record(standing(wanted, *values), wanted)
    assert isinstance(reason, str)
    assert found in reason


def test_our_token_in_another_zone_of_ses_is_led_to_the_new_one() -> None:
    present = standing(ALIAS, "tok.dkim.amazonses.com")
    assert with_record(present, ALIAS) == standing(ALIAS, "tok.dkim.eu.amazonses.com")


@given(st.lists(st.text(max_size=300), max_size=4))
def test_texts_of_others_are_kept_to_the_letter(texts: list[str]) -> None:
    others = sorted({quoted(one.encode()) for one in texts if "v=" not in one.lower()})
    present = standing(TEXT, *others) if others else None
    made = with_record(present, TEXT)
    assert isinstance(made, RecordSet)
    assert set(others) | {f'"{SPF}"'} == set(made.values)
    left = standing(TEXT, *others, ttl=made.ttl or 0) if others else None
    assert without_record(made, TEXT) == left


def test_only_what_is_as_it_was_made_is_taken_away() -> None:
    assert without_record(MX.whole_set, MX) is None
    for values in (["20 a.example"], [EXCHANGER, "20 a.example"]):
        reason = without_record(standing(MX, *values), MX)
        assert isinstance(reason, str)
        assert "stays" in reason


def test_a_change_removes_the_exact_old_set_and_makes_the_new_one() -> None:
    old, new = standing(TEXT, '"other"'), standing(TEXT, '"other"', f'"{SPF}"')
    changes = batch(
        {TEXT.key: document(old)}, {TEXT.key: document(new), MX.key: document(MX.whole_set)}
    )
    assert [(one.act, one.record) for one in changes] == [
        (Act.DELETE, old),
        (Act.CREATE, new),
        (Act.CREATE, MX.whole_set),
    ]
    assert batch({TEXT.key: document(old)}, {TEXT.key: document(old)}) == []


def test_a_document_that_is_no_record_set_is_refused() -> None:
    with pytest.raises(ValueError, match="no record set"):
        record_sets.record_set("x.org TXT", {"ttl": None})


@pytest.mark.parametrize(
    ("present", "words"),
    [
        pytest.param(
            RecordSet(name="bounce.x.org", kind="CNAME", ttl=60, values=("a.b",)), "a.b", id="cname"
        ),
        pytest.param(
            RecordSet(name="bounce.x.org", kind="NS", ttl=60, values=("ns.b.",)),
            "handed on to ns.b",
            id="zone-cut",
        ),
        pytest.param(
            RecordSet(name="bounce.x.org", kind="MX", ttl=60, values=("1 a",), routing="blue"),
            "blue",
            id="weighted",
        ),
        pytest.param(
            RecordSet(name="bounce.x.org", kind="MX", alias="elb.example"),
            "elb.example",
            id="alias",
        ),
        pytest.param(
            RecordSet(name="bounce.x.org", kind="A", ttl=60, values=("192.0.2.1",)), None, id="a"
        ),
        pytest.param(
            RecordSet(name="x.bounce.x.org", kind="CNAME", ttl=60, values=("c",)), None, id="below"
        ),
    ],
)
def test_what_stands_at_a_name_may_forbid_a_record(present: RecordSet, words: str | None) -> None:
    found = list(record_sets.obstacles([present], MX, "bounce.x.org"))
    assert bool(found) is (words is not None)
    assert words is None or words in found[0]

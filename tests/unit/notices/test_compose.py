"""Each notice becomes one mail that says what it must, whatever strangers wrote."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typing_extensions import override

from sesauditd.errors import Failed
from sesauditd.model.level import Level
from sesauditd.model.notice import Audience, Notice, NoticeKind
from sesauditd.notices.compose import CUT, LONGEST_PAGE, LONGEST_TEXT, Composer, wrapped
from sesauditd.notices.ringing import alarm_of, level_of
from sesauditd.notices.subjects import subject_of
from sesauditd.notices.words import both, happened
from tests.support import notices as samples
from tests.support.notices import COMPOSER, KINDS, NOW, notice
from tests.support.sweeps import examples, sampled

TO = ("owner@bakery.example", "shop@bakery.example")
HEADERS = {
    "From",
    "To",
    "Reply-To",
    "Date",
    "Message-ID",
    "Auto-Submitted",
    "X-Auto-Response-Suppress",
    "Precedence",
    "X-SES-CONFIGURATION-SET",
    "X-SES-MESSAGE-TAGS",
    "Subject",
    "MIME-Version",
    "Content-Type",
}
HOSTILE = [
    pytest.param("x\r\nBcc: victim@x.org\r\n\r\nbody", id="CR LF"),
    pytest.param("x\x00\x1b]0;title\x07", id="NUL and escape"),
    pytest.param("x\u2028Bcc: victim@x.org", id="unicode line break"),
    pytest.param("\u202egnp.exe\u2066", id="right to left"),
    pytest.param("<script>alert(1)</script><img src=x onerror=alert(1)>", id="HTML"),
    pytest.param('"><a href="javascript:alert(1)">', id="attribute"),
    pytest.param("{{ 7 * 7 }}{% raw %}", id="template"),
    pytest.param("y" * 100_000, id="100 kB"),
    pytest.param("\ud83d lone", id="half a character"),
]


class Tags(HTMLParser):
    """Collects the tags and attributes of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs


def read_back(mail: EmailMessage) -> EmailMessage:
    parsed = message_from_bytes(mail.as_bytes(), policy=SMTP)
    assert isinstance(parsed, EmailMessage)
    return parsed


def part(mail: EmailMessage, kind: str) -> str:
    body = mail.get_body((kind,))
    assert body is not None
    return str(body.get_content())


def text_of(kind: NoticeKind, **changed: Any) -> str:
    """Return the plain text on one line, however it was wrapped."""
    return " ".join(part(COMPOSER.compose(notice(kind, **changed), TO, NOW), "plain").split())


def poisoned(value: object, poison: str) -> object:
    """Return the facts with the poison behind every text that no template branches on."""
    match value:
        case str():
            return value + poison
        case dict():
            keep = {"kind", "what", "state", "lever", "rule", "at", "from", "to", "since", "until"}
            return {
                key: each if key in keep else poisoned(each, poison) for key, each in value.items()
            }
        case list():
            return [poisoned(each, poison) for each in value]
        case _:
            return value


@pytest.mark.parametrize("kind", KINDS)
def test_a_mail_has_exactly_the_headers_that_keep_machines_from_answering(
    kind: NoticeKind,
) -> None:
    mail = read_back(COMPOSER.compose(notice(kind), TO, NOW))
    assert set(mail.keys()) == HEADERS
    assert len(mail.keys()) == len(HEADERS)
    assert mail["From"] == "Mail desk <mail@host.example>"
    assert mail["To"] == ", ".join(TO)
    assert mail["Reply-To"] == "help@host.example"
    assert mail["Date"] == "Tue, 24 Nov 2026 08:00:00 +0000"
    assert mail["Message-ID"] == f"<{notice(kind).id}.sesauditd@host.example>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["X-Auto-Response-Suppress"] == "All"
    assert mail["Precedence"] == "bulk"
    assert mail["X-SES-CONFIGURATION-SET"] == "sesaudit-notices"
    assert mail["X-SES-MESSAGE-TAGS"] == "sesauditd=notice"
    assert [one.get_content_type() for one in mail.iter_parts()] == ["text/plain", "text/html"]


@pytest.mark.parametrize("poison", HOSTILE)
@pytest.mark.parametrize("kind", KINDS)
def test_no_value_makes_a_header_a_tag_or_a_long_body(kind: NoticeKind, poison: str) -> None:
    facts = poisoned(samples.FACTS[kind], poison)
    assert isinstance(facts, dict)
    told = Notice(kind=kind, customer=f"k{poison}", domain=f"d{poison}", subject="s", facts=facts)
    composed = COMPOSER.compose(told, TO, NOW)
    raw = composed.as_bytes()
    assert b"\x00" not in raw
    assert max(len(line) for line in raw.split(b"\r\n")) <= 998
    assert len(raw) < 150_000
    mail = read_back(composed)
    assert set(mail.keys()) == HEADERS
    assert len(str(mail["Subject"])) <= 120
    text, page = part(mail, "plain"), part(mail, "html")
    assert not {"\x00", "\x1b", "\u2028", "\u202e", "\u2066"} & set(text + page)
    assert "y" * 501 not in text + page
    assert not mail.defects
    found = Tags()
    found.feed(page)
    assert not {"script", "img", "a"} & set(found.tags)
    assert not any(name.startswith("on") for name, _ in found.attributes)


@examples(25)
@given(
    kind=st.sampled_from(KINDS),
    poison=st.text(st.characters(exclude_categories=()), min_size=1, max_size=60),
)
def test_whatever_a_stranger_writes_the_mail_has_its_headers_and_its_length(
    kind: NoticeKind, poison: str
) -> None:
    facts = poisoned(samples.FACTS[kind], poison)
    assert isinstance(facts, dict)
    told = Notice(kind=kind, customer=f"k{poison}", domain=f"d{poison}", subject="s", facts=facts)
    mail = read_back(COMPOSER.compose(told, TO, NOW))
    assert set(mail.keys()) == HEADERS
    assert not mail.defects
    for body in (part(mail, "plain"), part(mail, "html"), str(mail["Subject"])):
        obeyed = {one for one in body if unicodedata.category(one) in {"Cc", "Cs", "Zl", "Zp"}}
        assert obeyed <= {"\n", "\r"}
        assert not set("\u202a\u202b\u202d\u202e\u2066\u2067\u2068\u200e\u200f") & set(body)


def many(kind: NoticeKind, count: int) -> dict[str, Any]:
    """Return the facts of a kind with each of its lists that many times as long."""
    return {
        key: value * count if isinstance(value, list) else value
        for key, value in samples.FACTS[kind].items()
    } | ({"count": 3 * count} if "count" in samples.FACTS[kind] else {})


@pytest.mark.parametrize("kind", sampled(KINDS, 5))
def test_a_storm_does_not_make_a_long_mail_and_what_is_left_out_is_counted(
    kind: NoticeKind,
) -> None:
    facts = many(kind, 600)
    bodies = COMPOSER.bodies(replace(notice(kind), facts=facts), TO)
    assert len(bodies.text.encode()) <= LONGEST_TEXT
    assert len(bodies.page.encode()) <= LONGEST_PAGE
    assert CUT not in bodies.text
    lists = [key for key, value in facts.items() if isinstance(value, list)]
    if lists and lists != ["levers"] and kind is not NoticeKind.REINSTATED:
        assert re.search(r"\d+\s+more", bodies.text) or "missing" in lists or "domains" in lists


def test_one_entry_that_is_too_long_is_cut_and_said_to_be() -> None:
    facts = {**samples.FACTS[NoticeKind.TROUBLE], "details": {"x": [["y" * 400] * 200]}}
    bodies = COMPOSER.bodies(replace(notice(NoticeKind.TROUBLE), facts=facts), TO)
    assert bodies.text.endswith(CUT)
    assert bodies.fit
    assert "<pre" in bodies.page


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_all_that_a_kind_needs(kind: NoticeKind) -> None:
    told = notice(kind)
    assert level_of(told) in set(Level)
    assert 5 < len(subject_of(told, "main")) <= 120
    text = part(COMPOSER.compose(told, TO, NOW), "plain")
    assert len(text) > 200
    steps = ("What to do", "sesauditd ", "Reply to this mail", "nothing to do")
    assert any(step.lower() in text.lower() for step in steps)
    assert max(len(line) for line in text.splitlines() if ".jsonl" not in line) <= 90
    assert alarm_of(told, NOW).as_text()


@pytest.mark.parametrize("kind", [NoticeKind.DISABLED, NoticeKind.TERMINATED])
def test_a_reader_at_a_stopped_domain_learns_that_answers_from_there_are_refused(
    kind: NoticeKind,
) -> None:
    there = COMPOSER.compose(notice(kind), ("me@mail.shop.example", *TO), NOW)
    elsewhere = COMPOSER.compose(notice(kind), ("me@notshop.example",), NOW)
    said = "answer from another address"
    assert "me@mail.shop.example" in part(there, "plain")
    assert said in " ".join(part(there, "plain").split())
    assert said in part(there, "html")
    assert said not in " ".join(part(elsewhere, "plain").split())


def test_a_domain_with_letters_beyond_ascii_is_shown_in_both_forms() -> None:
    name = "xn--bckerei-5wa.example"
    told = replace(notice(NoticeKind.DISABLED), domain=name)
    mail = read_back(COMPOSER.compose(told, TO, NOW))
    assert mail["Subject"].startswith(f"Mail from bäckerei.example ({name}) is stopped")
    assert f"bäckerei.example ({name})" in " ".join(part(mail, "plain").split())
    again = part(COMPOSER.compose(notice(NoticeKind.ACTION_DONE, domain=name), TO, NOW), "plain")
    assert f"sesauditd reinstate {name} --explanation" in again


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        pytest.param("shop.example", "shop.example", id="plain"),
        pytest.param("a@xn--bcker-gra.example", None, id="an address"),
        pytest.param(
            "bäcker.example", "bäcker.example (xn--bcker-gra.example)", id="the other way"
        ),
        pytest.param("xn--.example", "xn--.example", id="no such name"),
        pytest.param("xn--\u202e.example", "xn--\u202e.example", id="hostile"),
        pytest.param(None, "", id="none"),
    ],
)
def test_a_name_is_shown_as_its_owner_writes_it(name: str | None, shown: str | None) -> None:
    expected = shown if shown is not None else "a@bäcker.example (a@xn--bcker-gra.example)"
    assert both(name) == expected


@pytest.mark.parametrize("kind", KINDS)
def test_a_subject_holds_nothing_out_of_an_event(kind: NoticeKind) -> None:
    """Names of customers, domains and alarms are ours; all else may be a stranger's."""
    ours = {
        "customer",
        "domain",
        "domains",
        "stopped",
        "name",
        "week",
        "month",
        "kind",
        "state",
        "count",
        "what",
        "at",
    }

    def marked(value: object, key: str = "") -> object:
        match value:
            case str():
                return value if key in ours else f"{value}EVENT"
            case dict():
                return {name: marked(each, name) for name, each in value.items()}
            case list():
                return [marked(each, key) for each in value]
            case _:
                return value

    facts = marked(samples.FACTS[kind])
    assert isinstance(facts, dict)
    told = Notice(kind=kind, customer="k", domain="d.example", subject="EVENT", facts=facts)
    assert "EVENT" not in COMPOSER.compose(told, TO, NOW)["Subject"]


@pytest.mark.parametrize("kind", [one for one in KINDS if one.audience is Audience.CUSTOMER])
def test_a_customer_is_greeted_and_can_answer_a_person(kind: NoticeKind) -> None:
    text = text_of(kind)
    assert text.startswith("Hello,")
    assert "a person reads the answers: reply to this mail, or write to help@host.example" in text


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        pytest.param(
            NoticeKind.WARNED,
            [
                "nothing is switched off: shop.example can send mail as before",
                "From 2026-11-16 to 2026-11-22: 4 of 820 recipients reported spam",
                "the limit is 3 of them, below 1000 recipients (our rule complaint.warn)",
                "Put a link to unsubscribe",
            ],
            id="warned",
        ),
        pytest.param(
            NoticeKind.DISABLED,
            [
                "We have stopped all mail from shop.example, because too many of the addresses",
                "From 2026-11-16 to 2026-11-22: 13 of 100 recipients did not exist (13.0 %,",
                "(our rule hard_bounce.disable)",
                "2026-11-18 10:01 UTC, old-customer-1@gone.example",
                "SMTP status 5.1.1",
                "> smtp; 550 5.1.1 The email account",
                "message 0107019a9f1b2c3d-0d8a0c1e-7b1f-4a60-9c55-2f1f7c0e9a11-000000",
                samples.ARCHIVE,
                "SHA-256 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
                "Where did these addresses come from",
                "Reply to this mail with your answers",
            ],
            id="disabled",
        ),
        pytest.param(
            NoticeKind.TERMINATED,
            [
                "We have ended your access",
                "bakery.example, shop.example",
                "reply to this mail within 30 days",
                "Where did the virus come from?",
            ],
            id="terminated",
        ),
        pytest.param(
            NoticeKind.REINSTATED,
            ["shop.example can send mail again", "> the list was cleaned", "begin anew today"],
            id="reinstated",
        ),
        pytest.param(
            NoticeKind.RESTORED,
            ["all your domains can send mail again: bakery.example, shop.example"],
            id="restored",
        ),
        pytest.param(
            NoticeKind.BLOCKED,
            [
                "3 addresses that you wrote to take no more mail from you",
                "Old-Customer-1@gone.example mail to old-customer-1@gone.example came back",
                "(5.1.1); you wrote from shop.example.",
                "Blocked for good. 2026-11-18 10:01 UTC",
                "Blocked until 2026-12-18.",
                "Not blocked: this is your own address or at your own domain.",
                "is refused as a whole. Then nobody gets it, your site may show an error",
                "and no report about it reaches us",
            ],
            id="blocked",
        ),
        pytest.param(
            NoticeKind.ACTION_DONE,
            [
                "[main] Disabled: shop.example",
                "sesauditd reinstate shop.example --explanation 'WHAT THE OWNER SAID'",
                "read back: sending is off",
            ],
            id="action_done",
        ),
        pytest.param(
            NoticeKind.ACTION_FAILED,
            [
                "AWS refuses: AccessDenied",
                "sesauditd disable shop.example --reason 'again, after 0123456789ab'",
            ],
            id="action_failed",
        ),
        pytest.param(
            NoticeKind.ACTION_WAITING,
            [
                "sesauditd actions approve 0123456789ab",
                "outcome in AWS's sandbox",
                "it is tried again by itself",
            ],
            id="action_waiting",
        ),
        pytest.param(
            NoticeKind.WEEKLY_SUMMARY,
            [
                "bakery 1200 9 0.75 % 1 0.08 % 0",
                "all 1280",
                "bakery: 9 blocks, 1 warning, 0 disables, 0 terminations",
                "Waiting for you: 2 actions",
                "1 notice with the state unknown",
            ],
            id="weekly_summary",
        ),
        pytest.param(
            NoticeKind.MONTHLY_REPORT,
            [
                "Grade B (A is best, E is worst).",
                "1,186 arrived (98.5 %).",
                "We stop your mail at 15. That is 20 % of the way to it.",
                "old-customer-1@gone.example: the address takes no mail, for good",
            ],
            id="monthly_report",
        ),
        pytest.param(
            NoticeKind.SHADOW_DIGEST,
            [
                "nothing of this was done",
                "disable_domain: bakery, shop.example",
                "13 recipients blocked for bakery",
                "sesauditd arm CUSTOMER",
            ],
            id="shadow_digest",
        ),
        pytest.param(
            NoticeKind.VERIFIED,
            ["the mail of shop.example is set up", "from an address at shop.example"],
            id="verified",
        ),
        pytest.param(
            NoticeKind.DOMAIN_VERIFIED,
            [
                "found all records of shop.example again",
                "missing since 2026-11-24 08:00 UTC",
                "sesauditd test shop.example",
            ],
            id="domain_verified",
        ),
        pytest.param(
            NoticeKind.VERIFICATION_LOST,
            [
                "does not find all records of shop.example any more",
                "- DKIM: temporary_failure",
                "sesauditd drift shop.example",
            ],
            id="verification_lost",
        ),
        pytest.param(
            NoticeKind.TROUBLE,
            ["no feedback has arrived for 6 hours", "sent 24h: 410", "2026-11-24 08:00 UTC"],
            id="trouble",
        ),
        pytest.param(NoticeKind.RECOVERED, ["It is well again: no feedback"], id="recovered"),
    ],
)
def test_a_notice_says_what_its_reader_needs(kind: NoticeKind, said: list[str]) -> None:
    text = text_of(kind)
    assert [one for one in said if one not in text] == []


@pytest.mark.parametrize("kind", [NoticeKind.REINSTATED, NoticeKind.RESTORED])
def test_a_groundless_verdict_is_taken_back_with_an_apology(kind: NoticeKind) -> None:
    text = text_of(kind, actor="policy:withdrawal", reason="events that were recorded later")
    assert "We are sorry for the trouble" in text
    assert "events that were recorded later" not in text


def test_a_digest_without_a_denied_address_does_not_frighten_anybody() -> None:
    text = text_of(NoticeKind.BLOCKED, levers=["account_list"], count=1, blocks=[samples.block()])
    assert "One address that you wrote to takes no more mail" in text
    assert "refused as a whole" not in text


def test_at_most_twenty_lines_of_evidence_are_told_and_the_rest_counted() -> None:
    text = text_of(NoticeKind.DISABLED, grounds=[samples.ground(lines=25, count=140)])
    assert text.count("SHA-256") == 20
    assert "and 120 more" in text


def test_an_event_that_stands_behind_two_rules_is_told_once_and_the_graver_rule_advises() -> None:
    grounds = [samples.ground("hard_bounce.surge"), samples.ground("guessing.disable")]
    text = text_of(NoticeKind.DISABLED, grounds=grounds)
    assert text.count("SHA-256") == 3
    assert "rule hard_bounce.surge" in text
    assert "because it wrote to many made-up addresses" in text


def test_an_operators_own_decision_names_no_rule() -> None:
    text = text_of(NoticeKind.DISABLED, grounds=[], reason="the site was hacked")
    assert "because we decided so, for the reason below" in text
    assert "the site was hacked" in text
    assert "THE MAILS THAT" not in text


def test_blocks_beyond_those_listed_are_counted() -> None:
    text = text_of(NoticeKind.BLOCKED, count=412)
    assert "and 409 more: reply to this mail for the whole list" in text


def test_what_is_pasted_into_a_shell_stays_one_word() -> None:
    text = text_of(NoticeKind.ACTION_DONE, domain="x; rm -rf ~'")
    assert "sesauditd reinstate 'x; rm -rf ~'\"'\"'' --explanation" in text


def test_evidence_that_is_not_stored_any_more_is_told_without_its_place() -> None:
    lost = samples.evidence(object=None, line=None, sha256=None, status=None, diagnostic=None)
    text = text_of(NoticeKind.WARNED, grounds=[{**samples.ground(), "evidence": [lost]}])
    assert "old-customer-1@gone.example" in text
    assert "SHA-256" not in text
    assert "None" not in text


def test_the_same_notice_has_the_same_message_id_whenever_it_is_composed() -> None:
    one = COMPOSER.compose(notice(NoticeKind.DISABLED), TO, NOW)
    other = COMPOSER.compose(notice(NoticeKind.DISABLED, reason="other"), TO[:1], NOW)
    assert one["Message-ID"] == other["Message-ID"]
    assert one["Message-ID"] != COMPOSER.compose(notice(NoticeKind.WARNED), TO, NOW)["Message-ID"]


def test_without_an_address_for_answers_they_go_to_the_sender() -> None:
    composer = Composer(sender="mail@host.example", configuration_set="sesaudit-notices")
    assert composer.compose(notice(NoticeKind.WARNED), TO, NOW)["Reply-To"] == "mail@host.example"


@pytest.mark.parametrize(
    ("told", "to"),
    [
        pytest.param(
            Notice(kind=NoticeKind.TROUBLE, subject="x", facts={"name": "x"}), TO, id="facts lack"
        ),
        pytest.param(notice(NoticeKind.TROUBLE, details="none"), TO, id="facts of another shape"),
        pytest.param(notice(NoticeKind.TROUBLE), ("not an address",), id="no address"),
        pytest.param(notice(NoticeKind.TROUBLE), ("a@x.org\r\nBcc: b@x.org",), id="two lines"),
    ],
)
def test_a_notice_that_cannot_be_composed_is_said_to_be_so(
    told: Notice, to: tuple[str, ...]
) -> None:
    with pytest.raises(Failed, match="cannot be composed"):
        COMPOSER.compose(told, to, NOW)


def test_lines_are_wrapped_under_their_own_beginning_and_commands_stay_whole() -> None:
    words = "word " * 20
    text = wrapped(f"{words}\n\n\n\n    > {words}\n- {words}\n  sesauditd {words}\n")
    lines = text.splitlines()
    assert "" in lines
    assert "\n\n\n" not in text
    assert sum(line.startswith("    > word") for line in lines) == 2
    assert sum(line.startswith(("- word", "  word")) for line in lines) == 2
    assert sum(len(line) > 76 for line in lines) == 1


@pytest.mark.parametrize("kind", [NoticeKind.WEEKLY_SUMMARY, NoticeKind.MONTHLY_REPORT])
def test_a_report_goes_along_as_a_file_that_a_browser_opens(kind: NoticeKind) -> None:
    page = "<!doctype html>\n<p>\u00fc\ud800</p>"
    attached = {"name": "report-2026-11/../x", "page": page}
    found = replace(notice(kind), facts={**samples.FACTS[kind], "attached": attached})
    (file,) = read_back(COMPOSER.compose(found, TO, NOW)).iter_attachments()
    assert file.get_content_type() == "text/html"
    assert file.get_filename() == "report-2026-11-x.html"
    assert file.get_payload(decode=True) == page.encode(errors="replace")


@pytest.mark.parametrize(
    ("begin", "end", "said"),
    [
        ("2026-11-16T00:00:00Z", "2026-11-23T00:00:00Z", "From 2026-11-16 to 2026-11-22: too many"),
        (
            "2026-11-18T10:01:00Z",
            "2026-11-19T10:00:30Z",
            "From 2026-11-18 10:01 UTC to 2026-11-19 10:00 UTC: too many",
        ),
        ("2026-11-18T10:01:00Z", "2026-11-18T10:01:40Z", "On 2026-11-18 10:01 UTC: too many"),
    ],
)
def test_a_customer_reads_days_and_not_numbers_of_weeks(begin: str, end: str, said: str) -> None:
    ground = {"from": begin, "to": end, "reason": "week 2026-W47, too many"}
    assert happened(ground) == said

"""The dashboard as a browser meets it, over the database of the real program."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest
from typing_extensions import override
from yarl import URL

from sesauditd.web.app import HEADERS
from sesauditd.web.health import Pulse
from tests.support.dashboards import HOSTILE, Beat, attacked, busy, dashboard
from tests.support.program import Program

if TYPE_CHECKING:
    from pathlib import Path

TOKEN = "b" * 32
PAGES = ("/", "/customers", "/domains", "/actions", "/cases", "/quarantine")
SUBJECTS = ("/customers/growth", "/domains/growth.example", "/actions?state=proposed")
MANY = "/customers/" + "x" * 3000


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Program:
    found = Program.made(tmp_path_factory.mktemp("busy"))
    busy(found)
    return found


@pytest.fixture(scope="module")
def victim(tmp_path_factory: pytest.TempPathFactory) -> Program:
    found = Program.made(tmp_path_factory.mktemp("attacked"))
    attacked(found)
    return found


class Elements(HTMLParser):
    """What a browser would make of a page: its elements, their attributes, its words."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str]] = []
        self.words: list[str] = []
        self.feed(page)
        self.close()

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    @override
    def handle_data(self, data: str) -> None:
        self.words.append(data)


@pytest.mark.parametrize("path", [*PAGES, *SUBJECTS])
async def test_a_page_is_whole_and_harmless(program: Program, path: str) -> None:
    async with dashboard(program) as client:
        answer = await client.get(path)
        page = await answer.text()
    assert answer.status == 200, page
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert {name: answer.headers[name] for name in HEADERS} == HEADERS
    found = Elements(page)
    assert {"html", "main", "h1", "title", "nav"} <= found.tags
    assert not {"script", "style", "iframe", "form", "object", "base"} & found.tags
    assert not [name for name, _ in found.attributes if name.startswith("on") or name == "style"]
    assert page.rstrip().endswith("</html>")
    # A line must not end between a number and its percent sign.
    assert not re.search("[0-9] %", page)


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Program:
    found = Program.made(tmp_path_factory.mktemp("empty"))
    assert found.run("customers").code == 0
    return found


@pytest.mark.parametrize("path", PAGES)
async def test_an_empty_installation_has_every_page(empty: Program, path: str) -> None:
    async with dashboard(empty) as client:
        answer = await client.get(path)
        assert answer.status == 200, await answer.text()


async def test_the_start_page_says_what_is_wrong_and_ranks_the_worst_first(
    program: Program,
) -> None:
    async with dashboard(program) as client:
        page = await (await client.get("/")).text()
    assert "The daemon is not running:" in page
    assert "for your approval" in page
    assert page.count("own rate: not known: no daemon asked yet") == 2
    assert page.index("/customers/growth") < page.index("/customers/bakery")


async def test_a_customer_has_its_score_with_its_reason_and_plots_with_their_numbers(
    program: Program,
) -> None:
    async with dashboard(program) as client:
        page = await (await client.get("/customers/growth")).text()
    assert "Score 0 of 100: the nearest limit was reached to 100.0\u00a0%" in page
    assert page.count('<svg xmlns="http://www.w3.org/2000/svg" class="pygal-chart"') == 2
    assert "2026-W47" in page
    assert "hard_bounce.disable" in page
    assert "user unknown" in page


@pytest.mark.parametrize(
    "path",
    ["/customers/nobody", "/domains/nobody.example", "/cases/none", "/nowhere", MANY, "/static/x"],
)
async def test_what_is_not_there_is_said_so(program: Program, path: str) -> None:
    async with dashboard(program) as client:
        answer = await client.get(path)
        assert answer.status == 404
        assert "Not found" in await answer.text()
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    "query", ["page=0", "page=-1", "page=zz", "page=99999999999999999", "page=²"]
)
async def test_a_page_number_that_is_none_shows_a_page(program: Program, query: str) -> None:
    async with dashboard(program) as client:
        assert (await client.get(f"/actions?{query}")).status == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
async def test_nothing_can_be_changed(program: Program, method: str) -> None:
    async with dashboard(program) as client:
        answer = await client.request(method, "/")
        assert answer.status == 405
        assert answer.headers["Allow"] == "GET, HEAD"


async def test_another_name_is_not_answered_to(program: Program) -> None:
    async with dashboard(program) as client:
        answer = await client.get("/", headers={"Host": "rebound.example"})
        assert answer.status == 421


@pytest.mark.parametrize("path", ["/", "/metrics", "/static/style.css", "/nowhere"])
async def test_who_shows_no_token_sees_nothing(program: Program, path: str) -> None:
    async with dashboard(program, token=TOKEN) as client:
        answer = await client.get(path)
        assert answer.status == 401
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
        assert "growth" not in await answer.text()
        bearer = {"Authorization": f"Bearer {TOKEN}"}
        assert (await client.get(path, headers=bearer)).status in {200, 404}


async def test_a_link_with_the_token_becomes_a_cookie_and_leaves_the_address(
    program: Program,
) -> None:
    async with dashboard(program, token=TOKEN) as client:
        link = f"//evil.example/actions?state=done&token={TOKEN}"
        strange = URL(f"{str(client.make_url('/')).rstrip('/')}{link}", encoded=True)
        elsewhere = await client.session.get(strange, allow_redirects=False)
        assert elsewhere.headers["Location"] == "/evil.example/actions?state=done"
        client.session.cookie_jar.clear()
        answer = await client.get(f"/actions?token={TOKEN}", allow_redirects=False)
        cookie = answer.headers["Set-Cookie"]
        assert answer.status == 303
        assert answer.headers["Location"] == "/actions"
        assert "HttpOnly" in cookie
        assert "SameSite=Strict" in cookie
        assert TOKEN not in cookie
        shown = {"Cookie": cookie.partition(";")[0]}
        assert (await client.get("/actions", headers=shown)).status == 200
        client.session.cookie_jar.clear()
        wrong = await client.get("/?token=guess", allow_redirects=False)
        assert wrong.status == 401


async def test_health_is_told_to_everybody_and_its_reasons_to_who_may_look(
    program: Program,
) -> None:
    beat = Beat(Pulse(hanging=("intake",)))
    async with dashboard(program, token=TOKEN, pulse=beat) as client:
        answer = await client.get("/healthz")
        assert (answer.status, await answer.json()) == (503, {"ok": False})
        told = await client.get("/healthz", headers={"Authorization": f"Bearer {TOKEN}"})
        checks = (await told.json())["checks"]
        assert checks["loops"] == {"ok": False, "reason": "do not turn over: intake"}
        beat.pulse = Pulse(paused_because="the bucket is gone")
        assert (await client.get("/healthz")).status == 200
        ready = await client.get("/readyz", headers={"Authorization": f"Bearer {TOKEN}"})
        assert ready.status == 503
        assert (await ready.json())["checks"]["intake"]["reason"] == "the bucket is gone"
        beat.pulse = Pulse()
        assert (await client.get("/readyz")).status == 200


async def test_metrics_count_outcomes_verdicts_and_actions(program: Program) -> None:
    async with dashboard(program) as client:
        answer = await client.get("/metrics")
        lines = (await answer.text()).splitlines()
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    assert 'sesauditd_recipient_outcomes_total{outcome="hard_bounce"} 30.0' in lines
    assert 'sesauditd_verdicts_total{rule="hard_bounce.block"} 30.0' in lines
    assert 'sesauditd_actions_in_state{kind="block_recipient",state="proposed"} 30.0' in lines
    assert "sesauditd_quarantined_notifications 1.0" in lines
    assert 'sesauditd_notifications_total{result="recorded"} 0.0' in lines
    assert 'sesauditd_batch_seconds_count{stage="record"} 0.0' in lines
    named = {line.split()[2] for line in lines if line.startswith("# HELP")}
    helped = {line.split()[2] for line in lines if line.startswith("# TYPE")}
    assert named == helped


@pytest.mark.parametrize("path", [*PAGES, "/customers/victim", "/domains/victim.example"])
async def test_what_strangers_write_stays_text(victim: Program, path: str) -> None:
    async with dashboard(victim) as client:
        answer = await client.get(path)
        page = await answer.text()
    assert answer.status == 200
    found = Elements(page)
    assert not {"script", "style", "iframe"} & found.tags
    assert not [name for name, _ in found.attributes if name.startswith("on")]
    assert not [value for name, value in found.attributes if value.startswith("javascript:")]
    assert {value for name, value in found.attributes if name == "src"} == {"/static/icon.svg"}
    assert "49" not in found.words
    assert not set("\x00\x1b\u202e") & set(page)


async def test_hostile_texts_are_shown_where_they_belong(victim: Program) -> None:
    async with dashboard(victim) as client:
        listed = Elements(await (await client.get("/quarantine")).text())
        subject = Elements(await (await client.get("/customers/victim")).text())
    assert HOSTILE[0] in "".join(listed.words)
    assert HOSTILE[1] in "".join(subject.words)


async def test_whoever_comes_before_the_first_count_is_sent_around_again(program: Program) -> None:
    async with dashboard(program, counted=False) as client:
        for page in ("/", "/customers"):
            answer = await client.get(page)
            assert (answer.status, answer.headers["Refresh"]) == (503, "2")
            assert "The customers are counted once after a start." in await answer.text()
        answer = await client.get("/metrics")
        assert (answer.status, answer.headers["Retry-After"]) == (503, "2")
        for page in ("/healthz", "/readyz", "/domains", "/customers/growth"):
            assert (await client.get(page)).status == 200


async def test_a_database_that_cannot_be_read_is_said_in_words(tmp_path: Path) -> None:
    lost = Program.made(tmp_path)
    (tmp_path / "test.db").write_bytes(b"this is no database " * 1000)
    async with dashboard(lost, counted=False) as client:
        answer = await client.get("/actions")
        ready = await client.get("/readyz")
        said, checks = await answer.text(), (await ready.json())["checks"]
    assert answer.status == 500
    assert "the database cannot be used" in said
    assert ready.status == 503
    assert "the database cannot be used" in checks["database"]["reason"]

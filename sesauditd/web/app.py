"""The HTTP side of the dashboard: GET only, who may look, and headers that keep pages harmless."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING, Protocol

import structlog
from aiohttp import web

from sesauditd.errors import Busy, SesauditdError
from sesauditd.web import health, pages
from sesauditd.web.access import COOKIE, Gate, after_entering

if TYPE_CHECKING:
    from aiohttp.typedefs import Handler

    from sesauditd.report.figures import Domain
    from sesauditd.web.health import Check, Pulse
    from sesauditd.web.values import (
        Actions,
        Cases,
        Frame,
        OneCase,
        Quarantine,
        Ranking,
        Start,
        Subject,
    )

HEADERS = {
    # No script runs at all, whatever a stranger brought into a page.
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-store",
    "Server": "sesauditd",
}
OPEN = frozenset({"/healthz", "/readyz"})
"""What whoever restarts the daemon may ask without a token; it is told no reasons then."""
KEPT_SECONDS = 30 * 24 * 3600
STATIC = {"style.css": "text/css", "icon.svg": "image/svg+xml"}
COUNTING = "The customers are counted once after a start. This page comes by itself."
AGAIN_SECONDS = "2"
"""After which whoever came too early looks again."""
HIGHEST_PAGE = 1_000_000

log = structlog.get_logger()


class Books(Protocol):
    """Reads what the pages show, each from one state of the database."""

    async def frame(self) -> Frame:
        """Return what stands around every page."""
        ...

    async def start(self) -> Start | None:
        """Return whether everything is well, None while the customers are counted first."""
        ...

    async def ranking(self) -> tuple[Ranking, Sequence[Domain]] | None:
        """Return all customers, and the domains that do not simply send; None as `start`."""
        ...

    async def customer(self, name: str) -> Subject | None:
        """Return a customer, None if there is none of this name."""
        ...

    async def domain(self, name: str) -> Subject | None:
        """Return a domain, None if it is not registered."""
        ...

    async def domains(self) -> Sequence[Domain]:
        """Return all domains, with those that are being onboarded."""
        ...

    async def actions(self, state: str | None, page: int) -> Actions:
        """Return a page of actions, of one state or of all; pages begin at 1."""
        ...

    async def cases(self) -> Cases:
        """Return all cases."""
        ...

    async def case(self, name: str) -> OneCase | None:
        """Return a case, None if there is none of this id."""
        ...

    async def quarantine(self) -> Quarantine:
        """Return what could not be read."""
        ...

    async def trouble(self) -> str | None:
        """Return why the database cannot be read, None if it can."""
        ...

    async def metrics(self) -> bytes | None:
        """Return everything that Prometheus scrapes, in its text format; None as `start`."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """The dashboard, to be served somewhere."""

    books: Books
    pulse: Callable[[], Pulse]
    gate: Gate
    metrics_type: str
    """The media type of `Books.metrics`."""

    def application(self) -> web.Application:
        """Return what aiohttp serves."""
        application = web.Application(middlewares=[self._guard])
        application.router.add_get("/", self._start)
        application.router.add_get("/customers", self._customers)
        application.router.add_get("/customers/{name}", self._customer)
        application.router.add_get("/domains", self._domains)
        application.router.add_get("/domains/{name}", self._domain)
        application.router.add_get("/actions", self._actions)
        application.router.add_get("/cases", self._cases)
        application.router.add_get("/cases/{name}", self._case)
        application.router.add_get("/quarantine", self._quarantine)
        application.router.add_get("/static/{name}", _static)
        application.router.add_get("/metrics", self._metrics)
        application.router.add_get("/healthz", self._healthz)
        application.router.add_get("/readyz", self._readyz)
        return application

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Answer only who may ask, in words also when something fails."""
        refused = self._refusal(request)
        response = refused or await self._answered(request, handler)
        response.headers.update(HEADERS)
        if request.path.startswith("/static/") and response.status == web.HTTPOk.status_code:
            response.headers["Cache-Control"] = "max-age=300"
        return response

    def _refusal(self, request: web.Request) -> web.Response | None:
        if request.method not in {"GET", "HEAD"}:
            return _text(405, "These pages only show: use GET.", Allow="GET, HEAD")
        if not self.gate.answers_to(request.headers.get("Host")):
            return _text(
                421,
                "This dashboard answers to 127.0.0.1 and localhost only. To reach it by another "
                "name, set web.token_file.",
            )
        if request.path in OPEN or self._may_look(request):
            return None
        if self.gate.is_token(request.query.get("token", "")):
            return self._entered(request)
        return _text(
            401,
            "This dashboard asks for its token: open it once as /?token=TOKEN, or send "
            "Authorization: Bearer TOKEN. The token is in the file that web.token_file names.",
            **{"WWW-Authenticate": 'Bearer realm="sesauditd"'},
        )

    def _may_look(self, request: web.Request) -> bool:
        return self.gate.lets_in(request.headers.get("Authorization"), request.cookies.get(COOKIE))

    def _entered(self, request: web.Request) -> web.Response:
        """Give the browser a cookie, and send it on to an address without the token in it."""
        # The path alone: a host of a stranger's choice must not be what we send anybody to.
        path = f"/{request.url.raw_path.lstrip('/')}"
        left = request.url.with_query(after_entering(request.query)).raw_query_string
        response = _text(303, "Go on.", Location=f"{path}?{left}" if left else path)
        response.set_cookie(
            COOKIE,
            self.gate.cookie,
            max_age=KEPT_SECONDS,
            httponly=True,
            samesite="Strict",
            secure=request.headers.get("X-Forwarded-Proto", request.scheme) == "https",
            path="/",
        )
        return response

    async def _answered(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            return await handler(request)
        except web.HTTPNotFound:
            return await self._nothing("There is no such page.")
        except web.HTTPException as answer:
            return _text(answer.status, answer.reason)
        except SesauditdError as error:
            log.warning("page_failed", path=request.path, reason=str(error))
            return _text(503 if isinstance(error, Busy) else 500, str(error))
        except Exception:
            # A page that breaks must not take the daemon with it; the log says where it broke.
            log.exception("page_broke", path=request.path)
            return _text(500, "This page broke; the daemon's log says why.")

    async def _nothing(self, text: str) -> web.Response:
        page = pages.message(await self.books.frame(), "Not found", text)
        return _html(page, status=404)

    async def _counting(self) -> web.Response:
        page = pages.message(await self.books.frame(), "A moment", COUNTING)
        response = _html(page, status=503)
        response.headers.update({"Refresh": AGAIN_SECONDS, "Retry-After": AGAIN_SECONDS})
        return response

    async def _start(self, _request: web.Request) -> web.Response:
        found = await self.books.start()
        if found is None:
            return await self._counting()
        return _html(pages.start(await self.books.frame(), found))

    async def _customers(self, request: web.Request) -> web.Response:
        found = await self.books.ranking()
        if found is None:
            return await self._counting()
        return _html(pages.customers(await self.books.frame(), *found, _page(request)))

    async def _customer(self, request: web.Request) -> web.Response:
        return await self._subject(await self.books.customer(request.match_info["name"]))

    async def _domain(self, request: web.Request) -> web.Response:
        return await self._subject(await self.books.domain(request.match_info["name"]))

    async def _subject(self, found: Subject | None) -> web.Response:
        if found is None:
            return await self._nothing("Nobody of this name is registered.")
        return _html(pages.subject(await self.books.frame(), found))

    async def _domains(self, request: web.Request) -> web.Response:
        frame, found = await self.books.frame(), await self.books.domains()
        return _html(pages.domains(frame, found, _page(request)))

    async def _actions(self, request: web.Request) -> web.Response:
        found = await self.books.actions(request.query.get("state") or None, _page(request))
        return _html(pages.actions(await self.books.frame(), found))

    async def _cases(self, request: web.Request) -> web.Response:
        frame, found = await self.books.frame(), await self.books.cases()
        return _html(pages.cases(frame, found, _page(request)))

    async def _case(self, request: web.Request) -> web.Response:
        found = await self.books.case(request.match_info["name"])
        if found is None:
            return await self._nothing("There is no such case.")
        return _html(pages.case(await self.books.frame(), found))

    async def _quarantine(self, _request: web.Request) -> web.Response:
        return _html(pages.quarantine(await self.books.frame(), await self.books.quarantine()))

    async def _metrics(self, _request: web.Request) -> web.Response:
        body = await self.books.metrics()
        if body is None:
            return _text(503, COUNTING, **{"Retry-After": AGAIN_SECONDS})
        return web.Response(body=body, headers={"Content-Type": self.metrics_type})

    async def _healthz(self, request: web.Request) -> web.Response:
        return self._checked(request, health.alive(self.pulse()))

    async def _readyz(self, request: web.Request) -> web.Response:
        return self._checked(request, health.ready(self.pulse(), await self.books.trouble()))

    def _checked(self, request: web.Request, checks: Sequence[Check]) -> web.Response:
        found = health.document(checks, reasons=self._may_look(request))
        return web.json_response(
            found, status=200 if found["ok"] else 503, dumps=lambda value: f"{json.dumps(value)}\n"
        )


async def _static(request: web.Request) -> web.Response:
    name = request.match_info["name"]
    if name not in STATIC:
        raise web.HTTPNotFound
    body = resources.files("sesauditd.web").joinpath("static", name).read_bytes()
    return web.Response(body=body, content_type=STATIC[name], charset="utf-8")


def _page(request: web.Request) -> int:
    written = request.query.get("page", "1")
    if not (written.isascii() and written.isdecimal()):
        return 1
    return min(max(int(written[:7]), 1), HIGHEST_PAGE)


def _html(page: str, *, status: int = 200) -> web.Response:
    # A lone surrogate has no UTF-8; `cleaned` replaced those of texts, a path may hold one.
    body = page.encode("utf-8", errors="replace")
    return web.Response(body=body, status=status, content_type="text/html", charset="utf-8")


def _text(status: int, text: str, **headers: str) -> web.Response:
    named: Mapping[str, str] = headers
    return web.Response(text=f"{text}\n", status=status, headers=named)

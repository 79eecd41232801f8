"""A real browser, driven by its own protocol: https://chromedevtools.github.io/devtools-protocol/."""

from __future__ import annotations

import asyncio
import base64
import itertools
import shutil
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from importlib import resources
from typing import TYPE_CHECKING, Any

import aiohttp

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
PATIENCE_SECONDS = 120.0
TALLEST = 6000
ADDRESS = b"DevTools listening on "


def found() -> str | None:
    """Return where a browser is, None where none is installed."""
    return next(filter(None, map(shutil.which, PROGRAMS)), None)


@dataclass(slots=True)
class Browser:
    """One page of a browser, and everything that it complained about."""

    wire: aiohttp.ClientWebSocketResponse
    session: str
    complaints: list[str] = field(default_factory=list)
    _numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    async def ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Ask the browser for something and return its answer."""
        number = next(self._numbers)
        await self.wire.send_json(
            {"id": number, "method": method, "params": parameters, "sessionId": self.session}
        )
        while True:
            told = await self.wire.receive_json(timeout=PATIENCE_SECONDS)
            if told.get("id") == number:
                assert "error" not in told, told
                answer: dict[str, Any] = told["result"]
                return answer
            self._heard(told)

    def _heard(self, told: dict[str, Any]) -> None:
        if told.get("method") == "Log.entryAdded":
            self.complaints.append(told["params"]["entry"]["text"])
        if told.get("method") == "Page.javascriptDialogOpening":
            self.complaints.append("a dialog was opened")

    async def look(self, *, width: int, dark: bool) -> None:
        """Let the window be so wide, and the reader prefer light or dark."""
        await self.ask(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=900,
            deviceScaleFactor=1,
            mobile=width < 600,
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        await self.ask("Emulation.setEmulatedMedia", features=[scheme])

    async def go(self, url: str) -> None:
        """Open an address and wait until it is there."""
        await self.ask("Page.navigate", url=url)
        async with asyncio.timeout(PATIENCE_SECONDS):
            while await self.value("document.readyState + location.href") != f"complete{url}":
                pass

    async def value(self, expression: str) -> Any:
        """Return what an expression is in the page; scripts of the page itself need not run."""
        answer = await self.ask(
            "Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True
        )
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    async def picture(self, file: Path) -> None:
        """Write a picture of the whole page."""
        size = (await self.ask("Page.getLayoutMetrics"))["cssContentSize"]
        clip = {
            "x": 0,
            "y": 0,
            "width": size["width"],
            "height": min(size["height"], TALLEST),
            "scale": 1,
        }
        answer = await self.ask(
            "Page.captureScreenshot", format="png", clip=clip, captureBeyondViewport=True
        )
        await asyncio.to_thread(file.write_bytes, base64.b64decode(answer["data"]))

    async def violations(self) -> list[dict[str, Any]]:
        """Return what axe-core finds serious or critical in the page."""
        axe = resources.files("axe_core_python").joinpath("axe.min.js").read_text("utf-8")
        await self.value(f"{axe};0")
        results = await self.value("axe.run(document).then((found) => found.violations)")
        return [
            {
                "rule": one["id"],
                "says": one["help"],
                "at": [node["html"][:160] for node in one["nodes"][:5]],
            }
            for one in results
            if one["impact"] in {"serious", "critical"}
        ]


@asynccontextmanager
async def browser(profile: Path) -> AsyncIterator[Browser]:
    """Start a browser without a window, and end it."""
    process = await asyncio.create_subprocess_exec(
        str(found()),
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--no-first-run",
        "--hide-scrollbars",
        f"--user-data-dir={profile}",
        "--remote-debugging-port=0",
        "about:blank",
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        address = await asyncio.wait_for(_address(process), PATIENCE_SECONDS)
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(address, max_msg_size=0) as wire,
        ):
            yield await _page(wire)
    finally:
        process.kill()
        await process.wait()


async def _address(process: asyncio.subprocess.Process) -> str:
    assert process.stderr is not None
    async for line in process.stderr:
        if line.startswith(ADDRESS):
            return line.removeprefix(ADDRESS).decode().strip()
    raise AssertionError("the browser ended before it listened")


async def _page(wire: aiohttp.ClientWebSocketResponse) -> Browser:
    root = Browser(wire, "")
    await wire.send_json(
        {"id": 0, "method": "Target.createTarget", "params": {"url": "about:blank"}}
    )
    target = (await wire.receive_json(timeout=PATIENCE_SECONDS))["result"]["targetId"]
    await wire.send_json(
        {
            "id": 0,
            "method": "Target.attachToTarget",
            "params": {"targetId": target, "flatten": True},
        }
    )
    while True:
        told = await wire.receive_json(timeout=PATIENCE_SECONDS)
        if told.get("id") == 0:
            break
    page = Browser(wire, told["result"]["sessionId"], root.complaints)
    for domain in ("Page", "Runtime", "Log"):
        await page.ask(f"{domain}.enable")
    return page

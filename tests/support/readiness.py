"""A daemon's own word on whether it is ready, asked as whoever watches it asks."""

from __future__ import annotations

import http.client
import json
import socket
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

TOKEN = "a-token-of-a-test-that-is-long-enough"


def free_port() -> int:
    """Return a port that nobody listens on."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        port: int = server.getsockname()[1]
        return port


@dataclass(frozen=True, slots=True)
class Readiness:
    """The page /readyz of a daemon that is started with these settings."""

    settings: Mapping[str, str]
    port: int

    @classmethod
    def made(cls, folder: Path) -> Readiness:
        """Return one at a port of its own, with its token in a file of the folder."""
        token, port = folder / "token", free_port()
        token.write_text(TOKEN)
        token.chmod(0o600)
        settings = {
            "SESAUDITD_WEB__BIND": f"127.0.0.1:{port}",
            "SESAUDITD_WEB__TOKEN_FILE": str(token),
        }
        return cls(settings, port)

    def status(self) -> int:
        """Return the status of its answer, 0 while nobody listens."""
        return self._asked()[0]

    def reason(self, check: str) -> str:
        """Return what it says of one check."""
        return str(self._asked()[1][check]["reason"])

    def _asked(self) -> tuple[int, dict[str, Any]]:
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)) as asking:
            try:
                asking.request("GET", "/readyz", headers={"Authorization": f"Bearer {TOKEN}"})
            except ConnectionRefusedError:
                return 0, {}
            answer = asking.getresponse()
            return answer.status, json.loads(answer.read())["checks"]

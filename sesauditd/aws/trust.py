"""The authorities that aiobotocore's clients trust, read once for all of them."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from aiobotocore.httpsession import AIOHTTPSession
from typing_extensions import override

if TYPE_CHECKING:
    import ssl

    Contexts = tuple[ssl.SSLContext, ssl.SSLContext | None]
    """For AWS, and for the proxy on the way."""

    class _Session(AIOHTTPSession):
        """With what its published types leave out."""

        _verify: bool | str | None
        _cert_file: str | None

        def _build_verify_context(self) -> ssl.SSLContext: ...

        def _build_ssl_contexts(self, proxy_url: str | None) -> Contexts: ...

else:
    _Session = AIOHTTPSession

_contexts: dict[bool | str | None, ssl.SSLContext] = {}
_building = threading.Lock()


class Trusting(_Session):
    """Aiobotocore's connections, with one TLS context for all clients that trust the same.

    Each client would parse the file of authorities anew: tens of milliseconds and a megabyte, by
    nine clients. A context of which nothing is changed may serve any number of connections. One
    with a certificate of the client's own, or behind a proxy, is changed, and stays apart.
    """

    @override
    def _build_ssl_contexts(self, proxy_url: str | None) -> Contexts:
        if proxy_url or self._cert_file:
            return super()._build_ssl_contexts(proxy_url)
        with _building:
            if self._verify not in _contexts:
                _contexts[self._verify] = self._build_verify_context()
        return _contexts[self._verify], None

"""The operator's own AWS client to the sandbox: blocking, and deaf to the machine's settings."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from botocore import xform_name
from botocore.config import Config
from botocore.session import Session

if TYPE_CHECKING:
    from botocore.client import BaseClient

_DEAF = {
    "profile": (None, None, None, None),
    "config_file": (None, None, os.devnull, None),
    "credentials_file": (None, None, os.devnull, None),
}
"""Settings of a session without the variables and files that would fill them."""
ROOT_KEY = "sandbox"
"""The key and the secret of the operator: whatever IAM does not know is root."""


@dataclass(frozen=True, slots=True)
class Operator:
    """Asks any service of one sandbox by AWS's own names of operations."""

    url: str
    region: str
    account_id: str
    attempts: int
    _session: Session
    _stack: ExitStack
    _clients: dict[str, BaseClient] = field(default_factory=dict)

    def ask(self, service: str, operation: str, /, **parameters: object) -> Mapping[str, Any]:
        """Return the answer; botocore's ClientError if AWS would refuse."""
        if service not in self._clients:
            client = self._session.create_client(
                service,
                region_name=self.region,
                endpoint_url=self.url,
                aws_access_key_id=ROOT_KEY,
                aws_secret_access_key=ROOT_KEY,
                config=Config(
                    proxies={},
                    s3={"addressing_style": "path"},
                    retries={"total_max_attempts": self.attempts, "mode": "standard"},
                ),
            )
            self._stack.callback(client.close)
            self._clients[service] = client
        answer: Mapping[str, Any] = getattr(self._clients[service], xform_name(operation))(
            **parameters
        )
        return answer


@contextmanager
def operator(url: str, *, region: str, account_id: str, attempts: int = 3) -> Iterator[Operator]:
    """Yield the operator's client; nothing of the machine's AWS files or profile is read.

    A call that fails for no reason of its own is tried `attempts` times in all.
    """
    session = Session(session_vars=_DEAF)
    with ExitStack() as stack:
        yield Operator(url, region, account_id, attempts, session, stack)

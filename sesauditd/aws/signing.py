"""Signature Version 4 for one kind of request, by botocore's signer, whose form is filled in."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Protocol
from urllib.parse import urlsplit

from botocore.auth import SIGV4_TIMESTAMP, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.compat import get_current_datetime
from botocore.credentials import ReadOnlyCredentials
from botocore.exceptions import NoCredentialsError

if TYPE_CHECKING:
    from aiobotocore.client import AioBaseClient

DATE, TARGET, TOKEN = "X-Amz-Date", "X-Amz-Target", "X-Amz-Security-Token"
NOTHING: Final = hashlib.sha256(b"").hexdigest()


class Credentials(Protocol):
    """aiobotocore's credentials, which renew themselves when they are asked for."""

    async def get_frozen_credentials(self) -> ReadOnlyCredentials:
        """Return what signs now; raises botocore's errors when it cannot be had."""
        ...


@dataclass(slots=True)
class _Moment:
    """What botocore's signer wants of a request whose canonical form is there already."""

    context: dict[str, str]


@dataclass(frozen=True, slots=True)
class _Form:
    """A canonical request of botocore's making, with gaps for what differs."""

    text: str
    signed_headers: str

    @classmethod
    def of(cls, url: str, headers: Mapping[str, str], *gaps: str) -> _Form:
        """Let botocore canonise a POST with these headers, and gaps named as their headers."""
        gapped = {name: f"{{{name}}}" for name in gaps}
        request = AWSRequest(method="POST", url=url, headers={**headers, **gapped}, data=b"")
        # The path is quoted and the headers are ours: no other brace can stand in it.
        nobody = ReadOnlyCredentials("", "", None)
        text = SigV4Auth(nobody, "", "").canonical_request(request)
        return cls(text.removesuffix(NOTHING) + "{digest}", text.splitlines()[-2])

    def filled(self, gaps: Mapping[str, str], body: bytes) -> str:
        """Return the canonical request of one request."""
        return self.text.format(**gaps, digest=hashlib.sha256(body).hexdigest())


@dataclass(slots=True)
class Signer:
    """Signs POSTs to one address whose headers differ in target, time and token only.

    botocore looks at each request anew, which takes longer than to send it; what is the same in
    all of them it looks at here once. What it computes with the secret is computed by it.
    """

    url: str
    service: str
    region: str
    headers: Mapping[str, str]
    credentials: Credentials | None
    _forms: dict[tuple[str, ...], _Form] = field(default_factory=dict)

    async def signed(self, target: str, body: bytes) -> dict[str, str]:
        """Return the headers of a request that is sent now.

        Credentials that are about to end are renewed first. Raises botocore's errors: of no
        credentials, and of those that cannot be had or renewed.
        """
        if self.credentials is None:
            raise NoCredentialsError
        keys = await self.credentials.get_frozen_credentials()
        time = get_current_datetime().strftime(SIGV4_TIMESTAMP)
        gaps = {DATE: time, TARGET: target}
        if keys.token:
            gaps[TOKEN] = keys.token
        form = self._form(*gaps)
        moment: Any = _Moment({"timestamp": time})
        by = SigV4Auth(keys, self.service, self.region)
        signature = by.signature(by.string_to_sign(moment, form.filled(gaps, body)), moment)
        proof = f"SignedHeaders={form.signed_headers}, Signature={signature}"
        authorization = f"AWS4-HMAC-SHA256 Credential={by.scope(moment)}, {proof}"
        return {**self.headers, **gaps, "Authorization": authorization}

    def _form(self, *gaps: str) -> _Form:
        form = self._forms.get(gaps)
        if form is None:
            form = self._forms[gaps] = _Form.of(self.url, self.headers, *gaps)
        return form


def signer_of(client: AioBaseClient, credentials: Credentials | None) -> Signer:
    """Return what signs for a client of a JSON service, to the address that it asks itself."""
    meta: Any = client.meta
    model = meta.service_model
    return Signer(
        url=meta.endpoint_url if urlsplit(meta.endpoint_url).path else meta.endpoint_url + "/",
        service=model.signing_name,
        region=meta.region_name,
        headers={
            "Content-Type": f"application/x-amz-json-{model.metadata['jsonVersion']}",
            # Else SQS leaves out its old names of errors, which botocore prefers.
            "X-Amzn-Query-Mode": "true",
        },
        credentials=credentials,
    )

"""An operation's refusal, in the words of the service model."""

from __future__ import annotations

from sesauditd.errors import Failed


class Declined(Failed):
    """SES answers with an error: `code` is an error shape's name or its code on the wire.

    `status` is used where the service model has no such error.
    """

    def __init__(self, code: str, text: str, *, status: int = 400) -> None:
        super().__init__(text)
        self.code = code
        self.text = text
        self.status = status


def bad_request(text: str) -> Declined:
    """Return v2's answer to a request that cannot be right."""
    return Declined("BadRequestException", text)


def not_found(text: str) -> Declined:
    """Return v2's answer to a name that does not exist."""
    return Declined("NotFoundException", text, status=404)


def already_exists(text: str) -> Declined:
    """Return v2's answer to a name that is taken."""
    return Declined("AlreadyExistsException", text)

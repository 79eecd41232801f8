"""Permissions boundaries of users, which moto does not keep: set, removed and shown here."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from moto.iam.models import iam_backends

from sesauditd.sandbox.calls import Answer, Call
from sesauditd.sandbox.naming import parameters_of
from sesauditd.sandbox.refusals import REQUEST_ID, refusal

if TYPE_CHECKING:
    from collections.abc import Collection

_NAMESPACE = "https://iam.amazonaws.com/doc/2010-05-08/"


@dataclass(frozen=True, slots=True)
class Boundaries:
    """The ARN of the policy that bounds each user, in `by_user`."""

    account_id: str
    by_user: dict[str, str] = field(default_factory=dict)

    def stop(self, call: Call) -> Answer | None:
        """Answer the two calls that moto does not know."""
        if call.operation not in {"PutUserPermissionsBoundary", "DeleteUserPermissionsBoundary"}:
            return None
        given = parameters_of(call)
        user = given.get("UserName", "")
        if user not in self._users():
            text = f"The user with name {user} cannot be found."
            return refusal(call, "NoSuchEntity", text, status=404)
        if call.operation.startswith("Delete"):
            self.by_user.pop(user, None)
        else:
            self.by_user[user] = given.get("PermissionsBoundary", "")
        return _empty(call.operation)

    def amend(self, call: Call, answer: Answer) -> Answer:
        """Keep the boundary of a new user, forget a deleted one's, show it in GetUser."""
        if call.service != "iam" or answer.status != HTTPStatus.OK:
            return answer
        given = parameters_of(call)
        user = given.get("UserName", "")
        match call.operation:
            case "CreateUser" if "PermissionsBoundary" in given:
                self.by_user[user] = given["PermissionsBoundary"]
            case "DeleteUser":
                self.by_user.pop(user, None)
            case "GetUser" | "CreateUser":
                pass
            case _:
                return answer
        return self._shown(user, answer)

    def _shown(self, user: str, answer: Answer) -> Answer:
        arn = self.by_user.get(user)
        if arn is None:
            return answer
        shown = (
            "<PermissionsBoundary>"
            "<PermissionsBoundaryType>PermissionsBoundaryPolicy</PermissionsBoundaryType>"
            f"<PermissionsBoundaryArn>{escape(arn)}</PermissionsBoundaryArn>"
            "</PermissionsBoundary></User>"
        )
        return replace(answer, body=answer.body.replace(b"</User>", shown.encode(), 1))

    def _users(self) -> Collection[str]:
        return iam_backends[self.account_id]["aws"].users


def _empty(operation: str) -> Answer:
    request = f"<ResponseMetadata><RequestId>{REQUEST_ID}</RequestId></ResponseMetadata>"
    text = f'<{operation}Response xmlns="{_NAMESPACE}">{request}</{operation}Response>'
    return Answer(headers={"Content-Type": "text/xml"}, body=text.encode())

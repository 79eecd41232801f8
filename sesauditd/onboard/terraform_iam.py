"""What stands of a domain's user at IAM, as resources of Terraform.

Import ids as the provider's pages say: the user's name, `USER:POLICY` of an inline policy,
`USER/ARN` of a managed one.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from sesauditd.onboard.access import policy_name
from sesauditd.onboard.hcl import Encoded
from sesauditd.onboard.terraform_parts import LeftOut, Taken, label, tags, to

if TYPE_CHECKING:
    from sesauditd.onboard.hcl import Part
    from sesauditd.onboard.naming import Account
    from sesauditd.onboard.terraform_look import Standing, UserStanding
    from sesauditd.onboard.terraform_parts import Written

USER: Final = "aws_iam_user"
POLICY: Final = "aws_iam_user_policy"
ATTACHMENT: Final = "aws_iam_user_policy_attachment"
KEYS: Final = (
    "the access keys of {user}. Terraform would keep the secret of each key that it makes in its "
    "state, for whoever reads that; IAM says the secret of a key that exists to nobody. "
    "`sesauditd credentials rotate {domain}` makes a new one and shows it once."
)
DAEMONS: Final = "which the daemon writes and takes away as the policy says."


def iam(standing: Standing, account: Account) -> Iterator[Written]:
    """Yield the user, its policies but those of the daemon, and why its keys are not there."""
    user = standing.user
    if user is None:
        yield LeftOut(why=f"no IAM user of its own was found for {standing.domain}.")
        return
    name = label(standing.domain)
    yield _user(user, name)
    yield from _inline(user, name, account)
    yield from _attached(user, name, account)
    if user.groups:
        yield LeftOut(why=f"groups of {user.name}: {', '.join(user.groups)}.")
    yield LeftOut(why=KEYS.format(user=user.name, domain=standing.domain))


def _user(user: UserStanding, name: str) -> Taken:
    properties = user.properties
    boundary = properties["boundary"]
    said = {"name": user.name, "path": str(properties["path"])}
    remarks = ("Without a boundary: the daemon may not stop it.",)
    if boundary:
        said["permissions_boundary"] = str(boundary)
        remarks = ("The boundary is made by `sesauditd setup`, once for all domains.",)
    body: tuple[Part, ...] = (said,)
    kept = tags(properties["tags"])
    if kept:
        body = (*body, kept)
    return Taken(kind=USER, label=name, id=user.name, body=body, remarks=remarks)


def _inline(user: UserStanding, name: str, account: Account) -> Iterator[Written]:
    ours = policy_name(account.prefix)
    for policy, said in user.inline.items():
        if policy != ours and policy.startswith(f"{account.prefix}-"):
            yield LeftOut(why=f"inline policy {policy} of {user.name}, {DAEMONS}")
            continue
        yield Taken(
            kind=POLICY,
            label=name if policy == ours else label(name, policy),
            id=f"{user.name}:{policy}",
            body=({"name": policy, "user": to(USER, name, "name"), "policy": Encoded(said)},),
        )


def _attached(user: UserStanding, name: str, account: Account) -> Iterator[Written]:
    own = f":policy{account.path}"
    for arn in user.attached:
        if own in arn:
            yield LeftOut(why=f"managed policy {arn} of {user.name}, {DAEMONS}")
            continue
        yield Taken(
            kind=ATTACHMENT,
            label=label(name, arn.rpartition("/")[2]),
            id=f"{user.name}/{arn}",
            body=({"user": to(USER, name, "name"), "policy_arn": arn},),
        )

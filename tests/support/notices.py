"""The made-up notices that previews show, and what composes them in tests."""

from __future__ import annotations

from collections.abc import Sequence

from sesauditd.model.notice import NoticeKind
from sesauditd.notices.compose import Composer
from sesauditd.notices.samples import (
    ARCHIVE,
    FACTS,
    NOW,
    action,
    block,
    evidence,
    ground,
    member,
    notice,
)

__all__ = [
    "ARCHIVE",
    "COMPOSER",
    "FACTS",
    "KINDS",
    "NOW",
    "action",
    "block",
    "evidence",
    "ground",
    "member",
    "notice",
]

COMPOSER = Composer(
    sender="mail@host.example",
    reply_to="help@host.example",
    installation="main",
    configuration_set="sesaudit-notices",
)
KINDS: Sequence[NoticeKind] = tuple(NoticeKind)

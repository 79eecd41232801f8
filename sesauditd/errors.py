"""Every error that a person or a caller can meet, named by what is to be done about it.

SesauditdError
|- Refused          the request cannot be right: say what and what to do, exit 2
|- Failed           the request was right and could not be carried out, exit 1
|  |- Unavailable   AWS or the network does not answer now: wait and ask again
|  |- Forbidden     AWS refuses, and will until somebody changes something
|  |- Missing       what was asked about does not exist
|  `- Uncertain     it was asked for and the answer was lost: read back
|- Broken           what was written may not be on the disk: end, a new start reads back
|- Busy             another process holds the database or the lock, exit 3
`- Unreadable       a notification cannot be read: quarantine it with this reason
"""


class SesauditdError(Exception):
    """Base of all errors that are shown to a person as one line."""

    exit_code = 1


class Refused(SesauditdError):
    """A wrong option, setting or value; the message says what to do."""

    exit_code = 2


class Failed(SesauditdError):
    """A right request that could not be carried out; the message says why."""

    exit_code = 1


class Unavailable(Failed):
    """AWS or the network does not answer now: the same request may succeed later."""


class Forbidden(Failed):
    """AWS refuses, and will refuse again until somebody changes something."""

    def __init__(self, message: str, code: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        """AWS's own word for why, such as LimitExceeded, where it gave one."""

    @property
    def at_limit(self) -> bool:
        """Say whether a quota is used up: another way may be open."""
        return self.code in {"LimitExceeded", "LimitExceededException"}


class Missing(Failed):
    """What was asked about does not exist."""


class Uncertain(Failed):
    """Something was asked for and the answer was lost: it may have been done."""


class Broken(SesauditdError):
    """What was written cannot be trusted to be kept: end now, never try the write again."""

    exit_code = 1


class Busy(SesauditdError):
    """Another process holds what is needed; the message says which."""

    exit_code = 3


class Unreadable(SesauditdError):
    """A notification that cannot be read; the message is the reason kept in quarantine."""

"""What each alarm means: how grave it is, and what to do about it.

A new alarm gets a line here and one in the table of docs/operations.md; a test holds them equal.
A name that ends with `_` stands for all names that begin with it.
"""

from __future__ import annotations

from dataclasses import dataclass

from sesauditd.model.level import Level


@dataclass(frozen=True, slots=True)
class Trouble:
    """One kind of trouble."""

    level: Level
    step: str
    """What to do now: a sentence for an operator."""


UNKNOWN = Trouble(Level.WARNING, "See `sesauditd status`, and the log from the time above.")
TROUBLES = {
    "account_status": Trouble(
        Level.CRITICAL,
        "Answer AWS in the support centre; `sesauditd report` shows who caused it.",
    ),
    "account_sending": Trouble(
        Level.CRITICAL, "No mail leaves: find out who switched sending off, and why."
    ),
    "account_sandbox": Trouble(
        Level.WARNING, "Ask AWS for production access: `sesauditd production-access`."
    ),
    "account_suppression": Trouble(
        Level.WARNING,
        "Run: aws sesv2 put-account-suppression-attributes --suppressed-reasons BOUNCE",
    ),
    "account_quota": Trouble(
        Level.WARNING, "Find out who sends so much with `sesauditd report`; ask AWS for more."
    ),
    "reputation_": Trouble(
        Level.CRITICAL,
        "See who causes it with `sesauditd report`; stop the worst by hand if Monday is too far: "
        "`sesauditd disable DOMAIN --reason WHY`.",
    ),
    "reputation_unknown": Trouble(
        Level.WARNING,
        "Let the daemon ask: the policy `observe` of docs/iam. Until then go by our own count.",
    ),
    "own_": Trouble(
        Level.WARNING,
        "By our own count a line of AWS is near: see who causes it with `sesauditd report`.",
    ),
    "disagreement_": Trouble(
        Level.WARNING,
        "Feedback is lost, or somebody sends whom nobody watches: run `sesauditd doctor`.",
    ),
    "unheard_mail": Trouble(
        Level.WARNING,
        "Find who sends through a set or an identity without our event destination: run "
        "`sesauditd doctor` and `sesauditd drift`.",
    ),
    "silent_domains": Trouble(
        Level.WARNING, "Run `sesauditd drift DOMAIN`, then `sesauditd test DOMAIN`."
    ),
    "unattributed": Trouble(
        Level.WARNING,
        "See `sesauditd events --unattributed`; `sesauditd adopt` the domain if it is yours.",
    ),
    "unverified": Trouble(
        Level.WARNING,
        "See `sesauditd events --quarantined`: is `queue.topic_arns` right, who else sends there?",
    ),
    "canary": Trouble(
        Level.CRITICAL,
        "Bounces may not be seen: run `sesauditd doctor`; it names the link that is broken.",
    ),
    "dead_pipe": Trouble(
        Level.CRITICAL,
        "Bounces are not seen: look at event destination, subscription and queue policy, in "
        "this order, or run `sesauditd doctor`.",
    ),
    "queue_age": Trouble(
        Level.WARNING, "See with `sesauditd status` whether the daemon is paused, or too slow."
    ),
    "dead_letters": Trouble(
        Level.WARNING,
        "Look at one message, mend the cause, then move them back: "
        "aws sqs start-message-move-task --source-arn ARN",
    ),
    "intake": Trouble(
        Level.CRITICAL, "Mend what refuses, S3 or the database: nothing is lost meanwhile."
    ),
    "clock": Trouble(Level.CRITICAL, "Set the clock right; restart the daemon if it is right now."),
    "job_": Trouble(Level.WARNING, "The reason is above; the job is tried again by itself."),
    "notices_unsent": Trouble(
        Level.WARNING,
        "Tell the readers yourself; see `sesauditd notices`, mend permission or address.",
    ),
    "notices_unknown": Trouble(
        Level.WARNING,
        "They are not sent again by themselves: see `sesauditd notices --state unknown`, and "
        "`sesauditd notices resend ID` if the reader did not get it.",
    ),
    "reconcile": Trouble(
        Level.WARNING,
        "What was missing is put back: see who took it away. What is `not ours` stays.",
    ),
    "ended_long_ago": Trouble(
        Level.WARNING, "Run `sesauditd offboard DOMAIN` for each: it removes keys and users."
    ),
    "drift": Trouble(Level.WARNING, "See `sesauditd drift`: it names the command that repairs it."),
    "onboarding": Trouble(Level.WARNING, "Run the command that is named above."),
    "rotation": Trouble(Level.WARNING, "Run `sesauditd credentials rotate DOMAIN --retire`."),
    "shared_login": Trouble(Level.INFO, "Run `sesauditd credentials split --retire USER`."),
    "production_access": Trouble(Level.WARNING, "See `sesauditd production-access`."),
    "test": Trouble(Level.INFO, "Nothing: whoever runs the program tries out this road."),
}


def trouble_of(name: str) -> Trouble:
    """Return what is known of an alarm by its name."""
    found = TROUBLES.get(name)
    if found is not None:
        return found
    families = (key for key in TROUBLES if key.endswith("_") and name.startswith(key))
    return next((TROUBLES[key] for key in families), UNKNOWN)

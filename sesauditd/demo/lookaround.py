"""After the story: the small AWS and the daemon go on, for whoever wants to touch them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sesauditd.demo import world
from sesauditd.demo.mailing import HOST

if TYPE_CHECKING:
    from sesauditd.demo.story import Stage
    from sesauditd.demo.theatre import Theatre

COLUMNS = ("Domain", "SMTP user", "SMTP password")


async def look_around(theatre: Theatre, stage: Stage) -> None:
    """Say where everything is, and work until Ctrl-C."""
    from sesauditd.bootstrap.daemon import supervised

    theatre.clock.run()
    await theatre.let_clock_run()
    url = theatre.furnished.endpoint_url
    stage.heading("Look around")
    stage.lines(
        (
            f"The dashboard is at http://{theatre.live.program.settings.web.bind}/",
            f"The small AWS is at {url}, its mail server at {HOST}:{theatre.smtp_port}.",
            f"  curl {url}/_sandbox/inbox      every mail that was delivered",
            f"  curl {url}/_sandbox/state      what stands at SES and IAM",
            f"  curl {url}/_sandbox/calls      what was asked of it",
            "Point a WordPress at the mail server, or send with any client:",
        )
    )
    logins = [
        theatre.furnished.logins[one.domain] for who in world.CUSTOMERS for one in who.senders
    ]
    # No table: a password that is broken in two can be copied by nobody.
    rows = [COLUMNS, *((one.domain, one.access_key_id, one.password) for one in logins)]
    stage.lines([f"  {name:<26}{user:<24}{password}" for name, user, password in rows])
    stage.say("The daemon is running. Decide from another terminal. Ctrl-C ends everything.")
    await supervised(theatre.live, {})

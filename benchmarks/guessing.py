"""Prints how many generated weeks the guessing detector judges rightly, style by style."""

from __future__ import annotations

import argparse
import time
from datetime import timedelta

from sesauditd.model.free_mail import FREE_MAIL
from sesauditd.model.guessing import suspicion_of
from sesauditd.model.tried import Tried, places
from tests.support.guessing import GUESSING, HONEST, MONDAY, TESTED_ON, TUNED_ON, Week, week_of

SURE, ASKING, GUESSES = 0.8, 0.5, 8


def score(tried: Tried) -> float:
    """Return what the detector says of a week, with the shipped limits."""
    return suspicion_of(list(places(tried, FREE_MAIL)), GUESSES).score


def main() -> None:
    """Print a row for each style, and precision and recall of terminations and of all."""
    options = argparse.ArgumentParser()
    options.add_argument("--weeks", type=int, default=100, help="of each style")
    options.add_argument("--tuning", action="store_true", help="the seeds it was tuned on")
    chosen = options.parse_args()
    seeds = (TUNED_ON if chosen.tuning else TESTED_ON)[: chosen.weeks]
    print(f"{'style':24} {'weeks':>6} {'terminated':>11} {'asked':>6} {'lowest':>7} {'highest':>8}")
    totals = {}
    for label, styles in (("guessing", GUESSING), ("honest", HONEST)):
        found: list[float] = []
        for style in styles:
            scores = [score(week_of(style, seed).tried()) for seed in seeds]
            found += scores
            sure, asked = counted(scores)
            low, high = min(scores), max(scores)
            print(f"{style.__name__:24} {len(scores):6} {sure:11} {asked:6} {low:7.2f} {high:8.2f}")
        totals[label] = (*counted(found), len(found))
    (sure, asked, guessed), (wrong, bothered, honest) = totals["guessing"], totals["honest"]
    print(f"found {(sure + asked) / guessed:.1%}, terminated {sure / guessed:.1%} of {guessed}")
    print(f"honest weeks terminated: {wrong} of {honest}, asked: {bothered}")
    print(f"precision of terminations {sure / max(sure + wrong, 1):.2%}")
    print(f"100,000 bounces of one domain: {duration():.2f} s")


def counted(scores: list[float]) -> tuple[int, int]:
    """Return how many weeks terminate, and how many disable and ask."""
    sure = sum(one >= SURE for one in scores)
    return sure, sum(one >= ASKING for one in scores) - sure


def duration() -> float:
    """Return how many seconds the detector takes for a sender who guesses without end."""
    week = Week(draw=week_of(GUESSING[0], 0).draw)
    for number in range(100_000):
        name = f"{week.draw.randbytes(3).hex()}.{week.draw.randbytes(3).hex()}"
        week.bounces(f"{name}@acme{number % 9}.example", MONDAY + timedelta(seconds=number))
    tried = week.tried()
    begun = time.perf_counter()
    score(tried)
    return time.perf_counter() - begun


if __name__ == "__main__":
    main()

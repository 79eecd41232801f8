"""Every story comes to its end, in whatever order it is heard, however often, whenever judged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.stories.playing import End, Stage, as_told, play, reversed_, shuffled
from tests.stories.telling import Expected, Story, stories

if TYPE_CHECKING:
    from collections.abc import Sequence

STORIES = tuple(stories())
EVERY_STORY = pytest.mark.parametrize(
    "story", [pytest.param(one, id=f"{one.kind}: {one.name}") for one in STORIES]
)
HONEST, SPAMMERS = 40, 20
TOLD: dict[str, End] = {}
"""The ends of stories as they are told, by their names."""


@pytest.fixture(scope="session")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Stage:
    """Return the stage that all stories are played on."""
    return Stage.built(tmp_path_factory.mktemp("stories"))


@pytest.fixture
async def told(story: Story, stage: Stage) -> End:
    """Return the end of the story as it is told; it is played once."""
    if story.name not in TOLD:
        TOLD[story.name] = await play(story, as_told, stage)
    return TOLD[story.name]


def test_there_are_enough_stories_of_each_kind_and_no_two_of_one_name() -> None:
    kinds = [one.kind for one in STORIES]
    assert kinds.count("honest") >= HONEST
    assert kinds.count("spammers") >= SPAMMERS
    assert len({one.name for one in STORIES}) == len(STORIES)


@EVERY_STORY
def test_a_story_comes_to_its_end(story: Story, told: End) -> None:
    _check(story, told)


@EVERY_STORY
async def test_a_story_told_backwards_comes_to_the_same_end(
    story: Story, told: End, stage: Stage
) -> None:
    backwards = await play(story, reversed_, stage)
    _same(backwards, told)
    assert backwards.states == told.states


@EVERY_STORY
async def test_a_story_told_twice_in_any_order_comes_to_the_same_end(
    story: Story, told: End, stage: Stage
) -> None:
    mixed = await play(story, shuffled(0), stage)
    _same(mixed, told)
    assert mixed.states == told.states


@EVERY_STORY
async def test_a_story_judged_every_monday_comes_to_the_same_end(
    story: Story, told: End, stage: Stage
) -> None:
    _same(await play(story, as_told, stage, mondays=True), told)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 9))
@EVERY_STORY
async def test_no_seed_changes_the_end(story: Story, told: End, seed: int, stage: Stage) -> None:
    _same(await play(story, shuffled(seed), stage, mondays=seed % 2 == 1), told)


def _same(one: End, other: End) -> None:
    assert one.facts == other.facts
    assert one.blocked == other.blocked
    assert one.recorded == other.recorded


def _check(story: Story, end: End) -> None:
    left = list(end.verdicts)
    for expected in story.ends:
        fitting = [one for one in left if _fits(expected, one)]
        assert len(fitting) == expected.count, f"{expected}: {_shown(end.verdicts)}"
        left = [one for one in left if one not in fitting]
    assert not left, f"nobody expected {_shown(left)}"
    for name in ("quarantined", "unattributed", "recorded"):
        if name in story.facts:
            assert getattr(end, name) == story.facts[name], name
    if "blocked" in story.facts:
        assert [address for _, address in end.blocked] == sorted(story.facts["blocked"])
    if story.kind == "honest":
        ended = [one for one in end.verdicts if one["action"] == "terminate_customer"]
        hit = [one for one in ended if one["state"] != "waiting"]
        assert not hit, f"honest people lost their access: {_shown(hit)}"


def _fits(expected: Expected, verdict: dict[str, Any]) -> bool:
    if verdict["rule"] != expected.rule:
        return False
    subjects = {verdict["recipient"]} if verdict["recipient"] else {verdict["domain"]}
    subjects.add(verdict["customer"])
    if expected.subject is not None and expected.subject not in subjects:
        return False
    evidence = verdict["evidence"]
    shown = {
        "state": verdict["state"],
        "lane": verdict["lane"],
        "domain": verdict["domain"],
        "action": verdict["action"],
        "until": str(evidence["until"])[:10],
        "count": str(evidence.get("count")),
        "n": str(evidence.get("n")),
        "ended": verdict["window"]["end"][:10],
    }
    says = expected.options.get("says", "")
    wanted = {key: value for key, value in expected.options.items() if key != "says"}
    return says in verdict["reason"] and all(shown[key] == value for key, value in wanted.items())


def _shown(verdicts: Sequence[dict[str, Any]]) -> str:
    lines = [
        f"{one['rule']} {one['lane']} {one['state']} {one['domain']} {one['recipient']} "
        f"{one['window']['end']} {one['reason']}"
        for one in verdicts
    ]
    return "\n" + "\n".join(lines)

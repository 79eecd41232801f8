"""Every story comes to its end, in whatever order it is heard, however often, whenever judged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.stories.playing import End, Stage, as_told, play, reversed_, shuffled
from tests.stories.telling import Expected, Story, stories
from tests.support.sweeps import sampled

if TYPE_CHECKING:
    from collections.abc import Sequence

STORIES = tuple(stories())
EVERY_STORY = pytest.mark.parametrize("story", STORIES, ids=str)
HONEST, SPAMMERS = 40, 20
ORDERS = {
    "backwards": (reversed_, False),
    "each Monday judged": (as_told, True),
    "twice and in no order": (shuffled(0), False),
    "backwards, each Monday judged": (reversed_, True),
} | {f"twice and in no order, {seed}": (shuffled(seed), seed % 2 == 1) for seed in range(1, 8)}
"""How else a story may be heard: in which order, and whether its weeks are judged one by one."""
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


@pytest.mark.parametrize(
    ("story", "order"),
    sampled([(story, order) for story in STORIES for order in ORDERS], len(STORIES) // 3),
    ids=str,
)
async def test_a_story_comes_to_the_same_end(
    story: Story, order: str, told: End, stage: Stage
) -> None:
    arranged, mondays = ORDERS[order]
    found = await play(story, arranged, stage, mondays=mondays)
    assert found.facts == told.facts
    assert found.blocked == told.blocked
    assert found.recorded == told.recorded
    if not mondays:
        assert found.states == told.states


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

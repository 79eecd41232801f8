"""Each story judged a second time by the same limits comes to exactly what stands."""

from __future__ import annotations

import pytest

from tests.stories.playing import Stage, as_told, play, settings_of
from tests.stories.telling import Story, stories
from tests.support.sweeps import sampled
from tests.support.whatif import simulated, standing

SHOWN = 16
"""Stories of make test; all of them are in make test-full."""


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Stage:
    """Return the stage that the stories are played on."""
    return Stage.built(tmp_path_factory.mktemp("simulated"))


@pytest.mark.parametrize("story", sampled(list(stories()), SHOWN), ids=str)
async def test_a_story_simulated_with_its_own_limits_is_what_happened(
    story: Story, stage: Stage
) -> None:
    await play(story, as_told, stage)
    settings = settings_of(story, stage.file)
    off = {name for name, own in settings.policy.customers.items() if own.mode == "off"}
    happened = [one for one in await standing(settings) if one.customer not in off]
    assert await simulated(settings, story.judged_at) == happened

"""What a fuzzer found worth keeping is read again in every run of the tests."""

from __future__ import annotations

from tests.soak.fuzzing import corpus, tried


def test_what_a_fuzzer_kept_ends_in_a_sound_answer() -> None:
    kept = corpus()
    assert len(kept) > 40
    for one in kept:
        tried(one)

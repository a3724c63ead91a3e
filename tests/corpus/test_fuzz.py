"""A few damaged files; ``tools/fuzz_media.py`` takes thousands."""

import fuzzing
import pytest

SEED = 1


@pytest.mark.parametrize("part", range(4))
def test_damage_is_named_and_costs_no_good_frame(cli, style, tmp_path, part):
    def run(*arguments):
        code, *said = cli(*arguments, "--style", style, "--strength", "0")
        return code, "".join(said)

    for number in range(part, 40, 4):
        verdict = fuzzing.judged(fuzzing.case(number, SEED, tmp_path), run)
        assert not verdict.fault, f"case {number} of seed {SEED}: {verdict}"

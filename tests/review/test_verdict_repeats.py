"""The same facts and the same folder give the same verdicts and the same report in every process."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent

REPORT = "import sys; from dragoman.cli import main; sys.exit(main(sys.argv[1:]))"

VERDICTS = """
from written_cases import cases, facts_of, judged
for case in cases():
    told = case.get("facts", {})
    for name in (None, *told):
        verdict = judged({**case, "facts": {each: told[each] for each in told if each != name}})
        print(case["name"], name, verdict.open, [turn.text for turn in verdict.turns])
"""


def output(seed: int, program: str, *arguments: str) -> bytes:
    """What a process prints in which sets have another order."""
    environment = {**os.environ, "PYTHONHASHSEED": str(seed), "PYTHONPATH": str(HERE)}
    command = [sys.executable, "-c", program, *arguments]
    return subprocess.run(command, cwd=HERE / "folders", env=environment, capture_output=True, check=True).stdout


def test_a_report_is_the_same_whatever_the_order_of_sets_is():
    first, *others = (output(seed, REPORT, "review", "mixed", "--format", "json") for seed in range(4))
    assert len(first) > 1000
    assert [each == first for each in others] == [True, True, True]


def test_a_verdict_is_the_same_whatever_the_order_of_sets_is():
    first, other = (output(seed, VERDICTS) for seed in range(2))
    assert len(first) > 1000
    assert first == other

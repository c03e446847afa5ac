"""``dragoman review``."""

from __future__ import annotations

import argparse
import datetime
import importlib.util
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from . import declare
from .failure import CommandError

if TYPE_CHECKING:
    from dragoman.review.conduct import Given
    from dragoman.review.misfits.baseline import Baseline
    from dragoman.review.reading.outcome import Reading, Refusal
    from dragoman.review.review import Review
    from dragoman.review.surfaces.notes import Notes

FORMATS: Final = ("terminal", "json", "markdown", "sarif", "github")
SEVERITIES: Final = ("hint", "warning", "error")
LIBRARIES: Final = ("graphql", "grpc_tools", "rich", "yaml")
"""What the extra ``review`` brings, by the names of modules."""
FOUND, WRONG_USAGE, NOT_READ = 1, 2, 3


def add(commands: declare.Commands) -> None:
    """Declare the command."""
    parser = declare.command(
        commands,
        "review",
        run,
        summary="which style fits which surface, from the contracts that there are",
        description="Find the contracts in files and folders (OpenAPI 2 and 3, .proto, GraphQL, AsyncAPI, apps of\n"
        "Dragoman), and say of each surface what it really is, which style fits it and why, and what to\n"
        "mend first. Nothing is changed, and nothing is fetched.\n\n"
        "Exit codes: 0; 1 for misfits, with --check; 2 for wrong usage; 3 where something could not be read.",
        examples="  dragoman review .                              the contracts below this folder, as a table\n"
        "  dragoman review . --init                       write surfaces.toml, with what no document says\n"
        "  dragoman review . --page review.html           and as a page to share\n"
        "  dragoman review . --check error --format github\n"
        "  dragoman review shop:app                       an app of Dragoman\n"
        "  dragoman review rules                          all rules; --explain RULE shows one",
    )
    parser.add_argument("paths", metavar="PATH", nargs="*", help="files, folders, or MODULE:APP; or the word rules")
    parser.add_argument("--title", metavar="TEXT", default="", help="what is reviewed, as the report calls it")
    parser.add_argument("--init", action="store_true", help="write surfaces.toml; asks for what cannot be inferred")
    parser.add_argument("--notes", metavar="FILE", type=Path, help="what documents cannot say (default: surfaces.toml)")
    add_outputs(parser)
    parser.add_argument(
        "--check",
        metavar="SEVERITY",
        choices=SEVERITIES,
        help="exit code 1 for misfits from there: hint, warning, error",
    )
    parser.add_argument("--baseline", metavar="FILE", type=Path, help="misfits that are excused")
    parser.add_argument("--write-baseline", metavar="FILE", type=Path, help="excuse all that there are now")
    parser.add_argument("--reason", metavar="TEXT", help="why they are excused, for --write-baseline")
    parser.add_argument("--until", metavar="DATE", type=_date, help="the last day that they are, such as 2027-03-31")
    parser.add_argument("--explain", metavar="RULE", help="show a rule, with an example")


def add_outputs(parser: argparse.ArgumentParser) -> None:
    """The options that say what is written, and where."""
    parser.add_argument("--format", choices=FORMATS, default="terminal", help="of the report (default: terminal)")
    parser.add_argument("--output", metavar="FILE", type=Path, help="write the report to a file")
    parser.add_argument("--page", metavar="FILE", type=Path, help="write a page of HTML as well")
    parser.add_argument("--all", action="store_true", help="show all that was found, however long it is")
    parser.add_argument("--verbose", action="store_true", help="and what contracts cannot hold")


def run(options: argparse.Namespace) -> int:
    """Review, or write what a review needs. Raises CommandError with a code of its own: 1 is for misfits, which a build
    must be able to tell from a baseline that is not there.
    """
    try:
        return _run(options)
    except CommandError as error:
        error.code = WRONG_USAGE
        raise


def _run(options: argparse.Namespace) -> int:
    if options.explain is not None or options.paths == ["rules"]:
        return _rules(options.explain)
    require_libraries()
    if not options.paths:
        raise CommandError("there is nothing to review: name files or folders, such as `dragoman review .`")
    from dragoman.review.conduct import review

    given = gather(options)
    if options.init:
        return _init(options, given) or _not_whole(given.refusals)
    today = datetime.datetime.now(datetime.UTC).date()
    found = review(given, today)
    if options.write_baseline is not None:
        return _write_baseline(options, found, today) or _not_whole(given.refusals)
    write(options, found)
    return _exit_code(options, found)


def gather(options: argparse.Namespace) -> Given:
    """Read all that was named. Raises CommandError where nothing of it is a contract."""
    from dragoman.review.conduct import Given
    from dragoman.review.reading.outcome import Refusal
    from dragoman.review.reading.read import read_all
    from dragoman.review.surfaces.notes import Notes

    readings: list[Reading] = []
    refusals: list[Refusal] = []
    paths = [Path(each) for each in options.paths if not _is_app(each)]
    documents = 0
    if paths:
        found = read_all(paths)
        readings, refusals, documents = list(found.readings), list(found.refusals), found.documents
    for target in filter(_is_app, options.paths):
        from .applications import readings_of

        own = readings_of(target)
        readings += own
        documents += len(own)
    try:
        notes = _notes(options) if not options.init else Notes()
        baseline = _baseline(options)
    except Refusal as error:
        raise CommandError(told(error)) from None
    if not readings and not refusals and not notes.surfaces:
        raise CommandError(
            f"there is no contract in {', '.join(options.paths)}: OpenAPI, .proto, GraphQL and AsyncAPI are read; "
            "name a file outright to learn why it is not one"
        )
    return Given(readings, refusals, documents, notes, baseline, Path.cwd(), tuple(options.paths), options.title)


def told(refusal: Refusal) -> str:
    """A refusal in one line."""
    return f"{refusal}{f'. {refusal.remedy}' if refusal.remedy else ''}"


def _is_app(path: str) -> bool:
    """Whether it is MODULE:APP; a path that exists is a path."""
    module, colon, attribute = path.partition(":")
    return bool(colon and attribute.isidentifier() and module and "/" not in module) and not Path(path).exists()


def _notes_path(options: argparse.Namespace) -> Path:
    """Where the notes are: as named; else here; else in the only folder that was named."""
    from dragoman.review.surfaces.notes import NAME

    if options.notes is not None:
        return Path(options.notes)
    here = Path(NAME)
    only = Path(options.paths[0]) / NAME if len(options.paths) == 1 else here
    return only if not here.exists() and only.exists() else here


def _notes(options: argparse.Namespace) -> Notes:
    from dragoman.review.surfaces.notes import Notes, read

    path = _notes_path(options)
    if options.notes is None and not path.exists():
        return Notes()
    return read(path, str(path))


def _baseline(options: argparse.Namespace) -> Baseline:
    from dragoman.review.misfits import baseline

    try:
        return baseline.Baseline() if options.baseline is None else baseline.read(options.baseline)
    except baseline.BaselineError as error:
        raise CommandError(str(error)) from None


def _init(options: argparse.Namespace, given: Given) -> int:
    from .noting import noted

    path = _notes_path(options)
    if path.exists():
        raise CommandError(f"{path} exists already; name another with --notes, or add to it by hand")
    text = noted(given, path)
    save(path, text)
    print(f"\n{path} is written. `dragoman review {' '.join(options.paths)}` reads it.", file=sys.stderr)
    return 0


def _write_baseline(options: argparse.Namespace, found: Review, today: datetime.date) -> int:
    from dragoman.review.misfits import baseline

    if not options.reason or options.until is None:
        raise CommandError(
            "a baseline needs a reason and a last day: add --reason 'known since the audit' --until 2027-03-31"
        )
    findings = [*(each for surface in found.surfaces for each in surface.findings), *found.excused]
    try:
        text = baseline.written(findings, options.reason, options.until, today, _baseline(options))
    except ValueError as error:
        raise CommandError(str(error)) from None
    save(options.write_baseline, text)
    print(f"{options.write_baseline} excuses {len(findings)} misfits", file=sys.stderr)
    return 0


def _not_whole(refusals: Iterable[Refusal]) -> int:
    """Tell what was not read, where no report does; the exit code says whether anything was."""
    code = 0
    for each in refusals:
        print(f"dragoman: not read: {told(each)}", file=sys.stderr)
        code = NOT_READ
    return code


def _rules(rule: str | None) -> int:
    """List all rules, or show one."""
    from dragoman.review.misfits.rules import MISFITS
    from dragoman.review.verdict.explain import UnknownRule, explain, listed

    if rule is None:
        every = listed(MISFITS.values())
        widths = [
            max(len(text) for text in column) for column in zip(*((each.id, each.does) for each in every), strict=True)
        ]
        for each in every:
            print(f"{each.id:{widths[0]}}  {each.does:{widths[1]}}  {each.title}")
        return 0
    try:
        print(explain(rule, MISFITS.values()))
    except UnknownRule as error:
        raise CommandError(str(error)) from None
    return 0


def write(options: argparse.Namespace, found: Review) -> None:
    """Write the report, and the page if one is wanted."""
    text = _report(options, found)
    if options.output is not None:
        save(options.output, text)
    else:
        # A terminal, or a pipe on Windows, may not have all characters that a report has.
        encoding = sys.stdout.encoding or "utf-8"
        sys.stdout.write(text.encode(encoding, "replace").decode(encoding))
    if options.page is not None:
        from dragoman.review.report import page

        save(options.page, page.write(found, verbose=options.verbose))


def _report(options: argparse.Namespace, found: Review) -> str:
    from dragoman.review.misfits.finding import Severity
    from dragoman.review.report import data, github, markdown, sarif, terminal

    if options.format == "terminal":
        look = {"everything": options.all, "verbose": options.verbose}
        plain = options.output is not None
        return terminal.write(found, terminal.Look(**look) if plain else terminal.Look.of(sys.stdout, **look))
    if options.format == "github":
        return github.write(found, Severity[(options.check or "hint").upper()])
    if options.format == "markdown":
        return markdown.write(found, verbose=options.verbose)
    return {"json": data.write, "sarif": sarif.write}[options.format](found)


def save(path: Path, text: str) -> None:
    """Write a file. Raises CommandError."""
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise CommandError(f"{path} cannot be written: {error.strerror}") from None


def _exit_code(options: argparse.Namespace, found: Review) -> int:
    """What was not read outweighs what was found: such a review is not whole."""
    if found.refusals:
        return NOT_READ
    if options.check is not None:
        from dragoman.review.misfits.finding import Severity

        least = Severity[options.check.upper()]
        if any(each.severity >= least for surface in found.surfaces for each in surface.findings):
            return FOUND
    return 0


def _date(text: str) -> datetime.date:
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no date: write it as in 2027-03-31") from None


def require_libraries() -> None:
    """Raises CommandError where the extra ``review`` is not installed: before anybody answers a question in vain."""
    lacking = [name for name in LIBRARIES if importlib.util.find_spec(name) is None]
    if lacking:
        raise CommandError(f"this needs {', '.join(lacking)}: pip install 'dragoman[review]'")

"""One run: what is found is looked up, brought in several at once, and told of."""

from __future__ import annotations

import fcntl
import logging
import signal
import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from types import FrameType
from typing import Any

from pynamodb.exceptions import PynamoDBException

from chalicelib import clients, wiring
from chalicelib.accounts.people import the_librarian
from chalicelib.catalogue import accession, holdings, intake, sections
from chalicelib.catalogue.holdings import AlreadyHeld
from chalicelib.catalogue.schemas import BookAbout, ImportedBook, NewSection
from chalicelib.errors import Invalid, NotFound, Unavailable
from chalicelib.policy import service as policy
from chalicelib.validation import changes, validated
from infra.importer import folders, lists, sources
from infra.importer.candidate import NOT_RIGHT, Candidate, shown
from infra.importer.progress import Progress
from infra.importer.report import Outcome, Report, Result
from infra.local.processes import Trouble

AT_ONCE = 50
"""Candidates looked up together."""

MOST_SECTIONS = 200
"""Sections that one run puts books into. More are no sections but a column taken for one, and the library lists them
whole."""

PATIENCE = 5
"""Times that a busy library is asked again, a second apart; and failures in a row after which the run gives up."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody asked for. `copies` and `grant` hold for what does not say otherwise itself; `report` is where
    the report goes, if not to the others."""

    paths: tuple[Path, ...]
    sections: tuple[str, ...]
    copies: int | None
    grant: str | None
    jobs: int
    dry: bool
    report: Path | None

    @property
    def about(self) -> dict[str, Any]:
        """What is said of every book."""
        said = {"copies": self.copies, "grant": self.grant, "sections": list(self.sections)}
        return {name: value for name, value in said.items() if value}


def run(wanted: Wanted, data: Path) -> bool:
    """Bring in what is wanted, into the library over `data`; whether all of it came in or was there.

    Raises Trouble where it had to give up, KeyboardInterrupt where somebody stopped it.
    """
    try:
        librarian = the_librarian().id
    except NotFound:
        raise Trouble("This library has no librarian yet.") from None
    (data / "imports").mkdir(exist_ok=True)
    (data / "logs").mkdir(exist_ok=True)
    logging.basicConfig(filename=data / "logs" / "import.log", format="%(asctime)s %(message)s")
    clients.s3()  # boto3 cannot make one in several threads at once
    total, candidates = _found(wanted.paths)
    place, file = _report_file(wanted, data)
    with Report(file, dry=wanted.dry) as report, Progress(total) as progress:
        for path in filter(folders.unreadable_database, wanted.paths):
            progress.say(f"calibre's database in {shown(path)} cannot be read; what lies beside each book stands in.")
        shelves = _Shelves(librarian, data / "imports" / "sections.lock")
        running = _Run(wanted, librarian, shelves, report, progress, data / "runtime.json")
        with _until_stopped(running.stop):
            running.bring_in(candidates)
    print(report.sums())
    if place:
        print(f"Report: {place}")
    if running.failure:
        raise Trouble(f"{running.failure} Run the same again, and it goes on where it stopped.")
    if running.stop.is_set():
        print("Stopped. Run the same again, and it goes on where it stopped: what came in is left out then.")
        raise KeyboardInterrupt
    return not report.outcomes[Outcome.REFUSED]


def _found(paths: Iterable[Path]) -> tuple[int, Iterator[Candidate]]:
    """About how many candidates there are, and all of them; a list that cannot be read is one that cannot come in."""
    currency = policy.current().currency
    total = 0
    found: list[Iterator[Candidate]] = []
    for path in paths:
        try:
            total += sources.count(path)
            found.append(sources.candidates(path, currency))
        except (lists.Unreadable, OSError) as error:
            total += 1
            reason = str(error) if isinstance(error, lists.Unreadable) else f"It cannot be read: {error.strerror}."
            found.append(iter([Candidate(shown(path), trouble=reason)]))
    return total, chain.from_iterable(found)


def _report_file(wanted: Wanted, data: Path) -> tuple[Path | None, Any]:
    """Where the report goes, opened; nowhere for a trial of which nobody asked for one."""
    if wanted.report is None and wanted.dry:
        return None, None
    if wanted.report is not None:
        return wanted.report, wanted.report.open("w", encoding="utf-8", errors="replace", newline="")
    stem = wiring.now().strftime("%Y-%m-%dT%H-%M-%SZ")
    for number in range(1, 100):
        place = data / "imports" / f"{stem}{f'-{number}' if number > 1 else ''}.csv"
        try:
            return place, place.open("x", encoding="utf-8", errors="replace", newline="")
        except FileExistsError:
            continue
    raise Trouble("Too many imports began in one second.")


class _Run:
    """One run under way."""

    def __init__(
        self,
        wanted: Wanted,
        librarian: str,
        shelves: _Shelves,
        report: Report,
        progress: Progress,
        open_sign: Path,
    ) -> None:
        self.stop = threading.Event()
        self.failure = ""
        self._wanted = wanted
        self._librarian = librarian
        self._shelves = shelves
        self._report = report
        self._progress = progress
        self._open_sign = open_sign
        self._terms = policy.current()
        self._failures = 0
        self._seen: set[str] = set()
        # As many as work, and as many waiting: the rest is not made yet.
        self._room = threading.BoundedSemaphore(wanted.jobs * 2)

    def bring_in(self, candidates: Iterator[Candidate]) -> None:
        """Bring them in, `jobs` at once, until all are through or somebody stops it; then what is in hand is ended."""
        with ThreadPoolExecutor(self._wanted.jobs, initializer=_leave_signals_alone) as pool:
            try:
                for candidate in self._not_held(candidates):
                    if not self._wait_for_room():
                        break
                    pool.submit(self._one, candidate)
            except OSError as error:
                self._give_up(f"The report cannot be written: {error.strerror}.")
            except PynamoDBException:
                logging.getLogger(__name__).exception("what is held could not be looked up")
                self._give_up("The library does not answer any more.")
            if self.stop.is_set() and not self.failure:
                self._progress.say("Stopping after what is in hand; Ctrl-C again stops at once.")

    def _wait_for_room(self) -> bool:
        while not self._room.acquire(timeout=0.5):
            if self.stop.is_set():
                return False
        return not self.stop.is_set()

    def _not_held(self, candidates: Iterator[Candidate]) -> Iterator[Candidate]:
        """Those that the library has not, by their names elsewhere, then by what their files hold; of the others it is
        told that they are here."""
        while batch := list(islice(candidates, AT_ONCE)):
            yield from self._unknown(self._unknown(batch, _origin), _digest)

    def _unknown(self, batch: list[Candidate], origin: Callable[[Candidate], str | None]) -> list[Candidate]:
        origins: list[tuple[Candidate, str | None]] = []
        for candidate in batch:
            if self.stop.is_set():
                return []
            origins.append((candidate, None if candidate.trouble else origin(candidate)))
        held = holdings.held(filter(None, (name for _, name in origins)))
        left: list[Candidate] = []
        for candidate, name in origins:
            if name in held:
                self._tell(Result(candidate.place, Outcome.HELD, _title(candidate), held[name]))
            elif name and self._wanted.dry and name in self._seen:
                self._tell(Result(candidate.place, Outcome.HELD, _title(candidate)))
            else:
                left.append(candidate)
            if name and self._wanted.dry:
                self._seen.add(name)
        return left

    def _one(self, candidate: Candidate) -> None:
        try:
            if not self.stop.is_set():
                self._try(candidate)
        except OSError as error:
            self._give_up(f"The report cannot be written: {error.strerror}.")
        finally:
            self._room.release()

    def _try(self, candidate: Candidate) -> None:
        if candidate.trouble:
            self._refuse(candidate, candidate.trouble, candidate.kind)
            return
        try:
            self._tell(self._patiently(candidate))
            self._failures = 0
        except intake.Refused as refusal:
            self._refuse(candidate, refusal.reason)
        except Invalid as refusal:
            said = "; ".join(f"{each.field}: {each.message}" for each in refusal.fields)
            self._refuse(candidate, said or refusal.detail, NOT_RIGHT)
        except AlreadyHeld as refusal:
            self._tell(Result(candidate.place, Outcome.HELD, _title(candidate), refusal.book_id))
        except OSError as error:
            self._refuse(candidate, f"It cannot be read: {error.strerror or error}.")
        except Exception as error:
            self._fail(candidate, error)

    def _patiently(self, candidate: Candidate) -> Result:
        for _ in range(PATIENCE):
            try:
                return self._result(candidate)
            except Unavailable as busy:
                if not self._open_sign.exists():
                    raise
                time.sleep(busy.retry_after or 1)
        return self._result(candidate)

    def _result(self, candidate: Candidate) -> Result:
        if not candidate.files:
            return self._record(candidate)
        first: intake.Refused | None = None
        for path in candidate.files:
            try:
                return self._file(candidate, path)
            except intake.Refused as refusal:
                first = first or refusal
        assert first is not None
        raise first

    def _file(self, candidate: Candidate, path: Path) -> Result:
        about = self._with_sections(changes(validated(BookAbout, self._about(candidate))), candidate)
        if self._wanted.dry:
            reading = intake.read_book(path)
            return Result(candidate.place, Outcome.ADDED, about.get("title") or reading.title or "")
        covers, reason = _covers(candidate)
        made = accession.add_file(
            path,
            about,
            self._librarian,
            wiring.cache(),
            wiring.now(),
            name=shown(Path(path.name)),
            covers=covers,
            alone=True,
        )
        return Result(candidate.place, Outcome.ADDED, made.title, made.id, reason)

    def _record(self, candidate: Candidate) -> Result:
        fields = self._with_sections(changes(validated(ImportedBook, self._about(candidate))), candidate)
        if self._wanted.dry:
            return Result(candidate.place, Outcome.WITHOUT_FILE, fields["title"])
        covers, reason = _covers(candidate)
        made = accession.add_record(
            fields, self._librarian, wiring.cache(), wiring.now(), covers=covers, terms=self._terms
        )
        return Result(candidate.place, Outcome.WITHOUT_FILE, made.title, made.id, reason)

    def _about(self, candidate: Candidate) -> dict[str, Any]:
        """What is known of a book, over what holds for all."""
        return self._wanted.about | {name: value for name, value in candidate.about.items() if value is not None}

    def _with_sections(self, fields: dict[str, Any], candidate: Candidate) -> dict[str, Any]:
        names = [*self._wanted.sections, *candidate.about.get("sections", [])]
        fields.pop("sections", None)
        if names and not self._wanted.dry:
            fields["section_ids"] = [*(fields.get("section_ids") or []), *self._shelves.named(names)]
        return fields

    def _refuse(self, candidate: Candidate, reason: str, kind: str = "") -> None:
        """Tell that something did not come in. `kind` is what it is summed under, where that is not the reason."""
        result = Result(candidate.place, Outcome.REFUSED, _title(candidate), reason=reason)
        self._tell(result, kind)
        self._progress.refused(f"refused  {candidate.place}: {reason}")

    def _fail(self, candidate: Candidate, error: Exception) -> None:
        """What nobody expected costs one book, unless the library is gone."""
        logging.getLogger(__name__).error("%s could not be taken", candidate.place, exc_info=error)
        self._refuse(candidate, f"The library could not take it ({type(error).__name__}); the log says more.")
        self._failures += 1
        if self._failures >= PATIENCE or not self._open_sign.exists():
            self._give_up("The library does not answer any more.")

    def _give_up(self, sentence: str) -> None:
        self.failure = self.failure or sentence
        self.stop.set()

    def _tell(self, result: Result, kind: str = "") -> None:
        self._report.tell(result, kind)
        self._progress.step()


def _origin(candidate: Candidate) -> str | None:
    """The name a candidate had elsewhere, if it can be looked up; that of a record without a file is made of what it
    says."""
    said = {name: value for name, value in candidate.about.items() if value is not None}
    try:
        if candidate.files:
            origin = validated(BookAbout, {"origin": said.get("origin")}).origin
        else:
            origin = accession.origin_of(changes(validated(ImportedBook, {**said, "sections": []})))
        return str(origin) if str(origin).encode() else None
    except (Invalid, UnicodeError):
        return None  # its turn comes, and then it is refused


def _covers(candidate: Candidate) -> tuple[tuple[intake.Cover, ...], str]:
    """The picture that lies beside a book, for its cover; and why not, where it is none."""
    if candidate.cover is None:
        return (), ""
    try:
        return intake.read_picture(candidate.cover), ""
    except (intake.Refused, OSError) as refusal:
        return (), f"Its cover was left out: {refusal}"


def _title(candidate: Candidate) -> str:
    return str(candidate.about.get("title") or "")


def _digest(candidate: Candidate) -> str | None:
    try:
        return holdings.digest_of(candidate.files[0]) if candidate.files else None
    except OSError:
        return None  # it is told of when its turn comes


class _Shelves:
    """The sections by their names, made where they are missing. Two runs at once on one machine must not make the same
    one twice, so they take turns."""

    def __init__(self, librarian: str, lock: Path) -> None:
        self._librarian = librarian
        self._lock = lock
        self._turn = threading.Lock()
        self._ids: dict[str, str] = {}

    def named(self, names: list[str]) -> list[str]:
        """Their ids. Raises Invalid where a run asks for more than a library has."""
        with self._turn:
            if missing := [name for name in dict.fromkeys(names) if name not in self._ids]:
                _check_names(missing)
                if len(self._ids) + len(missing) > MOST_SECTIONS:
                    raise Invalid.field("sections", f"These would be more than {MOST_SECTIONS} sections.")
                with self._lock.open("w") as file:
                    fcntl.flock(file, fcntl.LOCK_EX)
                    for name in missing:
                        (self._ids[name],) = sections.named([name], self._librarian, wiring.cache(), wiring.now())
            return [self._ids[name] for name in names]


def _check_names(names: list[str]) -> None:
    try:
        for name in names:
            validated(NewSection, {"name": name})
    except Invalid as wrong:
        raise Invalid.field("sections", wrong.fields[0].message) from None


_STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def _until_stopped(stop: threading.Event) -> Generator[None]:
    """Within, the first Ctrl-C (or SIGTERM, or a closed terminal) sets `stop`; a second one ends the process as it
    always would."""

    def ask(number: int, frame: FrameType | None) -> None:
        stop.set()
        for each in heard:
            signal.signal(each, signal.SIG_DFL)

    # Who starts it with nohup wants it to outlive the terminal.
    heard = [each for each in _STOPS if each != signal.SIGHUP or signal.getsignal(each) != signal.SIG_IGN]
    before = {number: signal.signal(number, ask) for number in heard}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _leave_signals_alone() -> None:
    # Ctrl-C reaches the whole group of processes, the children that read a file too: those inherit this from the
    # thread that starts them, and end what they have in hand.
    signal.pthread_sigmask(signal.SIG_BLOCK, _STOPS)

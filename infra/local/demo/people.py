"""The demo's patrons, and what they did in the library in the last weeks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from chalicelib.accounts import service as accounts
from chalicelib.accounts.people import find
from chalicelib.auth import Caller, Role
from chalicelib.cache import Cache
from chalicelib.circulation import asking, lists, rules
from chalicelib.circulation import service as lending
from chalicelib.circulation.rules import LoanHasMovedOn, Status
from chalicelib.errors import NotFound
from chalicelib.reviews import service as reviews

READER = "reader"
CAME = timedelta(days=32)
"""How long ago the patrons registered: after the first books had come, and before anybody borrowed one."""


@dataclass(frozen=True, slots=True)
class Patron:
    """Who comes to the library."""

    username: str
    name: str
    timezone: str
    language: str


@dataclass(frozen=True, slots=True)
class Visit:
    """One loan, from its request on. Times are days ago.

    `granted` is when the librarian granted it, where the e-book asks for that; `end` is what ended it, and when.
    An expired loan needs no end: its time ends by itself. Who asks for what is out waits. `said` is a rating and a
    review, written just after the end.
    """

    patron: str
    book: str
    asked: float
    granted: float | None = None
    end: tuple[Literal["return", "cancel", "deny", "revoke"], float] | None = None
    reason: str | None = None
    said: tuple[int, str] | None = None


PATRONS = (
    Patron(READER, "Robin Marsh", "Europe/London", "en"),
    Patron("amina", "أمينة الحسيني", "Africa/Cairo", "ar"),
    Patron("kavita", "कविता राव", "Asia/Kolkata", "hi"),
    Patron("yuki", "佐藤 由紀", "Asia/Tokyo", "ja"),
    Patron("mateo", "Mateo Quiroga", "America/Argentina/Buenos_Aires", "es"),
    Patron("olga", "Ольга Липатова", "Asia/Novosibirsk", "ru"),
    Patron("chloe", "Chloé Bertin", "Europe/Paris", "fr"),
)

# By age, so that it reads as a diary does.
VISITS = (
    Visit(
        "kavita",
        "03-neem",
        asked=29.3,
        end=("return", 26.1),
        said=(5, "लाली वाली पंक्ति पर मैं ज़ोर से हँस पड़ी, और मेट्रो में सबने मुड़कर देखा।"),
    ),
    Visit(
        "olga",
        "10-sneg",
        asked=28.6,
        end=("return", 25.2),
        said=(5, "Бабушка права насчёт термометра. Моя такая же."),
    ),
    Visit(
        "chloe",
        "02-le-chat",
        asked=27.8,
        end=("return", 22.5),
        said=(5, "Lu d’une traite, le chat sur les genoux. Il a approuvé."),
    ),
    Visit(
        READER,
        "01-the-lamp",
        asked=27.2,
        end=("return", 24.4),
        said=(5, "I read it twice, the second time with only the desk lamp on. Recommended."),
    ),
    Visit(
        "yuki",
        "05-ame",
        asked=26.5,
        end=("return", 23.9),
        said=(5, "縦書きで読むと、雨の音がする。傘立ての場面がいちばん好き。"),
    ),
    Visit("kavita", "07-lichens", asked=26.0, granted=25.4),
    Visit(
        "amina",
        "04-al-waraq",
        asked=25.4,
        end=("return", 21.0),
        said=(5, "قرأتها لجدّي بصوت عالٍ، فطلب أن أعيد صفحة العطّار مرّتين."),
    ),
    Visit(
        "mateo",
        "08-catalogo",
        asked=24.9,
        granted=24.3,
        end=("return", 19.8),
        said=(5, "Desde que lo leí reviso todos mis libros. Encontré un billete de colectivo de 1994."),
    ),
    Visit(
        "kavita",
        "01-the-lamp",
        asked=23.0,
        end=("return", 19.2),
        said=(5, "The last line stayed with me all week."),
    ),
    Visit("mateo", "12-nouka", asked=22.2, end=("cancel", 21.9)),
    Visit(READER, "02-le-chat", asked=21.6, end=("return", 15.3), said=(4, "My French was just about up to the cat.")),
    Visit("olga", "05-ame", asked=20.7),
    Visit("chloe", "06-faros", asked=20.1, end=("return", 12.4), said=(4, "")),
    Visit(READER, "08-catalogo", asked=18.8, end=("cancel", 18.7)),
    Visit(
        "yuki",
        "11-jieqi",
        asked=18.0,
        end=("return", 11.5),
        said=(4, "老周がいい。霜降の章で、うちの銀杏も見に行きました。"),
    ),
    Visit(
        "amina",
        "01-the-lamp",
        asked=17.5,
        end=("return", 13.6),
        said=(4, "قصّة هادئة وجميلة، ليتها كانت أطول."),
    ),
    Visit("amina", "08-catalogo", asked=16.4, end=("deny", 15.9), reason="The Spanish class has it until Friday."),
    Visit(
        "mateo",
        "14-cozinha",
        asked=15.2,
        end=("return", 14.8),
        said=(4, "El de la cebolla lo pegué en la heladera."),
    ),
    Visit("kavita", "13-chai", asked=14.1, end=("return", 13.9), said=(5, "दफ़ा ३ पर हमारे घर में भी सहमति नहीं है।")),
    Visit(
        "chloe",
        "01-the-lamp",
        asked=13.3,
        end=("return", 9.6),
        said=(5, "On n’éteint plus une lampe de la même façon."),
    ),
    Visit(
        READER, "12-nouka", asked=12.9, end=("deny", 12.2), reason="The boat is being repaired; ask again next week."
    ),
    Visit("mateo", "02-le-chat", asked=12.0, end=("return", 7.7), said=(4, "El puente de la página cuarenta existe.")),
    Visit(
        READER,
        "08-catalogo",
        asked=11.2,
        granted=10.8,
        end=("revoke", 8.1),
        reason="A class needs it this week. It will be kept for you afterwards.",
    ),
    Visit("amina", "13-chai", asked=10.4),
    Visit("olga", "11-jieqi", asked=9.5, end=("return", 5.1), said=(3, "Красиво, но мне не хватило снега.")),
    Visit(
        "kavita", "10-sneg", asked=8.8, end=("return", 4.0), said=(4, "I have never seen snow. Now I have heard it.")
    ),
    Visit(READER, "13-chai", asked=7.4),
    Visit("olga", "07-lichens", asked=6.9, granted=6.2),
    Visit("mateo", "06-faros", asked=5.8),
    Visit(READER, "07-lichens", asked=5.5, granted=5.0),
    Visit("amina", "02-le-chat", asked=4.9),
    Visit("chloe", "04-al-waraq", asked=4.2, end=("return", 0.5)),
    Visit("mateo", "04-al-waraq", asked=3.9),
    Visit("yuki", "01-the-lamp", asked=3.6),
    Visit("kavita", "12-nouka", asked=3.1, granted=2.2),
    Visit(READER, "04-al-waraq", asked=2.1),
    Visit("chloe", "09-heft", asked=1.2),
    Visit("olga", "11-jieqi", asked=0.9),
    Visit("kavita", "09-heft", asked=0.8),
    Visit("yuki", "07-lichens", asked=0.7),
    Visit("amina", "09-heft", asked=0.6),
    Visit(READER, "14-cozinha", asked=0.4),
    Visit("chloe", "08-catalogo", asked=0.3),
    Visit(READER, "12-nouka", asked=0.1),
)


def come(books: dict[str, str], librarian: Caller, password: str, cache: Cache, now: datetime) -> None:
    """Let the patrons register and do what is written of them, one after the other as it happened.

    `books` are the books' ids by the names of their texts.
    """
    patrons = {patron.username: _registered(patron, password, now - CAME) for patron in PATRONS}
    steps: list[tuple[datetime, Callable[[datetime], object]]] = []
    for visit in VISITS:
        told = _steps(visit, patrons[visit.patron], books[visit.book], librarian, cache)
        steps += [(now - timedelta(days=days), step) for days, step in told]
    for at, step in sorted(steps, key=lambda told: told[0]):
        # What was done before this start was cut short is not done again.
        with suppress(LoanHasMovedOn):
            step(at)
    lending.expire(now)


def _registered(patron: Patron, password: str, now: datetime) -> Caller:
    newcomer = accounts.Newcomer(patron.username, password, f"{patron.username}@carrel.example", patron.name)
    account = find(patron.username) or accounts.register(newcomer, None, now)
    if account.timezone != patron.timezone or account.language != patron.language:
        accounts.change(account.id, {"timezone": patron.timezone, "language": patron.language}, lambda _: None, now)
    return Caller(account.id, Role.PATRON, "")


def _steps(
    visit: Visit, patron: Caller, book_id: str, librarian: Caller, cache: Cache
) -> Iterator[tuple[float, Callable[[datetime], object]]]:
    """What happens in a visit, each with its time in days ago."""
    loan_id = ""

    def ask(at: datetime) -> None:
        nonlocal loan_id
        asked = lists.of_patron_and_book(patron.id, book_id, frozenset(Status), 100, None, at).items
        before = [loan for loan in asked if loan.requested_at == at]  # by a start that was cut short
        loan = before[0] if before else asking.request(patron, book_id, None, "wait", None, at)
        loan_id = loan.public_id

    def finish(how: str, at: datetime) -> None:
        match how:
            case "return":
                lending.step_of_own(rules.RETURN, loan_id, patron, None, at)
            case "cancel":
                lending.step_of_own(rules.CANCEL, loan_id, patron, None, at)
            case "deny":
                lending.deny(loan_id, librarian, visit.reason, None, at)
            case _:
                lending.revoke(loan_id, librarian, visit.reason, None, at)

    def say(at: datetime) -> None:
        assert visit.said is not None
        try:
            reviews.of_patron(book_id, patron.id)
        except NotFound:
            reviews.write(book_id, patron.id, *visit.said, cache, at)

    yield visit.asked, ask
    if visit.granted is not None:
        yield visit.granted, lambda at: asking.grant(loan_id, librarian, None, None, at)
    if visit.end is not None:
        how, days = visit.end
        yield days, lambda at: finish(how, at)
        if visit.said:
            yield days - 0.05, say

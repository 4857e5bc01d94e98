"""Notices in words: every notice in every language, whole, and harmless."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from chalicelib.notices import composition, words
from chalicelib.notices.composition import NotComposed, Reader

LANGUAGES = sorted(words.PLURALS)
STRINGS = {language: json.loads((words.FOLDER / f"{language}.json").read_text()) for language in LANGUAGES}


def composed(kind: str, language: str, data: dict[str, Any] | None = None) -> composition.Message:
    reader = Reader("Asha <Rao>", language, "Asia/Kathmandu")
    sample = composition.sample(kind) if data is None else data
    act = lambda action, subject: f"https://library.example/api/act?token={action}"  # noqa: E731
    return composition.compose(
        kind, sample, reader, "Carrel & Co", "https://library.example", act, "https://l.example/x"
    )


def values_of(text: str) -> set[str]:
    return set(re.findall(r"{(\w+)}", text))


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_has_every_string_with_its_values_and_its_plural_forms(language: str) -> None:
    strings = STRINGS[language]
    assert strings.keys() == STRINGS["en"].keys()
    for key, english in STRINGS["en"].items():
        if isinstance(english, dict):
            assert set(strings[key]) == set(words.PLURALS[language][0]), key
            allowed = {value for form in english.values() for value in values_of(form)}
            assert all(values_of(form) <= allowed for form in strings[key].values()), key
            assert values_of(strings[key]["other"]) == values_of(english["other"]), key
        elif isinstance(english, str):
            assert values_of(strings[key]) == values_of(english), key
        else:
            assert len(strings[key]) == len(english), key


def test_the_languages_are_those_of_the_web_app() -> None:
    from pathlib import Path

    locales = Path(__file__).parents[2] / "frontend" / "src" / "locales"
    assert set(LANGUAGES) == {path.stem for path in locales.glob("*.json")}


@pytest.mark.parametrize(
    ("language", "forms"),
    [
        ("en", {0: "other", 1: "one", 2: "other"}),
        ("fr", {0: "one", 1: "one", 2: "other", 1_000_000: "many"}),
        ("hi", {0: "one", 1: "one", 2: "other"}),
        ("ar", {0: "zero", 1: "one", 2: "two", 3: "few", 10: "few", 11: "many", 99: "many", 100: "other", 103: "few"}),
    ],
)
def test_a_number_takes_the_form_its_language_gives_it(language: str, forms: dict[int, str]) -> None:
    assert {n: words.PLURALS[language][1](n) for n in forms} == forms


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", composition.kinds())
def test_every_notice_is_written_whole_in_every_language(kind: str, language: str) -> None:
    message = composed(kind, language)
    assert message.subject
    assert "\n" not in message.subject
    assert "Asha <Rao>" in message.text
    assert "<Rao>" not in message.html
    assert "None" not in message.text
    assert f'lang="{language}" dir="{"rtl" if language == "ar" else "ltr"}"' in message.html
    assert len(message.html) < 100_000  # Gmail cuts a longer mail off


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.links += [str(value) for name, value in attrs if name == "href"]
        if tag not in ("meta", "br", "img"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("kind", composition.kinds())
def test_the_html_of_a_notice_is_well_formed_and_its_links_are_whole(kind: str) -> None:
    tags = Tags()
    tags.feed(composed(kind, "en").html)
    assert tags.open == []
    assert tags.links
    assert all(link.startswith("https://") for link in tags.links)


def test_a_title_that_is_markup_stays_a_title() -> None:
    data = composition.sample("reminder")
    data["due"] = [{**data["due"][0], "title": "</title><script>alert(1)</script>{{ 7 * 7 }}"}]
    message = composed("reminder", "en", data)
    assert "<script" not in message.html
    assert "49" not in message.subject
    assert "{{ 7 * 7 }}" in message.subject


def test_a_missing_field_is_named() -> None:
    data = composition.sample("reminder")
    del data["ready"]
    with pytest.raises(NotComposed, match="reminder could not be written: 'ready' is undefined"):
        composed("reminder", "en", data)


def test_a_language_that_nobody_translated_is_english() -> None:
    assert words.of("ja").language == "en"
    assert words.of("fr-CA").language == "fr"


def test_a_title_that_runs_the_other_way_is_set_apart() -> None:
    assert words.of("en").say("ready.subject", title="ألف ليلة") == "“\u2068ألف ليلة\u2069” is ready for you"
    assert words.of("ar").say("ready.subject", title="Emma") == "«\u2068Emma\u2069» جاهز لك"
    assert words.of("en").say("ready.subject", title="Emma") == "“Emma” is ready for you"


def test_times_are_the_readers_own() -> None:
    moment = datetime(2026, 11, 24, 17, 0, tzinfo=UTC)
    assert words.of("en").time(moment, ZoneInfo("Asia/Kathmandu")) == "Tuesday 24 November, 22:45"
    assert words.of("fr").day(moment, ZoneInfo("Pacific/Auckland")) == "mercredi 25 novembre"

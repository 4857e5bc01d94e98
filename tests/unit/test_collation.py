"""The order of titles, checked against what ICU and librarians' filing rules say of these."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.catalogue import collation, ranking
from chalicelib.ids import LENGTH

IN_ORDER = {
    "scripts": [
        "1984", "A", "Ω", "Я", "ა", "Ա", "א", "ب", "አ", "हिन्दी", "বাংলা", "ਪੰਜਾਬੀ", "ગુજરાતી", "தமிழ்", "తెలుగు", "ಕನ್ನಡ",
        "മലയാളം", "ไทย", "한국", "かな", "ㄅ", "漢字",
    ],
    "numbers by their value": ["2 Sticks", "10 Sticks", "100 Sticks", "Vol. ２", "Vol. 10", "Vol. 0010a", "Vol. 011"],
    "words before letters": ["Art", "Art-House", "Art of War", "Arte", "Artful"],
    "punctuation aside": ["A & B", "A: C", "(A) D", "“A” Is Silent", "¿Adónde?"],
    "accents after letters": ["cote", "coté", "côte", "côté", "coter"],
    "small before capital": ["resume", "Resume", "résumé", "Résumé", "resumes"],
    "letters told apart and not": ["aeon", "æon", "Aerial", "Łódź", "Lodz Again", "Straße", "Strasse Again", "Þing"],
    "Spanish and German by root": ["nino", "niño", "ninos", "Ofen", "öffnen", "Ofner"],
    "Greek": ["άλφα", "Αλφα και", "βήμα", "Ἰλιάς", "λόγος", "σοφία"],
    "Cyrillic": ["Ёлка", "Елка А", "Игра", "Йод", "Лес", "Щука", "Яма"],
    "Arabic": ["ألف", "باب", "تاريخ", "كتاب", "كِتاب", "نهر"],
    "Hindi": ["अंत", "आकाश", "कलम", "क़लम", "कला", "किताब", "गोदान", "ज्ञान", "हिमालय"],
    "Tamil": ["அன்பு", "ஆறு", "காடு", "கொடி", "மலை"],
    "Thai vowels after their consonant": ["กา", "เก", "ขา", "แข", "ไทย"],
    "Korean": ["가", "가나", "각", "나라", "한국"],
    "Japanese": ["あき", "アキ", "かき", "カギ", "ねこ", "本", "雪国"],
}  # fmt: skip


@pytest.mark.parametrize("titles", IN_ORDER.values(), ids=IN_ORDER)
def test_titles_stand_in_the_order_readers_expect(titles: list[str]) -> None:
    keys = [collation.key(title) for title in titles]
    for (before, first), (after, then) in itertools.pairwise(zip(titles, keys, strict=True)):
        assert first < then, f"{before} stands behind {after}"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ｆｕｌｌ", "Full"),
        ("e\u0301", "é"),
        ("a  b", "a - b"),
        ("Vol. 2", "Vol 02"),
        ("🦉 Owls", "Owls"),
        ("ﷲ", "الله"),
    ],
)
def test_what_is_written_in_two_ways_has_one_place(one: str, other: str) -> None:
    assert collation.key(one) == collation.key(other)


@given(st.text(max_size=500))
def test_a_key_fits_into_an_index_and_sorts_as_bytes(title: str) -> None:
    key = ranking.by_name(title, "z" * LENGTH)
    assert len(key.encode()) < 1_024
    assert min(key) > "\x1f"


@given(st.text(max_size=30), st.text(min_size=1, max_size=5), st.sampled_from(["a", "9", "я", "あ", "漢", "𠮷"]))
def test_a_title_stands_before_one_that_goes_on(title: str, more: str, letter: str) -> None:
    shorter, longer = ranking.by_name(title, "z" * LENGTH), ranking.by_name(f"{title} {more}{letter}", "0" * LENGTH)
    assert shorter < longer

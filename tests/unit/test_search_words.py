"""What a text is found by, whatever people leave out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.catalogue.search import words


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Straße", "STRASSE"),
        ("ΟΔΥΣΣΕΥΣ", "Ὀδυσσεύς"),
        ("Français", "francais"),
        ("İstanbul Işık", "istanbul ısık"),
        ("Nguyễn Nhật Ánh", "nguyen nhat anh"),
        ("Đặng Thị", "dang thi"),
        ("Søren Kierkegaard", "soren kierkegaard"),
        ("Œuvres", "oeuvres"),
        ("Ёлка", "елка"),
        ("ﬁrst", "first"),
        ("Ｆｕｌｌ　Ｗｉｄｔｈ", "full width"),
        ("كِتَابٌ", "كتاب"),
        ("أحمد إلى آخر", "احمد الي اخر"),
        ("مـــدينة", "مدينه"),
        ("کتابی", "كتابي"),
        ("می‌خواهم", "میخواهم"),
        ("سوال", "سؤال"),
        ("٣", "3"),
        ("שָׁלוֹם", "שלום"),
        ("ज़रूरत", "जरूरत"),
        ("आवाज़", "आवाज"),
        ("चाँद", "चांद"),
        ("हिन्दी", "हिंदी"),
        ("सम्बन्ध", "संबंध"),
        ("क्‍ष", "क्ष"),
        ("বাংলাদেশ\u200c", "বাংলাদেশ"),
        ("コンピューター", "ｺﾝﾋﾟｭｰﾀ"),
        ("カタカナ", "かたかな"),
        ("१९८४", "1984"),
        ("War & Peace!", "war peace"),
        ("[war] + (peace) -*", "war peace"),
    ],
)
def test_texts_that_differ_by_what_people_leave_out_are_the_same(one: str, other: str) -> None:
    assert words.plain(one) == words.plain(other) != ""


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("काम", "कम"),  # a vowel sign
        ("किताब", "कताब"),
        ("ไม้", "ไม"),  # a tone
        ("がく", "かく"),  # a voiced kana
        ("C++", "C"),
        ("C#", "C"),
        ("தமிழ்", "தமழ்"),
    ],
)
def test_what_makes_another_word_is_kept(one: str, other: str) -> None:
    assert words.plain(one) != words.plain(other)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("O’Brien's War", {"o", "brien", "s", "war", "obrien", "obriens", "briens"}),
        ("Vol.3", {"vol", "3", "vol3"}),
        ("J. R. R. Tolkien", {"j", "r", "jrr", "jr", "rr", "tolkien"}),
        ("C++ and C#", {"c++", "and", "c#"}),
        ("war+peace", {"war", "peace"}),
        ("紅楼夢", {"紅楼", "楼夢", "夢"}),
        ("Python入門", {"python", "入門", "門"}),
        ("雪", {"雪"}),
        ("도서관에서", {"도서", "서관", "관에", "에서", "서"}),
    ],
)
def test_a_text_is_kept_by_its_words_their_parts_and_pairs_where_there_are_no_spaces(text: str, kept: set[str]) -> None:
    sequence, together = words.indexed(text)
    assert {*sequence, *together} == kept


def test_initials_are_one_word_however_they_are_set() -> None:
    assert words.words("J. K.")[0].also == words.words("J.K.")[0].also == words.words("JK")[0].parts[0] == "jk"


@pytest.mark.parametrize(
    ("one", "other", "slips"),
    [
        ("river", "river", 0),
        ("river", "rivre", 1),
        ("river", "rver", 1),
        ("river", "rivera", 1),
        ("river", "raver", 1),
        ("algorithm", "lagorihtm", 2),
        ("algorithm", "alg", None),
        ("abcd", "wxyz", None),
    ],
)
def test_two_letters_exchanged_are_one_slip(one: str, other: str, slips: int | None) -> None:
    assert words.slips_between(one, other, 2) == words.slips_between(other, one, 2) == slips


@pytest.mark.parametrize(
    ("word", "slips"), [("war", 0), ("wars", 1), ("gardens", 1), ("mountain", 2), ("1984", 0), ("紅楼夢", 0)]
)
def test_short_words_may_hold_one_slip_long_ones_two_and_the_shortest_and_numbers_none(word: str, slips: int) -> None:
    assert words.slips_allowed(words.words(word)[0]) == slips


@pytest.mark.parametrize(
    "asked", ["Mystery", "mystéry", "myst", "Mysetry", "ystery", "true crime", "crime mystery", "crme"]
)
def test_a_section_is_found_by_part_of_its_name_and_in_spite_of_slips(asked: str) -> None:
    assert words.found_in("Mystery & True Crime", asked)


@pytest.mark.parametrize("asked", ["history", "mystery of", "", "?!", "cry"])
def test_a_section_is_not_found_by_what_it_is_not_called(asked: str) -> None:
    assert not words.found_in("Mystery & True Crime", asked)


@given(st.text(max_size=200))
def test_any_text_has_words_and_its_plain_form_has_the_same(text: str) -> None:
    plain = words.plain(text)
    assert words.plain(plain) == plain
    sequence, together = words.indexed(text)
    assert all(part and not set(part) & set(" '\t^$") for part in [*sequence, *together])


def test_a_name_starts_at_each_of_its_words_and_without_spaces_anywhere() -> None:
    assert [("jane austen")[at:] for at in words.starts("jane austen")] == ["jane austen", "austen"]
    assert words.starts("村上春樹") == [0, 1, 2, 3]

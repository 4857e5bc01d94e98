"""How many words a text has, in whatever script it is written."""

import re

# Compiled at first use: the API imports this and counts no words, and the ranges take milliseconds.
# Han, kana and their extensions stand without blanks between words: each character counts as one, as their
# publishers count. Thai, Lao, Khmer and Burmese have no blanks either, but nothing short of a dictionary
# divides them; their phrases count as words.
_IDEOGRAPHS = (
    "[\u3005-\u3007\u3041-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff]"
)
# A word is a run without blanks or dashes that has a letter or digit in it. Not \w+: vowel signs of Indic
# scripts are no \w, and would cut a word in pieces.
_WORD = r"[^\W_][^\s\u2013\u2014\u2026/]*"


def count_words(text: str) -> int:
    """The number of words in `text`: ideographs and kana one by one, all else by the blanks between."""
    without, ideographs = re.subn(_IDEOGRAPHS, " ", text)
    return ideographs + sum(1 for _ in re.finditer(_WORD, without))

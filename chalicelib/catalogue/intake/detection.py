"""Which language a book is in, by its text. Many a book declares its maker's language, or its program's.

The script of the text is looked at first, for it cannot be mistaken; then CLD3 (a small neural network of
Google's, the only importer of which this is) gives its vote on passages from the whole book. A declaration
stands unless the text clearly says otherwise: a short or mixed text overrules nothing, and neither does a
guess between close relatives, nor one about a language that the detector does not know.
"""

import importlib
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from chalicelib.catalogue.intake.scripts import IN_LATIN, TELLS, count_letters, dominant, may_be_written_in

# Compiled, and brings no types.
gcld3: Any = importlib.import_module("gcld3")

# Letters below which a text says nothing, and below which it overrules no declaration in the same script.
FEWEST_LETTERS = 200
LETTERS_TO_OVERRULE = 1_500
# The share of all passages that must agree: to name a language where none is declared, and to overrule one.
LIKELY, SURE = 0.6, 0.8
CONFIDENT = 0.9

# CLD3's names where they are not those of BCP 47 today. Its transliterations ("ru-Latn") are guesses at any
# text full of names.
RENAMED = {"iw": "he", "jw": "jv", "in": "id", "ji": "yi"}
# Languages of other scripts that CLD3 tells from their neighbours.
KNOWN = (IN_LATIN - {"la", "oc", "rm", "tl", "wo"}) | frozenset(
    {
        *("ar", "az", "be", "bg", "el", "fa", "hi", "kk", "ky", "mk", "mn"),
        *("mr", "ne", "ps", "ru", "sd", "sr", "tg", "uk", "ur", "uz"),
    }
)
# Between these, a guess is no evidence.
CLOSE = (
    frozenset({"no", "nb", "nn", "da"}),
    frozenset({"bs", "hr", "sh", "sr"}),
    frozenset({"id", "ms"}),
    frozenset({"cs", "sk"}),
    frozenset({"gl", "pt"}),
    frozenset({"fil", "tl"}),
    frozenset({"az", "tr"}),
    frozenset({"bg", "mk"}),
)

# Scripts of ISO 15924 that letters alone do not tell apart.
SAME_AS = {"Hans": "Hani", "Hant": "Hani", "Kore": "Hang", "Latf": "Latn", "Aran": "Arab", "Hrkt": "Jpan"}

# In Sanskrit one word in ten ends in visarga (typed as a colon by many) or elides a vowel; in Hindi, Marathi and
# Nepali one in a hundred. CLD3 does not know Sanskrit.
DEVANAGARI_WORD = re.compile("[\u0900-\u0963\u0970-\u097f]+:?")
SANSKRIT_WORD = re.compile("[^:]*[\u0903:]|.*\u093d.*")
SANSKRIT_FROM = 0.05


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a text says: its letters, its script if it has one, the likeliest language and its share of the
    passages.
    """

    letters: int
    script: str | None
    language: str | None
    share: float


def believed(declared: str | None, passages: Sequence[str]) -> str | None:
    """The language to believe: the declared tag as it is, or a bare language that the text clearly is in; None
    where the declaration cannot be right and the text does not tell.
    """
    evidence = weigh(passages)
    if evidence.letters < FEWEST_LETTERS:
        return declared
    found = evidence.language if evidence.share >= LIKELY else None
    if declared is None:
        return found
    language, *subtags = declared.split("-")
    if language == found or evidence.script is None:
        return declared
    named = next((SAME_AS.get(subtag, subtag) for subtag in subtags if len(subtag) == 4), None)
    if named != evidence.script and (named or not may_be_written_in(language, evidence.script)):
        # In Latin letters it may be a transliteration.
        return found or (declared if evidence.script == "Latn" else None)
    sure = evidence.share >= SURE and evidence.letters >= LETTERS_TO_OVERRULE
    close = any({language, found} <= group for group in CLOSE)
    return found if found and sure and language in KNOWN and not close else declared


def weigh(passages: Sequence[str]) -> Evidence:
    """The evidence in passages from a book, some hundred letters each."""
    letters = count_letters("".join(passages))
    script = dominant(letters)
    if script in TELLS:
        return Evidence(letters.total(), script, TELLS[script], 1.0)
    if script == "Deva" and _is_sanskrit(passages):
        return Evidence(letters.total(), script, "sa", 1.0)
    votes = Counter(language for passage in passages if (language := _vote(passage)))
    language, agreeing = max(votes.items(), key=lambda each: each[1], default=(None, 0))
    if language and script and not may_be_written_in(language, script):
        language = None  # a guess at a script that the detector does not know
    return Evidence(letters.total(), script, language, agreeing / max(1, len(passages)))


def _vote(passage: str) -> str | None:
    guess = gcld3.NNetLanguageIdentifier(min_num_bytes=0, max_num_bytes=4_000).FindLanguage(text=passage)
    if not guess.is_reliable or guess.probability < CONFIDENT or guess.language.endswith("-Latn"):
        return None
    return RENAMED.get(guess.language, guess.language)


def _is_sanskrit(passages: Sequence[str]) -> bool:
    words = [word for passage in passages for word in DEVANAGARI_WORD.findall(passage)]
    return sum(1 for word in words if SANSKRIT_WORD.fullmatch(word)) >= SANSKRIT_FROM * len(words)

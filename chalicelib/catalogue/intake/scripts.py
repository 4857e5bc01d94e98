"""In which script a text is written, by the blocks of Unicode, and what that says of its language. Scripts have
the names of ISO 15924.
"""

from bisect import bisect_right
from collections import Counter

# First and last code point. Letters alone: digits and punctuation are of all scripts.
BLOCKS = (
    (0x0041, 0x005A, "Latn"), (0x0061, 0x007A, "Latn"), (0x00C0, 0x024F, "Latn"), (0x0370, 0x03FF, "Grek"),
    (0x0400, 0x052F, "Cyrl"), (0x0531, 0x058A, "Armn"), (0x0590, 0x05FF, "Hebr"), (0x0620, 0x06FF, "Arab"),
    (0x0750, 0x077F, "Arab"), (0x0780, 0x07BF, "Thaa"), (0x0900, 0x0963, "Deva"), (0x0970, 0x097F, "Deva"),
    (0x0980, 0x09FF, "Beng"), (0x0A00, 0x0A7F, "Guru"), (0x0A80, 0x0AFF, "Gujr"), (0x0B00, 0x0B7F, "Orya"),
    (0x0B80, 0x0BFF, "Taml"), (0x0C00, 0x0C7F, "Telu"), (0x0C80, 0x0CFF, "Knda"), (0x0D00, 0x0D7F, "Mlym"),
    (0x0D80, 0x0DFF, "Sinh"), (0x0E00, 0x0E7F, "Thai"), (0x0E80, 0x0EFF, "Laoo"), (0x0F00, 0x0FFF, "Tibt"),
    (0x1000, 0x109F, "Mymr"), (0x10A0, 0x10FF, "Geor"), (0x1100, 0x11FF, "Hang"), (0x1200, 0x137F, "Ethi"),
    (0x1780, 0x17FF, "Khmr"), (0x1E00, 0x1EFF, "Latn"), (0x1F00, 0x1FFF, "Grek"), (0x3041, 0x30FF, "Kana"),
    (0x3400, 0x4DBF, "Hani"), (0x4E00, 0x9FFF, "Hani"), (0xAC00, 0xD7A3, "Hang"), (0xF900, 0xFAFF, "Hani"),
    (0xFB50, 0xFDFF, "Arab"), (0xFE70, 0xFEFC, "Arab"), (0x20000, 0x3134F, "Hani"),
)  # fmt: skip
STARTS = tuple(first for first, _, _ in BLOCKS)


def _codes(codes: str) -> frozenset[str]:
    return frozenset(codes.split())


# Languages that are written in a script other than Latin, as far as their books turn up; the Latin ones of
# several scripts (Serbian, Uzbek) are at home in both. Where a script has one language only, it tells it.
LANGUAGES: dict[str, frozenset[str]] = {
    script: _codes(languages)
    for script, languages in {
        "Grek": "el grc",
        "Cyrl": "ab av az ba be bg bs ce cu cv kk kv ky mk mn os ru rue sah sh sr tg tk tt udm uk uz",
        "Armn": "hy hyw xcl",
        "Hebr": "arc hbo he lad yi",
        "Arab": "ar arz az ckb fa ha kk ks ku ky ms ota pa prs ps pnb sd tg tk tt ug ur uz",
        "Thaa": "dv",
        "Deva": "awa bho brx doi hi kok mai mr ne new pi sa sd",
        "Beng": "as bn mni sa",
        "Guru": "pa sa",
        "Gujr": "gu sa",
        "Orya": "or sa",
        "Taml": "ta sa",
        "Telu": "te sa",
        "Knda": "kn sa",
        "Mlym": "ml sa",
        "Sinh": "si pi sa",
        "Thai": "th pi",
        "Laoo": "lo",
        "Tibt": "bo dz sa",
        "Mymr": "my pi shn mnw",
        "Geor": "ka xmf",
        "Ethi": "am gez ti",
        "Khmr": "km pi",
        "Hang": "ko",
        "Jpan": "ja",
        "Hani": "cmn hak ja ko lzh nan vi wuu yue zh",
    }.items()
}
TELLS = {
    "Armn": "hy", "Thaa": "dv", "Guru": "pa", "Gujr": "gu", "Orya": "or", "Taml": "ta", "Telu": "te", "Knda": "kn",
    "Mlym": "ml", "Sinh": "si", "Thai": "th", "Laoo": "lo", "Mymr": "my", "Geor": "ka", "Khmr": "km", "Hang": "ko",
    "Jpan": "ja", "Hani": "zh",
}  # fmt: skip
LATIN_TOO = _codes("az bs ha kk ku ms sh sr tk tt ug uz vi")
# Languages known to be written in Latin letters only; of others it is not known what they are written in.
IN_LATIN = _codes(
    "af ca ceb co cs cy da de en eo es et eu fi fil fr fy ga gd gl haw hmn hr ht hu id ig is it jv la lb lt lv mg mi"
    " mt nb nl nn no ny oc pl pt rm ro sk sl sm sn so sq st su sv sw tl tr vi wo xh yo zu"
)
# What counts as the script of a text: two letters in three. Books on machines quote much Latin.
DOMINANT = 2 / 3


def count_letters(text: str) -> Counter[str]:
    """How many letters of each script a text has; kana as "Kana"."""
    scripts: Counter[str] = Counter()
    for letter, count in Counter(text).items():
        at = bisect_right(STARTS, ord(letter)) - 1
        if at >= 0 and ord(letter) <= BLOCKS[at][1]:
            scripts[BLOCKS[at][2]] += count
    return scripts


def dominant(letters: Counter[str]) -> str | None:
    """The one script of these letters, Japanese and Korean as the mixtures that they are ("Jpan", "Hang");
    None where there are several.
    """
    letters = Counter(letters)
    # Kana among ideographs make Japanese, Hangul Korean; a Chinese book may quote a little of either.
    for mark, script, least in (("Kana", "Jpan", 0.1), ("Hang", "Hang", 0.3)):
        if letters[mark] > least * (letters[mark] + letters["Hani"]):
            letters[script] = letters.pop(mark) + letters.pop("Hani", 0)
    script, count = max(letters.items(), key=lambda each: each[1], default=("", 0))
    return script if count and count >= DOMINANT * letters.total() else None


def may_be_written_in(language: str, script: str) -> bool:
    """Whether books in a language are printed in a script; true where nothing is known of it."""
    own = {each for each, languages in LANGUAGES.items() if language in languages}
    if script == "Latn":
        return not own or language in LATIN_TOO
    return script not in LANGUAGES or language in LANGUAGES[script] or (not own and language not in IN_LATIN)

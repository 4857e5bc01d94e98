"""A book written in the app: Markdown, kept as it was typed. It is never turned into HTML here; the browser
does that, with HTML off.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from chalicelib.catalogue.intake import text as texts
from chalicelib.catalogue.intake.model import ContentsEntry, Refused
from chalicelib.catalogue.intake.words import count_words

LONGEST_WRITING = 1_000_000
MOST_ENTRIES = 1_000

# All control characters but tab and line break.
CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
FENCE = re.compile(r" {0,3}(```|~~~)")
ATX_HEADING = re.compile(r" {0,3}(#{1,6})[ \t]+(.*?)(?:[ \t]+#+)?[ \t]*")  # CommonMark 0.31, section 4.2
NO_PARAGRAPH = re.compile(r" {0,3}([-+*>]|\d{1,9}[.)])[ \t]|    ")  # lists, quotes, code: dashes below are a rule
SETEXT_UNDERLINE = re.compile(r" {0,3}(=+|-+)[ \t]*")  # section 4.3


@dataclass(frozen=True, slots=True)
class Writing:
    """Content that may be kept: the text with line breaks as \\n, its words, its first heading if it has one,
    and its headings as a contents list, the first 1,000, which lead nowhere.
    """

    text: str
    words: int
    heading: str | None
    contents: tuple[ContentsEntry, ...]


def read_markdown(content: str) -> Writing:
    """Check Markdown typed into the app. Raises `Refused`: too_long over 1,000,000 characters, not_text if
    it is not plain UTF-8 text.
    """
    if len(content) > LONGEST_WRITING:
        raise Refused("too_long")
    content = content.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    try:
        content.encode()  # JSON can smuggle in halves of characters that no UTF-8 has
    except UnicodeEncodeError as error:
        raise Refused("not_text", "half of a character") from error
    if CONTROL.search(content):
        raise Refused("not_text", "a control character")
    contents = tuple(islice(_headings(content), MOST_ENTRIES))
    return Writing(content, count_words(content), contents[0].title if contents else None, contents)


def _headings(content: str) -> Iterator[ContentsEntry]:
    fence, above = "", ""
    for line in content.split("\n"):
        if marker := FENCE.match(line):
            # Only its own kind closes a block of code.
            fence = "" if fence == marker[1] else fence or marker[1]
            above = ""
        elif not fence:
            if heading := ATX_HEADING.fullmatch(line):
                above, level, title = "", len(heading[1]), heading[2]
            elif above and (underline := SETEXT_UNDERLINE.fullmatch(line)):
                above, level, title = "", 1 if underline[1].startswith("=") else 2, above
            else:
                above = "" if NO_PARAGRAPH.match(line) else line.strip()
                continue
            if cleaned := texts.clean(title, texts.LONGEST_TITLE):
                yield ContentsEntry(cleaned, None, level)

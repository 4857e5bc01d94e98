"""A book written in the app: Markdown, kept as it was typed. It is never turned into HTML here; the browser
does that, with HTML off.
"""

import re
from dataclasses import dataclass

from chalicelib.catalogue.intake import text as texts
from chalicelib.catalogue.intake.model import Refused
from chalicelib.catalogue.intake.words import count_words

LONGEST_WRITING = 1_000_000

# All control characters but tab and line break.
CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
FENCE = re.compile(r" {0,3}(```|~~~)")
ATX_HEADING = re.compile(r" {0,3}#{1,6}[ \t]+(.*?)(?:[ \t]+#+)?[ \t]*")  # CommonMark 0.31, section 4.2
SETEXT_UNDERLINE = re.compile(r" {0,3}(=+|-+)[ \t]*")  # section 4.3


@dataclass(frozen=True, slots=True)
class Writing:
    """Content that may be kept: the text with line breaks as \\n, its words, and its first heading if it
    has one.
    """

    text: str
    words: int
    heading: str | None


def read_markdown(content: str) -> Writing:
    """Check Markdown typed into the app. Raises `Refused`: too_large over 1,000,000 characters, broken if
    it is not plain UTF-8 text.
    """
    if len(content) > LONGEST_WRITING:
        raise Refused("too_large", f"The content is longer than {LONGEST_WRITING:,} characters.")
    content = content.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    try:
        content.encode()  # JSON can smuggle in halves of characters that no UTF-8 has
    except UnicodeEncodeError as error:
        raise Refused("broken", "The content holds characters that are not text.") from error
    if CONTROL.search(content):
        raise Refused("broken", "The content holds control characters, which are not text.")
    return Writing(content, count_words(content), _first_heading(content))


def _first_heading(content: str) -> str | None:
    fence, above = "", ""
    for line in content.split("\n"):
        if marker := FENCE.match(line):
            # Only its own kind closes a block of code.
            fence = "" if fence == marker[1] else fence or marker[1]
            above = ""
        elif not fence:
            if heading := ATX_HEADING.fullmatch(line):
                return texts.clean(heading[1], texts.LONGEST_TITLE)
            if above and SETEXT_UNDERLINE.fullmatch(line):
                return texts.clean(above, texts.LONGEST_TITLE)
            above = line.strip()
    return None

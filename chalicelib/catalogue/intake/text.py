"""Text from outside, made fit to show: one line, no control or direction-changing characters, bounded."""

import re
from html.parser import HTMLParser

LONGEST_TITLE = 500
LONGEST_NAME = 200
LONGEST_DESCRIPTION = 4_000

# Control characters, line and paragraph separators that are not blanks to `str.split`, the byte order mark,
# lone surrogates and noncharacters (all of which some store or format rejects), and the embeddings,
# overrides and isolates with which a title could reorder the text around it (Unicode UAX #9; "Trojan
# source"). Joiners and the direction marks stay: Persian, Indic scripts and mixed titles need them.
UNWANTED = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff\ufff9-\ufffb\ufffe\uffff\ud800-\udfff]")
BLANKS = re.compile(r"\s+")


def clean(text: str | None, limit: int) -> str | None:
    """`text` on one line without unwanted characters, at most `limit` characters, an ellipsis for what was
    cut; or None.
    """
    if not text:
        return None
    # Blanks first, so that a line break becomes a blank; cut before the rest, so that a megabyte costs
    # little.
    line = BLANKS.sub(" ", text[: limit * 20])
    line = UNWANTED.sub("", line).strip()
    if len(line) > limit:
        line = line[: limit - 1].rstrip() + "…"
    return line or None


def clean_all(texts: list[str], limit: int, most: int) -> tuple[str, ...]:
    """Each text cleaned, in order, without blanks and doubles, at most `most` of them."""
    cleaned = (clean(text, limit) for text in texts[: most * 4])
    return tuple(dict.fromkeys(text for text in cleaned if text))[:most]


def plain(markup: str | None, limit: int) -> str | None:
    """The text of a description, which publishers write as HTML inside the metadata: paragraphs become
    lines.
    """
    if not markup:
        return None
    reader = _TextOnly()
    reader.feed(markup[: limit * 20])
    reader.close()
    lines = (clean(line, limit) for line in "".join(reader.parts).split("\n"))
    text = "\n".join(line for line in lines if line)
    if len(text) > limit:
        text = text[: limit - 1].rstrip() + "…"
    return text or None


class _TextOnly(HTMLParser):
    BREAKS = frozenset(
        {
            "address",
            "blockquote",
            "br",
            "div",
            "dd",
            "dt",
            "h1",
            "h2",
            "h3",
            "h4",
            "li",
            "p",
            "tr",
            "ul",
            "ol",
        }
    )
    SILENT = frozenset({"script", "style"})

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._silent = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        self._silent = tag in self.SILENT
        if tag in self.BREAKS:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        self._silent = False
        if tag in self.BREAKS:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.parts.append(data)

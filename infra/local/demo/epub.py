"""Makes an EPUB 3.3 of one of the demo's texts: its opening under the title, a file for each chapter, a contents list.

The bytes depend on the text alone: times are fixed, and nothing is compressed, since libraries for that differ.
"""

from __future__ import annotations

import io
import uuid
import zipfile
from html import escape

from infra.local.demo.texts import PUBLISHER, Block, Chapter, Line, Text

MADE = (2026, 1, 1, 0, 0, 0)
MODIFIED = "2026-01-01T00:00:00Z"

CONTAINER = """<?xml version="1.0" encoding="UTF-8"?>
<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container">
  <rootfiles>
    <rootfile full-path="EPUB/package.opf" media-type="application/oebps-package+xml"/>
  </rootfiles>
</container>
"""

STYLE = """html { line-height: 1.6; }
h1 { margin-block: 15% 0.4em; font-size: 1.9em; line-height: 1.25; text-align: start; }
h2 { margin-block: 2em 1em; font-size: 1.3em; text-align: start; }
p { margin: 0; text-indent: 1.2em; }
p.author { margin-block-end: 3em; font-style: italic; text-indent: 0; }
h2 + p, .author + p, ul + p, ol + p { text-indent: 0; }
ul, ol { margin-block: 0.8em; padding-inline-start: 1.6em; }
li { margin-block-end: 0.3em; }
nav ol { list-style: none; padding: 0; }
"""
# Emphasis by slanting is foreign to these scripts.
UPRIGHT = frozenset({"ar", "bn", "hi", "ja", "ur", "zh"})
VERTICAL = "html { -epub-writing-mode: vertical-rl; -webkit-writing-mode: vertical-rl; writing-mode: vertical-rl; }\n"


def make(text: Text) -> bytes:
    """The bytes of the EPUB."""
    chapters = text.chapters
    names = [f"chapter{number}.xhtml" for number in range(1, len(chapters) + 1)]
    parts = {
        "META-INF/container.xml": CONTAINER,
        "EPUB/package.opf": _package(text, names),
        "EPUB/nav.xhtml": _contents(text, chapters, names),
        "EPUB/style.css": _style(text),
    }
    for number, (name, chapter) in enumerate(zip(names, chapters, strict=True)):
        parts[f"EPUB/{name}"] = _page(text, chapter.title, _chapter(text, chapter, opening=number == 0))
    output = io.BytesIO()
    with zipfile.ZipFile(output, "w", zipfile.ZIP_STORED) as archive:
        # First and bare, so that a file can be told by its first bytes (EPUB OCF 3.3, section 4.3.3).
        _add(archive, "mimetype", "application/epub+zip")
        for name, part in parts.items():
            _add(archive, name, part)
    return output.getvalue()


def _add(archive: zipfile.ZipFile, name: str, part: str) -> None:
    entry = zipfile.ZipInfo(name, MADE)
    entry.create_system = 3
    entry.external_attr = 0o644 << 16
    archive.writestr(entry, part.encode())


def _package(text: Text, names: list[str]) -> str:
    """The package document (EPUB 3.3, section 5)."""
    items = "".join(
        f'    <item id="c{number}" href="{name}" media-type="application/xhtml+xml"/>\n'
        for number, name in enumerate(names, start=1)
    )
    spine = "".join(f'    <itemref idref="c{number}"/>\n' for number in range(1, len(names) + 1))
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="id" xml:lang="{text.language}">
  <metadata xmlns:dc="http://purl.org/dc/elements/1.1/">
{_metadata(text)}  </metadata>
  <manifest>
    <item id="nav" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>
    <item id="style" href="style.css" media-type="text/css"/>
{items}  </manifest>
  <spine page-progression-direction="{text.pages_turn}">
{spine}  </spine>
</package>
"""


def _metadata(text: Text) -> str:
    lines = [
        f'<dc:identifier id="id">urn:uuid:{uuid.uuid5(uuid.NAMESPACE_OID, f"carrel demo {text.name}")}</dc:identifier>',
        f'<dc:title dir="{text.direction}">{escape(text.title)}</dc:title>',
        f"<dc:language>{text.language}</dc:language>",
    ]
    for number, (author, filed) in enumerate(zip(text.authors, text.filed, strict=True), start=1):
        lines += [
            f'<dc:creator id="a{number}">{escape(author)}</dc:creator>',
            f'<meta refines="#a{number}" property="role" scheme="marc:relators">aut</meta>',
            f'<meta refines="#a{number}" property="file-as">{escape(filed)}</meta>',
            f'<meta refines="#a{number}" property="display-seq">{number}</meta>',
        ]
    lines += [f"<dc:subject>{escape(subject)}</dc:subject>" for subject in text.subjects]
    lines += [
        f"<dc:description>{escape(text.description)}</dc:description>",
        f"<dc:publisher>{PUBLISHER}</dc:publisher>",
    ]
    if text.series:
        name, number = text.series
        lines += [
            f'<meta property="belongs-to-collection" id="series">{escape(name)}</meta>',
            '<meta refines="#series" property="collection-type">series</meta>',
            f'<meta refines="#series" property="group-position">{number}</meta>',
        ]
    lines.append(f'<meta property="dcterms:modified">{MODIFIED}</meta>')
    return "".join(f"    {line}\n" for line in lines)


def _contents(text: Text, chapters: tuple[Chapter, ...], names: list[str]) -> str:
    """The navigation document (EPUB 3.3, section 7)."""
    entries = "".join(
        f'<li><a href="{name}">{escape(chapter.title)}</a></li>\n'
        for name, chapter in zip(names, chapters, strict=True)
    )
    return _page(text, text.title, f'<nav epub:type="toc" id="toc">\n<ol>\n{entries}</ol>\n</nav>\n')


def _style(text: Text) -> str:
    upright = "em, p.author { font-style: normal; }\nem { font-weight: bold; }\n"
    return STYLE + (upright if text.language.partition("-")[0] in UPRIGHT else "") + (VERTICAL if text.vertical else "")


def _page(text: Text, title: str, body: str) -> str:
    language, direction = text.language, text.direction
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE html>
<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops" lang="{language}" \
xml:lang="{language}" dir="{direction}">
<head>
<title>{escape(title)}</title>
<link rel="stylesheet" type="text/css" href="style.css"/>
</head>
<body>
{body}</body>
</html>
"""


def _chapter(text: Text, chapter: Chapter, *, opening: bool) -> str:
    title = escape(chapter.title)
    authors = escape(" · ".join(text.authors))
    heading = f'<h1>{title}</h1>\n<p class="author">{authors}</p>\n' if opening else f"<h2>{title}</h2>\n"
    return heading + "".join(_block(block) for block in chapter.blocks)


def _block(block: Block) -> str:
    if block.kind == "paragraph":
        return f"<p>{'<br/>'.join(_line(line) for line in block.lines)}</p>\n"
    tag = "ul" if block.kind == "bullets" else "ol"
    items = "".join(f"<li>{_line(line)}</li>\n" for line in block.lines)
    return f"<{tag}>\n{items}</{tag}>\n"


def _line(line: Line) -> str:
    return "".join(f"<{style}>{escape(run)}</{style}>" if style else escape(run) for style, run in line)

"""Reading an uploaded book: what it is, what it says of itself, and whether the library can take it.

A file comes from outside and is hostile until proven otherwise, so nothing in this process ever parses it:
`read_book` and `read_picture` hand it to a child with narrow limits (`isolation`) and believe only small, typed
findings. Importing this package costs the standard library and msgspec; lxml, Pillow, pdfium and CLD3 are loaded
in the child alone.

    read_book, read_picture ── isolation ──┊── worker ── kinds ── epub ── archive, protection, package, navigation,
                                  (answer: ┊                   │          covers, lines
                                   a pipe) ┊                   ├─ pdf
                                           ┊                   └─ pictures
                                           ┊                      epub, pdf ── transcript, detection

`python -m chalicelib.catalogue.intake FILE…` prints what is read from files. A file that does not come in is
`Refused` with one of these codes; `REASONS` has the sentence for each.

| code          | when                                                                                          |
|---------------|-----------------------------------------------------------------------------------------------|
| empty         | there is not one byte                                                                         |
| not_a_book    | the bytes are neither an EPUB's nor a PDF's                                                   |
| not_a_picture | the bytes given as a cover are no JPEG, PNG, WebP or GIF that can be read                     |
| picture_size  | a cover has a side under 32 pixels, more than 40 megapixels, or more than 32 MiB              |
| broken        | cut off, damaged, not well-formed, or the child was lost over it                              |
| incomplete    | an EPUB has no package document or no chapters, a PDF no first page                           |
| drm           | a seller's lock (LCP, ADEPT, FairPlay, or any cipher but the one for fonts)                   |
| encrypted     | a password is needed                                                                          |
| hostile       | parts outside of the file, links, sizes that lie, bombs, entities that reach out or blow up   |
| too_large     | the file is larger than `Limits.file_bytes`                                                   |
| too_complex   | more parts, more pages, more when unpacked, or more memory than `Limits` allow                |
| too_slow      | more processor time or time on the clock than `Limits` allow                                  |
| too_long      | a writing has more than 1,000,000 characters                                                  |
| not_text      | a writing holds control characters or halves of characters                                    |
"""

from chalicelib.catalogue.intake.isolation import read_book, read_picture
from chalicelib.catalogue.intake.markdown import Writing, read_markdown
from chalicelib.catalogue.intake.model import REASONS, ContentsEntry, Cover, Limits, Reading, RefusalCode, Refused

__all__ = [
    "REASONS",
    "ContentsEntry",
    "Cover",
    "Limits",
    "Reading",
    "RefusalCode",
    "Refused",
    "Writing",
    "read_book",
    "read_markdown",
    "read_picture",
]

"""Content written in the app: what may be kept, and what is read from it."""

import subprocess
import sys

import pytest

from chalicelib.catalogue.intake import ContentsEntry, Refused, read_markdown


def test_words_and_the_first_heading_are_read():
    writing = read_markdown("Before\r\n\r\n# The *Title* ##\r\nSome words.\n")
    assert (writing.text, writing.words) == ("Before\n\n# The *Title* ##\nSome words.\n", 5)
    assert writing.heading == "The *Title*"


@pytest.mark.parametrize(
    ("content", "heading"),
    [
        ("Title\n=====\n", "Title"),
        ("```\n# code\n```\n## After", "After"),
        ("~~~\n```\n# code\n~~~\n# After", "After"),
        ("    # indented code", None),
        ("#hashtag", None),
        ("no heading", None),
    ],
)
def test_a_heading_is_one_where_commonmark_has_one(content: str, heading: str | None):
    assert read_markdown(content).heading == heading


def test_the_headings_are_the_contents_list():
    content = "# One\nText\n### *Three*\n```\n# code\n```\nTwo\n---\n- item\n---\n#\n# " + "x" * 600
    one, three, two, long = read_markdown(content).contents
    assert (one, three, two) == (
        ContentsEntry("One", None, 1),
        ContentsEntry("*Three*", None, 3),
        ContentsEntry("Two", None, 2),
    )
    assert len(long.title) == 500


def test_the_contents_list_is_bounded():
    assert len(read_markdown("# x\n" * 5_000).contents) == 1_000


def test_every_script_is_counted_in_its_own_way():
    assert read_markdown("吾輩は猫 and a कहानी").words == 4 + 3


def test_html_is_kept_as_the_text_it_is():
    assert read_markdown("<script>alert(1)</script>").text == "<script>alert(1)</script>"


@pytest.mark.parametrize("content", ["nul \0", "bell \a", "half of a character \ud800", "next line \x85"])
def test_what_is_not_text_is_refused(content: str):
    with pytest.raises(Refused) as refused:
        read_markdown(content)
    assert refused.value.code == "not_text"


def test_a_million_characters_are_the_most():
    assert read_markdown("x" * 1_000_000).words == 1
    with pytest.raises(Refused) as refused:
        read_markdown("x" * 1_000_001)
    assert refused.value.code == "too_long"


def test_the_parsers_are_not_loaded_where_files_are_not_read():
    code = "import sys, chalicelib.catalogue.intake; print({'lxml', 'PIL', 'pypdfium2', 'gcld3'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"

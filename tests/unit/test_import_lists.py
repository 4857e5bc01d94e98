"""Lists of books come in as people have them: from any spreadsheet, with a line that is wrong here and there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from chalicelib.catalogue.schemas import ImportedBook
from chalicelib.validation import validated
from infra.importer import lists
from infra.importer.candidate import Candidate
from tests.factories_books import epub

HEAD = "title,authors,language,isbn\n"


def read(path: Path, content: str | bytes) -> list[Candidate]:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    lists.count(path)
    return list(lists.candidates(path, "EUR"))


def one(path: Path, content: str | bytes) -> dict[str, Any]:
    (found,) = read(path, content)
    assert found.trouble is None, found.trouble
    return found.about


def troubles(path: Path, content: str | bytes) -> dict[str, str | None]:
    """What is wrong, by the line."""
    return {each.place.rpartition(":")[2]: each.trouble for each in read(path, content)}


@pytest.fixture
def csv(tmp_path: Path) -> Path:
    return tmp_path / "books.csv"


@pytest.fixture
def jsonl(tmp_path: Path) -> Path:
    return tmp_path / "books.jsonl"


class TestCsv:
    def test_every_column_finds_its_field(self, csv: Path) -> None:
        about = one(
            csv,
            "Title,AUTHORS,Language,Sections,Series,series_position,Publisher,Subjects,Identifiers,ISBN,Description,"
            "Copies,Pages,Price,Rating,Origin,of no use\n"
            'The Lamp,Ada Ito; Bo Ek ,EN_us,Sea;Light,Lights,2.5,House,one; two;one,doi:10.1/a,="978-0141439518",'
            '"<p>A lamp.</p>",3,120,4.99,4,other:7,x\n',
        )
        assert about == {
            "title": "The Lamp",
            "authors": ["Ada Ito", "Bo Ek"],
            "language": "en-US",
            "sections": ["Sea", "Light"],
            "series": {"name": "Lights", "position": 2.5},
            "publisher": "House",
            "subjects": ["one", "two"],
            "identifiers": ["urn:isbn:9780141439518", "doi:10.1/a"],
            "description": "A lamp.",
            "copies": 3,
            "pages": 120,
            "price": {"amount": 499, "currency": "EUR"},
            "rating": 4,
            "origin": "other:7",
        }
        validated(ImportedBook, about)

    @pytest.mark.parametrize(
        ("name", "field"),
        [
            ("author", "authors"),
            ("Author(s)", "authors"),
            ("Tags", "subjects"),
            ("Bookshelves", "sections"),
            ("Summary", "description"),
            ("publisher", "publisher"),
        ],
    )
    def test_columns_are_known_by_other_names_too(self, csv: Path, name: str, field: str) -> None:
        assert one(csv, f"Book Title;{name}\nA;said\n")[field] in ("said", ["said"])

    @pytest.mark.parametrize("delimiter", [",", ";", "\t"])
    @pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=["unix", "windows", "old mac"])
    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
    def test_whatever_a_spreadsheet_writes_is_read(self, csv: Path, delimiter: str, end: str, encoding: str) -> None:
        rows = [["title", "authors", "description"], ['"Ünï, 書"', "Ada", '"one\ntwo; three\tfour"'], ["B", "", ""]]
        content = end.join(delimiter.join(row) for row in rows)
        first, second = read(csv, content.encode(encoding))
        assert first.about["title"] == "Ünï, 書"
        assert first.about["description"] == "one\ntwo; three four"
        assert second.about == {"title": "B"}

    def test_bytes_that_are_no_text_are_one_error_with_the_line(self, csv: Path) -> None:
        csv.write_bytes(HEAD.encode() + b"A,Ada,en,\nB,J\xfcrgen,de,\nC,,,\n")
        with pytest.raises(lists.Unreadable, match=r"books\.csv, line 3: this is not UTF-8; save it as UTF-8\."):
            lists.count(csv)

    def test_a_list_without_titles_is_one_error(self, csv: Path) -> None:
        csv.write_text("what,who\nA,B\n")
        with pytest.raises(lists.Unreadable, match="no column is named title"):
            lists.count(csv)

    def test_a_line_without_end_is_not_read_into_memory(self, csv: Path) -> None:
        csv.write_text(HEAD + "x" * (2 * lists.LONGEST_LINE))
        with pytest.raises(lists.Unreadable, match="line 2: this line is longer"):
            lists.count(csv)

    def test_an_empty_list_has_no_books(self, csv: Path) -> None:
        assert read(csv, HEAD) == []
        assert read(csv, HEAD + "\n,,,\n \n") == []
        (nothing,) = read(csv, "")
        assert "no column is named title" in (nothing.trouble or "")

    @pytest.mark.parametrize(
        ("row", "trouble"),
        [
            ("A,Ada,klingon!,", "language: 'klingon!' is no language; write a tag such as en, pt-BR or zh-Hant."),
            ("A,Ada,en,9.78014E+12", "isbn: '9.78014E+12' is no ISBN; a spreadsheet may have made a number of it."),
            ("A,Ada,en,,more", "this line has 5 cells, and the first line names 4 columns."),
            ('"A"B,Ada,en,', "this line is not quoted as CSV is (',' expected after '\"')."),
        ],
    )
    def test_a_wrong_line_is_told_with_its_number_and_the_others_come_in(
        self, csv: Path, row: str, trouble: str
    ) -> None:
        found = troubles(csv, f"{HEAD}First,,,\n{row}\nLast,,,\n")
        assert found == {"2": None, "3": f"Line 3: {trouble}", "4": None}

    def test_a_quotation_mark_that_is_not_closed_costs_its_line_only(self, csv: Path) -> None:
        rows = "".join(f"Book {n},Ada,en,\n" for n in range(30))
        found = troubles(csv, f'{HEAD}First,,,\n"Open,Ada,en,\n{rows}')
        assert found.pop("3") is not None
        assert len(found) == 31
        assert set(found.values()) == {None}

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("copies", "three"),
            ("copies", "0"),
            ("copies", "1e400"),
            ("pages", "-1"),
            ("pages", "1e30"),
            ("rating", "6"),
            ("rating", "good"),
            ("rating", "nan"),
            ("series_position", "first"),
            ("sections", "s" * 101),
        ],
    )
    def test_a_value_that_does_not_fit_is_left_for_validation_to_name(self, csv: Path, field: str, value: str) -> None:
        about = one(csv, f"title,series,{field}\nA,S,{value}\n")
        if field == "sections":
            about["sections"] = ["s" * 101]
        with pytest.raises(Exception, match="not right") as refusal:
            validated(ImportedBook, about)
        assert [each.field.partition(".")[0] for each in getattr(refusal.value, "fields", ())] == [
            field.removesuffix("_position")
        ]

    @pytest.mark.parametrize(
        ("said", "price"),
        [
            ("4.99", {"amount": 499, "currency": "EUR"}),
            ('"4,5"', {"amount": 450, "currency": "EUR"}),
            ("USD 12", {"amount": 1200, "currency": "USD"}),
            ("500 jpy", {"amount": 500, "currency": "JPY"}),
            ("1.250 KWD", {"amount": 1250, "currency": "KWD"}),
            ("0.00", None),
        ],
    )
    def test_prices_are_in_minor_units(self, csv: Path, said: str, price: dict[str, Any] | None) -> None:
        assert one(csv, f"title,price\nA,{said}\n")["price"] == price

    @pytest.mark.parametrize("said", ["free", "-1", "4.999", "1.50 JPY", "1,234.50", "$5"])
    def test_a_price_that_could_mean_two_things_is_refused(self, csv: Path, said: str) -> None:
        assert "price" in (troubles(csv, f'title,price\nA,"{said}"\n')["2"] or "")

    def test_the_same_number_in_two_lists_is_not_the_same_book(self, csv: Path) -> None:
        first, second, third = read(csv, "id,title\n1,Emma\n1,Persuasion\n1,EMMA\n")
        assert first.about["origin"] != second.about["origin"]
        assert first.about["origin"] == third.about["origin"]

    def test_a_column_gives_a_file_beside_the_list(self, csv: Path) -> None:
        (csv.parent / "sub").mkdir()
        (csv.parent / "sub" / "a.epub").write_bytes(epub())
        found = read(csv, "title,file\nA,sub/a.epub\nB,sub\\a.epub\nC,\n")
        assert [[path.name for path in each.files] for each in found] == [["a.epub"], ["a.epub"], []]

    @pytest.mark.parametrize("name", ["gone.epub", "../out.epub", "/etc/passwd", "link.epub", "sub", "a\x00b"])
    def test_a_file_elsewhere_is_not_taken(self, tmp_path: Path, name: str) -> None:
        (tmp_path / "out.epub").write_bytes(epub())
        folder = tmp_path / "list"
        (folder / "sub").mkdir(parents=True)
        (folder / "link.epub").symlink_to(tmp_path / "out.epub")
        assert "is not there" in (troubles(folder / "books.csv", f"title,file\nA,{name}\n")["2"] or "")

    def test_a_formula_is_only_text(self, csv: Path) -> None:
        assert one(csv, "title,authors\n=HYPERLINK(1),@x\n") == {"title": "=HYPERLINK(1)", "authors": ["@x"]}


class TestJsonLines:
    def test_records_of_the_api_come_in_as_they_are(self, jsonl: Path) -> None:
        record = (
            '{"title": "The Lamp", "authors": ["Ada; Ito"], "series": {"name": "Lights", "position": 2},'
            ' "price": {"amount": 499, "currency": "EUR"}, "rating": 4.5, "copies": 2, "content": "# One",'
            ' "origin": "other:7", "unknown": {"deep": []}, "publisher": null}'
        )
        about = one(jsonl, record + "\n")
        assert about == {
            "title": "The Lamp",
            "authors": ["Ada; Ito"],
            "series": {"name": "Lights", "position": 2},
            "price": {"amount": 499, "currency": "EUR"},
            "rating": 5,
            "copies": 2,
            "content": "# One",
            "origin": "other:7",
        }
        validated(ImportedBook, about)

    def test_words_of_spreadsheets_do_too(self, jsonl: Path) -> None:
        about = one(jsonl, '{"Title": 1984, "author": "Ada; Bo", "Series": "L", "volume": "3", "isbn": 9780141439518}')
        assert about["title"] == "1984"
        assert about["authors"] == ["Ada", "Bo"]
        assert about["series"] == {"name": "L", "position": 3}
        assert about["identifiers"] == ["urn:isbn:9780141439518"]

    @pytest.mark.parametrize("line", ["{", "[]", "1", '{"title": "A", "authors": 5.5e', "[" * 100_000])
    def test_a_wrong_line_is_told_and_the_others_come_in(self, jsonl: Path, line: str) -> None:
        found = troubles(jsonl, f'{{"title": "A"}}\n\n{line}\n{{"title": "B"}}\n')
        assert (found["1"], found["4"]) == (None, None)
        assert (found["3"] or "").startswith("Line 3: ")

    @pytest.mark.parametrize(
        "record", ['{"title": [1]}', '{"title": "A", "authors": {"a": 1}}', '{"title": "A", "series": 5}', "{}"]
    )
    def test_what_has_the_wrong_shape_never_passes(self, jsonl: Path, record: str) -> None:
        (found,) = read(jsonl, record)
        if found.trouble is None:
            with pytest.raises(Exception, match="not right"):
                validated(ImportedBook, found.about)

"""Which language the library believes a book to be in."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from chalicelib.catalogue.intake import Reading, read_book
from tests.factories_books import epub, package

ENGLISH = """The old lighthouse stood at the end of the harbour, and every evening the keeper climbed its narrow
stairs with a lamp in his hand. He had done so for thirty years, and nobody in the village could remember
a night on which the light had failed. When the storms came in from the west the fishermen looked for it
before they looked for the stars."""
FRENCH = """Le vieux phare se dressait au bout du port, et chaque soir le gardien montait son escalier étroit, une
lampe à la main. Il le faisait depuis trente ans, et personne au village ne se souvenait d'une nuit où la
lumière avait manqué. Quand les tempêtes venaient de l'ouest, les pêcheurs la cherchaient avant de
chercher les étoiles."""
RUSSIAN = """Старый маяк стоял в конце гавани, и каждый вечер смотритель поднимался по узкой лестнице с лампой в руке.
Он делал это тридцать лет, и никто в деревне не мог вспомнить ночи, когда свет не горел. Когда с запада
приходили бури, рыбаки искали его раньше, чем звёзды на небе."""
HINDI = """पुराना प्रकाशस्तंभ बंदरगाह के छोर पर खड़ा था, और हर शाम उसका रखवाला हाथ में दीपक लेकर संकरी सीढ़ियाँ
चढ़ता था। वह तीस साल से ऐसा करता आया था, और गाँव में किसी को ऐसी रात याद नहीं थी जब रोशनी न जली हो। जब
पश्चिम से तूफ़ान आते थे तो मछुआरे तारों से पहले उसी को खोजते थे।"""
SANSKRIT = """धर्मक्षेत्रे कुरुक्षेत्रे समवेता युयुत्सवः। मामकाः पाण्डवाश्चैव किमकुर्वत सञ्जय॥ दृष्ट्वा तु पाण्डवानीकं
व्यूढं दुर्योधनस्तदा। आचार्यमुपसङ्गम्य राजा वचनमब्रवीत्॥ अत्र शूरा महेष्वासा भीमार्जुनसमा युधि। युयुधानो
विराटश्च द्रुपदश्च महारथः॥ धृष्टकेतुश्चेकितानः काशिराजश्च वीर्यवान्। पुरुजित्कुन्तिभोजश्च शैब्यश्च
नरपुङ्गवः॥ अन्ये च बहवः शूरा मदर्थे त्यक्तजीविताः।"""
GREEK = """Μῆνιν ἄειδε θεὰ Πηληϊάδεω Ἀχιλῆος οὐλομένην, ἣ μυρί᾽ Ἀχαιοῖς ἄλγε᾽ ἔθηκε, πολλὰς δ᾽ ἰφθίμους ψυχὰς Ἄϊδι
προΐαψεν ἡρώων, αὐτοὺς δὲ ἑλώρια τεῦχε κύνεσσιν οἰωνοῖσί τε πᾶσι, Διὸς δ᾽ ἐτελείετο βουλή, ἐξ οὗ δὴ τὰ
πρῶτα διαστήτην ἐρίσαντε Ἀτρεΐδης τε ἄναξ ἀνδρῶν καὶ δῖος Ἀχιλλεύς."""
LATIN = """Gallia est omnis divisa in partes tres, quarum unam incolunt Belgae, aliam Aquitani, tertiam qui ipsorum
lingua Celtae, nostra Galli appellantur. Hi omnes lingua, institutis, legibus inter se differunt. Gallos
ab Aquitanis Garumna flumen, a Belgis Matrona et Sequana dividit. Horum omnium fortissimi sunt Belgae,
propterea quod a cultu absunt."""
JAPANESE = """港のはずれに古い灯台が立っていて、毎晩、灯台守はランプを手に狭い階段をのぼった。彼は三十年もそうして
きたので、村の誰も、明かりの消えた夜を思い出すことができなかった。西から嵐が来ると、漁師たちは星より
も先にその明かりを探した。"""
ARABIC = """كانت المنارة القديمة تقف في آخر الميناء، وفي كل مساء كان الحارس يصعد درجها الضيق وفي يده مصباح. كان يفعل
ذلك منذ ثلاثين عامًا، ولم يكن أحد في القرية يتذكر ليلة انطفأ فيها الضوء. وعندما كانت العواصف تأتي من
الغرب كان الصيادون يبحثون عنه."""

Declare = Callable[..., Reading]


@pytest.fixture
def read(tmp_path: Path) -> Declare:
    """A book of a text, repeated, that declares these languages."""

    def read_text(text: str, *declared: str, times: int = 12) -> Reading:
        metadata = "".join(f"<dc:language>{tag}</dc:language>" for tag in declared)
        path = tmp_path / "upload"
        path.write_bytes(epub(package(metadata), f"<p>{text}</p>" * times))
        return read_book(path)

    return read_text


@pytest.mark.parametrize(
    ("text", "language"),
    [
        (ENGLISH, "en"),
        (FRENCH, "fr"),
        (RUSSIAN, "ru"),
        (HINDI, "hi"),
        (SANSKRIT, "sa"),
        (JAPANESE, "ja"),
        (ARABIC, "ar"),
    ],
)
def test_a_language_that_is_not_declared_is_read_from_the_text(read: Declare, text: str, language: str):
    book = read(text)
    assert (book.language, book.declared_language) == (language, None)


@pytest.mark.parametrize(
    ("text", "declared", "language"),
    [
        (FRENCH, "en", "fr"),
        (ENGLISH, "de-DE", "en"),
        (HINDI, "en-US", "hi"),
        (SANSKRIT, "en", "sa"),
        (ARABIC, "en", "ar"),
        (RUSSIAN, "en", "ru"),
        (JAPANESE, "zh-Hant", "ja"),
        (ENGLISH, "ja", "en"),
        (HINDI, "sa-Latn", "hi"),
    ],
)
def test_a_text_that_is_clearly_in_another_language_overrules_what_is_declared(
    read: Declare, text: str, declared: str, language: str
):
    book = read(text, declared)
    assert (book.language, book.declared_language) == (language, declared)


@pytest.mark.parametrize(
    ("text", "declared"),
    [(ENGLISH, "en-GB"), (FRENCH, "fr-CA"), (JAPANESE, "ja-Jpan"), (ARABIC, "ar-EG"), (HINDI, "hi-Deva-IN")],
)
def test_region_and_script_stay_where_the_language_is_right(read: Declare, text: str, declared: str):
    assert read(text, declared).language == declared


@pytest.mark.parametrize(("text", "declared"), [(SANSKRIT, "sa"), (GREEK, "grc"), (LATIN, "la"), (ENGLISH, "enm")])
def test_an_old_language_is_not_taken_for_its_modern_neighbour(read: Declare, text: str, declared: str):
    assert read(text, declared).language == declared


def test_a_language_that_nobody_here_knows_is_believed(read: Declare):
    assert read(ENGLISH, "qaa").language == "qaa"


@pytest.mark.parametrize(
    ("text", "times"),
    [(FRENCH, 1), ("Bonjour.", 1), ("1 2 3", 100), (f"{FRENCH}</p><p>{ENGLISH}", 6), (f"{HINDI}</p><p>{ENGLISH}", 6)],
    ids=["short", "a word", "numbers", "mixed", "mixed scripts"],
)
def test_a_short_or_mixed_text_overrules_nothing(read: Declare, text: str, times: int):
    assert read(text, "en", times=times).language == "en"


def test_a_text_without_words_says_nothing_of_its_language(read: Declare):
    assert read("1 2 3").language is None


def test_a_declaration_that_cannot_be_right_is_not_believed_even_where_the_text_is_a_riddle(read: Declare):
    assert read("བོད་སྐད་ཀྱི་དེབ་ " * 20, "en").language is None


def test_of_several_declared_languages_the_one_of_the_text_is_taken_as_it_is_declared(read: Declare):
    book = read(FRENCH, "en-US", "fr-BE")
    assert (book.language, book.declared_language) == ("fr-BE", "en-US")


def test_what_the_book_says_is_kept_chapter_by_chapter_in_reading_order(tmp_path: Path):
    item = '<item id="{0}" href="{0}.xhtml" media-type="application/xhtml+xml"/>'
    path = tmp_path / "upload"
    path.write_bytes(
        epub(
            package(manifest=item.format("b") + item.format("a"), spine='<itemref idref="b"/><itemref idref="a"/>'),
            extra={
                "OEBPS/a.xhtml": "<html><head><title>no</title></head><body>Second\n <b>chap</b>ter</body></html>",
                "OEBPS/b.xhtml": "<html><body><p>पहला&#x202e;</p><script>no</script></body></html>",
            },
        )
    )
    lines = [json.loads(line) for line in gzip.decompress(read_book(path).text or b"").splitlines()]
    assert lines == [
        {"href": "OEBPS/b.xhtml", "text": "पहला"},
        {"href": "OEBPS/a.xhtml", "text": "Second chapter"},
    ]

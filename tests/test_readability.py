"""What families read is easy to read: Gulpease, the index made for Italian (60 is easy for who left school at 14)."""

import re
from collections.abc import Iterable
from pathlib import Path

import pytest

from piutempo.correspondence.kinds import list_kinds
from tests.test_translations import ROOT, listed_files, texts_of

#: Shorter texts are labels: the index says nothing about them.
WORDS = 8
#: One sentence may fall a little short; a page, a letter and all texts together may not.
EACH, EACH_PAGE, EACH_LETTER, ALL_TOGETHER = 55, 60, 60, 70


def measures(text: str) -> tuple[int, int, int]:
    """Letters, words and sentences of a text; what is filled in counts as a word of one letter."""
    words = re.findall(r"[\wàèéìòù]+", re.sub(r"<[^>]+>|%\(\w+\)s", "x", text))
    return sum(map(len, words)), len(words), max(1, len(re.findall(r"[.!?:;](?:\s|$)", text)))


def gulpease(letters: int, words: int, sentences: int) -> float:
    return 89 + (300 * sentences - 10 * letters) / words


def test_the_index_is_that_of_its_definition():
    assert gulpease(*measures("Il gatto mangia.")) == 89 + (300 - 130) / 3


def test_public_and_citizen_texts_are_easy():
    found = {}
    for path in listed_files():
        for _context, text in texts_of(path):
            for one in text if isinstance(text, tuple) else (text,):
                if one and measures(one)[1] >= WORDS:
                    found[one] = path.relative_to(ROOT)
    by_page: dict[Path, list[tuple[int, int, int]]] = {}
    for one, path in found.items():
        by_page.setdefault(path, []).append(measures(one))
    pages = {path: gulpease(*total(rows)) for path, rows in by_page.items()}
    assert not {str(path): round(index) for path, index in pages.items() if index < EACH_PAGE}
    hard = [
        f"{gulpease(*measures(one)):.0f} {path}: {one}"
        for one, path in found.items()
        if gulpease(*measures(one)) < EACH
    ]
    assert not hard, "write shorter sentences and words:\n" + "\n".join(hard)
    assert gulpease(*total(map(measures, found))) >= ALL_TOGETHER


def total(rows: Iterable[tuple[int, int, int]]) -> tuple[int, int, int]:
    letters, words, sentences = (sum(column) for column in zip(*rows, strict=True))
    return letters, words, sentences


def paragraphs(body: str) -> list[str]:
    """A letter's paragraphs, headings and list items: each ends a sentence; what is filled in is a short word."""
    return [re.sub(r"\{\w+\}", "x", line).lstrip("-# ") for line in body.splitlines() if line.strip()]


@pytest.mark.parametrize("kind", list_kinds(), ids=lambda kind: kind.code)
def test_letters_are_easy(kind):
    index = gulpease(*total(map(measures, [kind.subject, *paragraphs(kind.body)])))
    assert index >= EACH_LETTER, f"{kind.code}: {index:.0f}. Write shorter sentences and words:\n{kind.body}"

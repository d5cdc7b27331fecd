"""What families read is easy to read: Gulpease, the index made for Italian (60 is easy for who left school at 14)."""

import re

from tests.test_translations import ROOT, listed_files, texts_of

#: Shorter texts are labels: the index says nothing about them.
WORDS = 8
EACH, ALL_TOGETHER = 55, 70


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
    hard = [
        f"{gulpease(*measures(one)):.0f} {path}: {one}"
        for one, path in found.items()
        if gulpease(*measures(one)) < EACH
    ]
    assert not hard, "write shorter sentences and words:\n" + "\n".join(hard)
    letters, words, sentences = (sum(column) for column in zip(*map(measures, found), strict=True))
    assert gulpease(letters, words, sentences) >= ALL_TOGETHER

"""The office's words: versions, preview, nothing lost."""

import pytest
from django.db import DatabaseError, transaction

from piutempo.correspondence.models import LetterTemplate
from piutempo.correspondence.rules import Refusal
from piutempo.correspondence.services import LetterRefused, open_document, preview_words, save_template
from tests.correspondence.factories import AT, REQUEST, make_person, make_user, send
from tests.correspondence.test_documents import read

pytestmark = pytest.mark.django_db


def save(user, body="Ciao {nome}, domanda {numero}.", base=0, subject="Oggetto {numero}"):
    return save_template(kind=REQUEST.code, subject=subject, body=body, base_version=base, at=AT, by=user)


def test_the_next_letter_uses_the_new_words_and_the_old_one_keeps_its_own():
    user = make_user()
    old = send(make_person(), 1)
    save(user)
    new = send(make_person(2), 2)
    assert (old.template_version, new.template_version) == (0, 1)
    assert "Ciao Maria Rossi, domanda 2026/7." in read(open_document(new.document))[1]
    assert "Gentile Maria Rossi" in read(open_document(old.document))[1]
    assert new.title == "Oggetto 2026/7"


def test_words_with_an_unknown_field_are_not_saved():
    with pytest.raises(LetterRefused) as refused:
        save(make_user(), body="Ciao {nme}")
    assert refused.value.code == Refusal.UNKNOWN_FIELD
    assert refused.value.faults[0].hint == "nome"
    assert not LetterTemplate.objects.exists()


@pytest.mark.parametrize(
    ("body", "code"),
    [("   ", Refusal.EMPTY_TEXT), ("x" * 20_000, Refusal.TOO_LONG), (REQUEST.body, Refusal.NO_CHANGE)],
)
def test_words_that_make_no_version(body, code):
    with pytest.raises(LetterRefused) as refused:
        save(make_user(), body=body, subject=REQUEST.subject)
    assert refused.value.code == code


def test_nobody_overwrites_anothers_version():
    user = make_user()
    save(user, body="Prima {nome}")
    with pytest.raises(LetterRefused) as refused:
        save(user, body="Seconda {nome}", base=0)
    assert refused.value.code == Refusal.CHANGED_MEANWHILE
    assert save(user, body="Seconda {nome}", base=1).version == 2
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        LetterTemplate.objects.update(body="x")


def test_the_preview_shows_the_examples_and_stores_nothing(refuse_writes):
    with refuse_writes():
        _reader, text = read(
            preview_words(kind=REQUEST.code, subject="Prova {numero}", body="Ciao {nome}\n{documenti}", at=AT)
        )
    assert "Prova 2026/12" in text
    assert "Maria Rossi" in text
    assert "contratto di lavoro" in text

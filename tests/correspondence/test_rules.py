"""How a letter's text is read, checked and filled in."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from piutempo.correspondence.messages import REFUSALS, sentence_for
from piutempo.correspondence.rules import Refusal, TextFault, blocks_of, faults_in, fill, plain_text, wait_after

KNOWN = ["nome", "telefono", "numero"]


def test_an_unknown_field_is_named_with_the_closest_one():
    assert faults_in("Ciao {nome}, chiama {telefno}", KNOWN) == [
        TextFault(Refusal.UNKNOWN_FIELD, "telefno", "telefono")
    ]
    assert "{telefono}" in sentence_for(faults_in("{telefno}", KNOWN)[0])
    assert faults_in("{zzz}", KNOWN)[0].hint == ""
    assert "{zzz}" in sentence_for(faults_in("{zzz}", KNOWN)[0])


@pytest.mark.parametrize("text", ["{nome", "nome}", "{}", "{no me}", "{{nome}}", "{nome!r}"])
def test_a_stray_brace_is_refused(text):
    assert Refusal.STRAY_BRACE in {fault.code for fault in faults_in(text, KNOWN)}


@given(st.text(), st.text())
def test_what_a_field_holds_is_never_read_as_a_field(name, number):
    assert fill("{nome}/{numero}", {"nome": name, "numero": number}) == f"{name}/{number}"


@given(st.text())
def test_any_text_becomes_blocks_and_loses_no_word(text):
    said = plain_text(blocks_of(text)).lower().split()
    marks = {"-", "##"}
    assert (
        [w for w in said if w not in marks] == [w for w in text.lower().split() if w not in marks]
        or "- " in text
        or "## " in text
    )


def test_blocks_tell_what_to_do_next_apart():
    blocks = blocks_of(
        "Gentile Maria,\n\nmancano:\n- ISEE\n- firma\nGrazie\n\n## Che cosa fare ora\nChiama.\n## Altro\nFine"
    )
    assert [(b["is"], b["next"]) for b in blocks] == [
        ("text", False),
        ("text", False),
        ("list", False),
        ("text", False),
        ("heading", True),
        ("text", True),
        ("heading", False),
        ("text", False),
    ]
    assert blocks[2]["items"] == ["ISEE", "firma"]


def test_waits_grow_and_end():
    waits = [wait_after(n) for n in range(1, 8)]
    assert waits[0] == timedelta(minutes=1)
    assert waits[:6] == sorted(waits[:6])
    assert waits[6] is None


def test_every_refusal_has_a_sentence():
    assert set(REFUSALS) == set(Refusal)

"""The form renderer ties labels, hints and errors together; the fields read what Italians write."""

import re
from datetime import date
from typing import Any

import pytest
from django import forms
from django.core.files.uploadedfile import SimpleUploadedFile
from django.template import Context, Template

from piutempo.ui.forms import DayField, EuroField, KeyedForm, UploadField


class Sample(KeyedForm):
    groups = [("Chi sei", ["name", "sex"])]
    name = forms.CharField(label="Nome", help_text="Come sul documento.")
    sex = forms.ChoiceField(label="Sesso", choices=[("f", "donna"), ("m", "uomo")], widget=forms.RadioSelect)
    price = EuroField(label="Prezzo")
    born = DayField(label="Nascita", required=False)
    ok = forms.BooleanField(label="Dichiaro")


def rendered(form: forms.Form) -> str:
    return Template("{% render_form form %}").render(Context({"form": form}))


def test_every_field_has_a_label_and_its_hint_is_announced():
    html = rendered(Sample())
    for name in ("name", "price", "born", "ok"):
        assert f'<label for="id_{name}"' in html
    assert 'aria-describedby="id_name_hint"' in html
    assert 'id="id_name_hint">Come sul documento.' in html
    assert re.search(r"<fieldset[^>]*id=\"id_sex\".*?<legend>Sesso", html, re.DOTALL)
    assert "<legend>Chi sei</legend>" in html
    assert "pt-error-summary" not in html


def test_required_fields_say_so_without_the_browsers_own_bubbles():
    html = rendered(Sample())
    assert 'aria-required="true"' in html
    assert " required" not in re.sub(r"<span[^>]*>.*?</span>", "", html)


def test_errors_are_listed_on_top_and_linked_to_their_fields():
    form = Sample({"name": "", "sex": "", "price": "10,005", "born": "31.12"})
    form.is_valid()
    form.add_error(None, "La domanda c'è già: aprila dalla tua area.")
    html = rendered(form)
    summary = html[: html.index("</div>")]
    assert 'role="alert"' in summary and 'tabindex="-1"' in summary
    for name in ("name", "sex", "price", "born", "ok"):
        assert f'<a href="#id_{name}">' in summary
        assert f'id="id_{name}_error"' in html
    assert "La domanda c&#x27;è già" in summary
    assert re.search(r'<input[^>]*name="price"[^>]*aria-describedby="id_price_error"[^>]*aria-invalid="true"', html)


def test_what_the_user_typed_is_escaped():
    form = Sample({"name": "<script>alert(1)</script>", "price": "x"})
    form.is_valid()
    assert "<script>" not in rendered(form)


@pytest.mark.parametrize(
    ("text", "cents"), [("10", 1000), ("10,5", 1050), ("1.234,50", 123450), ("1.234,50 €", 123450), (" 7,05 ", 705)]
)
def test_euro_field_reads_italian_amounts(text: str, cents: int):
    assert EuroField().clean(text) == cents


@pytest.mark.parametrize("text", ["10,005", "10.5", "dieci", "-3", "1,2,3"])
def test_euro_field_refuses_what_could_be_read_in_two_ways(text: str):
    with pytest.raises(forms.ValidationError, match="due decimali"):
        EuroField().clean(text)


def test_euro_field_shows_stored_cents_as_euro():
    class Priced(forms.Form):
        price = EuroField(initial=123450)

    assert 'value="1.234,50"' in str(Priced()["price"])


def test_day_field_reads_the_picker_and_the_hand():
    assert DayField().clean("2026-12-31") == date(2026, 12, 31)
    assert DayField().clean("31/12/2026") == date(2026, 12, 31)
    with pytest.raises(forms.ValidationError, match="31/12/2026"):
        DayField().clean("2026-31-12")


def test_upload_field_refuses_what_is_too_large_empty_or_of_another_kind(settings: Any):
    settings.UPLOAD_MAX_BYTES = 10
    field = UploadField(endings=[".csv", ".xlsx"])
    assert field.clean(SimpleUploadedFile("a.CSV", b"x")).name == "a.CSV"
    for file, words in [
        (SimpleUploadedFile("a.csv", b"x" * 11), "dividilo"),
        (SimpleUploadedFile("a.csv", b""), "vuoto"),
        (SimpleUploadedFile("a.pdf", b"x"), ".csv o .xlsx"),
        (None, "Scegli un file"),
    ]:
        with pytest.raises(forms.ValidationError, match=words):
            field.clean(file)


def test_a_form_keeps_its_key_when_sent_and_a_new_one_gets_another():
    first, second = Sample(), Sample()
    key = first["request_key"].value()
    assert key and key != second["request_key"].value()
    assert Sample({"request_key": key})["request_key"].value() == key
    assert f'name="request_key" value="{key}"' in rendered(first)

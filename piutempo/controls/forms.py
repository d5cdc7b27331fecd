"""Forms of checks: shape only; what may be done is the services' business."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from piutempo.controls.models import ADVERSE, CheckOutcome, ItemOutcome, SeedWay
from piutempo.programmes.models import Programme
from piutempo.ui.forms import DayField, KeyedForm, UploadField

ENDINGS = (".pdf", ".jpg", ".jpeg", ".png")
LONG = 5_000


class SampleForm(forms.Form):
    """A new sample: programme, period (last day included) and where the seed comes from."""

    programme = forms.ModelChoiceField(label=_("Programma"), queryset=Programme.objects.none())
    period_from = DayField(label=_("Domande presentate dal"))
    period_last = DayField(label=_("al"), help_text=_("Ultimo giorno compreso."))
    seed_way = forms.ChoiceField(
        label=_("Seme dell'estrazione"),
        choices=[
            (SeedWay.SYSTEM, _("Lo sorteggia il programma")),
            (SeedWay.PUBLIC, _("Lo trascrivo da un sorteggio pubblico")),
        ],
        initial=SeedWay.SYSTEM,
        widget=forms.RadioSelect,
    )
    seed = forms.CharField(
        label=_("Numero sorteggiato in pubblico"),
        help_text=_("Solo per il sorteggio pubblico, per esempio 48-7-22-61-90."),
        max_length=100,
        required=False,
    )
    seed_source = forms.CharField(
        label=_("Dove si può controllare"),
        help_text=_("Solo per il sorteggio pubblico: quale, di che giorno, dove è pubblicato."),
        max_length=200,
        required=False,
    )

    def __init__(self, data: Any, *, programmes: QuerySet[Programme]) -> None:
        super().__init__(data)
        field = self.fields["programme"]
        assert isinstance(field, forms.ModelChoiceField)  # noqa: S101 - narrows the type for mypy
        field.queryset = programmes


class DoubtForm(forms.Form):
    """Why one request is checked."""

    reason = forms.CharField(
        label=_("Perché c'è un dubbio"),
        help_text=_("Che cosa non torna e da dove risulta. Lo legge soltanto chi svolge il controllo."),
        widget=forms.Textarea(attrs={"rows": 4}),
        max_length=LONG,
    )


class ItemForm(forms.Form):
    """What was found of one item."""

    outcome = forms.ChoiceField(label=_("Esito"), choices=ItemOutcome.choices, widget=forms.RadioSelect)
    note = forms.CharField(
        label=_("Che cosa hai verificato"),
        help_text=_("Necessario se la voce non è in regola o non riguarda il caso."),
        widget=forms.Textarea(attrs={"rows": 2}),
        max_length=LONG,
        required=False,
    )
    file = UploadField(
        label=_("Documento"), help_text=_("PDF o foto, al massimo 5 MB."), endings=ENDINGS, required=False
    )


class FindingForm(forms.Form):
    """What does not match, in words that the family understands."""

    text = forms.CharField(
        label=_("Che cosa non torna e che cosa può fare la famiglia"),
        help_text=_(
            "Scrivi come parleresti a voce: quale dato, da dove risulta diverso, quale documento lo chiarisce."
        ),
        widget=forms.Textarea(attrs={"rows": 8}),
        max_length=LONG,
    )


class OutcomeForm(forms.Form):
    """How the check ends."""

    outcome = forms.ChoiceField(
        label=_("Esito del controllo"),
        choices=[(o.value, o.label.capitalize()) for o in (CheckOutcome.REGULAR, *ADVERSE)],
        widget=forms.RadioSelect,
    )
    reasons = forms.CharField(
        label=_("Motivi"),
        help_text=_("Necessari se l'esito non è regolare: la famiglia li legge."),
        widget=forms.Textarea(attrs={"rows": 6}),
        max_length=LONG,
        required=False,
    )


class ReturnForm(forms.Form):
    """Why a proposed outcome goes back."""

    reason = forms.CharField(label=_("Motivo"), widget=forms.Textarea(attrs={"rows": 3}), max_length=300)


class AnswerForm(KeyedForm):
    """The family's answer to a finding."""

    text = forms.CharField(
        label=_("La tua risposta"),
        help_text=_("Spiega con parole tue. Puoi aggiungere altre risposte finché il controllo è aperto."),
        widget=forms.Textarea(attrs={"rows": 6}),
        max_length=LONG,
    )
    file = UploadField(
        label=_("Documento"),
        help_text=_("Se serve: un PDF o una foto, al massimo 5 MB."),
        endings=ENDINGS,
        required=False,
    )

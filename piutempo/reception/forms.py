"""Reception's forms: shape only; what may be done is the services' business."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from piutempo.network.models import Desk
from piutempo.reception.models import Outcome, Reason
from piutempo.reception.rules import Stretch
from piutempo.reception.selectors import FreeSlot
from piutempo.ui.forms import DayField, KeyedForm

WEEKDAYS = (
    (0, _("lunedì")),
    (1, _("martedì")),
    (2, _("mercoledì")),
    (3, _("giovedì")),
    (4, _("venerdì")),
    (5, _("sabato")),
    (6, _("domenica")),
)


class TimeInput(forms.TimeInput):
    """The browser's time picker."""

    input_type = "time"

    def __init__(self) -> None:
        super().__init__(format="%H:%M")


class HoursForm(KeyedForm):
    """Opening hours of a weekday."""

    weekday = forms.TypedChoiceField(label=_("Giorno"), choices=WEEKDAYS, coerce=int)
    opens = forms.TimeField(label=_("Dalle"), widget=TimeInput())
    closes = forms.TimeField(label=_("Alle"), widget=TimeInput())
    slot_minutes = forms.IntegerField(
        label=_("Minuti per appuntamento"), min_value=5, max_value=240, initial=30, help_text=_("Per esempio 30.")
    )
    capacity = forms.IntegerField(
        label=_("Persone ricevute insieme"),
        min_value=1,
        max_value=50,
        initial=1,
        help_text=_("Quante postazioni sono aperte."),
    )
    valid_from = DayField(label=_("A partire dal"))
    valid_until = DayField(
        label=_("Fino al"), required=False, help_text=_("Ultimo giorno compreso; vuoto se non c'è una fine.")
    )
    groups = [
        (_("Quando"), ["weekday", "opens", "closes"]),
        (_("Quante persone"), ["slot_minutes", "capacity"]),
        (_("In quale periodo"), ["valid_from", "valid_until"]),
    ]

    @property
    def stretch(self) -> Stretch:
        """What the rules read."""
        data = self.cleaned_data
        last: date | None = data["valid_until"]
        return Stretch(
            data["weekday"],
            data["opens"],
            data["closes"],
            data["slot_minutes"],
            data["capacity"],
            data["valid_from"],
            date.fromordinal(last.toordinal() + 1) if last else None,
        )


class ClosureForm(KeyedForm):
    """A day on which the desk does not receive."""

    on = DayField(label=_("Giorno"))
    reason = forms.CharField(label=_("Motivo"), max_length=200, help_text=_("Per esempio: festa del patrono."))


class SlotForm(KeyedForm):
    """One free time among those of some days."""

    starts_at = forms.ChoiceField(label=_("Giorno e ora"))

    def __init__(self, *args: Any, slots: Mapping[date, Sequence[FreeSlot]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.slots = {slot.starts_at.isoformat(): slot for found in slots.values() for slot in found}
        choices = [
            (
                date_format(day, "l j F"),
                [(s.starts_at.isoformat(), f"{timezone.localtime(s.starts_at):%H:%M}") for s in found],
            )
            for day, found in slots.items()
        ]
        self.fields["starts_at"] = forms.ChoiceField(
            label=_("Giorno e ora"),
            choices=[("", _("Scegli")), *choices],
            error_messages={"invalid_choice": _("Quell'orario non è più libero: scegline un altro.")},
        )

    @property
    def slot(self) -> FreeSlot:
        """The chosen time."""
        return self.slots[self.cleaned_data["starts_at"]]


class BookForm(SlotForm):
    """A citizen's appointment."""

    reason = forms.ChoiceField(label=_("Perché vieni"), choices=Reason.choices)
    email = forms.EmailField(
        label=_("Posta elettronica"), required=False, help_text=_("Il giorno prima ti ricordiamo l'appuntamento.")
    )
    field_order = ["reason", "starts_at", "email"]


class DeskBookForm(SlotForm):
    """An appointment that the desk takes for who calls."""

    name = forms.CharField(label=_("Nome e cognome"), max_length=200)
    reason = forms.ChoiceField(label=_("Perché viene"), choices=Reason.choices)
    phone = forms.CharField(label=_("Telefono"), max_length=30, required=False)
    email = forms.EmailField(
        label=_("Posta elettronica"), required=False, help_text=_("Il giorno prima parte un promemoria.")
    )
    field_order = ["name", "reason", "starts_at", "phone", "email"]


class TicketForm(KeyedForm):
    """Who came without an appointment."""

    reason = forms.ChoiceField(label=_("Perché viene"), choices=Reason.choices)
    name = forms.CharField(
        label=_("Nome, se vuole dirlo"),
        max_length=200,
        required=False,
        help_text=_("Sullo schermo si vede solo il numero."),
    )
    fiscal_code = forms.CharField(
        label=_("Codice fiscale, se lo ha con sé"),
        max_length=20,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )


class VisitForm(KeyedForm):
    """How a visit went."""

    reason = forms.ChoiceField(label=_("Perché è venuto"), choices=Reason.choices)
    outcome = forms.ChoiceField(label=_("Come è andata"), choices=[("", _("Scegli")), *Outcome.choices])
    note = forms.CharField(label=_("Nota"), max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 2}))


class DeskChoiceForm(forms.Form):
    """Where a citizen wants to be received."""

    sportello = forms.ChoiceField(label=_("Sportello"))

    def __init__(self, *args: Any, desks: Sequence[Desk], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.desks = {str(d.pk): d for d in desks}
        self.fields["sportello"] = forms.ChoiceField(
            label=_("Sportello"),
            choices=[("", _("Scegli")), *((key, f"{d.name} ({d.municipality})") for key, d in self.desks.items())],
        )

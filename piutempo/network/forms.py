"""Forms of the network: shape only; what may be written is the services' business."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from piutempo.network.models import Task
from piutempo.programmes.models import Programme
from piutempo.programmes.rules.terms import Terms
from piutempo.ui.forms import DayField, EuroField, KeyedForm

UNITS = {
    "hour": _("ora"),
    "day": _("giorno"),
    "month": _("mese"),
    "ride": _("corsa"),
    "meal": _("pasto"),
    "piece": _("pezzo"),
}


class SearchForm(forms.Form):
    """Where vouchers are spent: every field may stay empty."""

    programma = forms.ChoiceField(label=_("Programma"), required=False)
    comune = forms.CharField(
        label=_("Comune"), required=False, max_length=100, help_text=_("Bastano le prime lettere, per esempio Rho.")
    )
    provincia = forms.ChoiceField(label=_("Provincia"), required=False)
    servizio = forms.ChoiceField(label=_("Servizio"), required=False)

    def __init__(
        self, data: Any, *, programmes: Sequence[Programme], terms: Terms | None, provinces: Sequence[str]
    ) -> None:
        super().__init__(data)
        if len(programmes) > 1:
            self.fields["programma"] = forms.ChoiceField(
                label=_("Programma"), required=False, choices=[(p.code, p.title) for p in programmes]
            )
        else:
            del self.fields["programma"]
        services = sorted(terms.services, key=lambda s: s.title) if terms else []
        self.fields["provincia"] = forms.ChoiceField(
            label=_("Provincia"), required=False, choices=[("", _("Tutte")), *((p, p) for p in provinces)]
        )
        self.fields["servizio"] = forms.ChoiceField(
            label=_("Servizio"), required=False, choices=[("", _("Tutti")), *((s.code, s.title) for s in services)]
        )


class AccreditForm(KeyedForm):
    """Accredit one site: the services of one network, each with its own price if it has one."""

    valid_from = DayField(label=_("Dal"), help_text=_("Primo giorno, per esempio 01/09/2026."))
    valid_until = DayField(
        label=_("Fino al"), required=False, help_text=_("Ultimo giorno compreso; vuoto se non c'è scadenza.")
    )

    def __init__(self, *args: Any, terms: Terms, network: str, on: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.codes: list[str] = []
        self.groups: list[tuple[Any, list[str]]] = [(_("Periodo"), ["valid_from", "valid_until"])]
        for service in sorted(terms.services, key=lambda s: s.title):
            if service.network != network:
                continue
            self.codes.append(service.code)
            ceiling = service.ceiling_on(on)
            unit = UNITS.get(service.unit, service.unit)
            self.fields[f"has_{service.code}"] = forms.BooleanField(label=_("Accreditato"), required=False)
            self.fields[f"price_{service.code}"] = EuroField(
                label=_("Prezzo per %(unit)s (€)") % {"unit": unit},
                required=False,
                help_text=_("Vuoto: vale il massimale del catalogo, oggi %(euro)s €.")
                % {"euro": f"{ceiling.unit_cents // 100},{ceiling.unit_cents % 100:02d}" if ceiling else "—"},
            )
            self.groups.append((service.title, [f"has_{service.code}", f"price_{service.code}"]))

    @property
    def services(self) -> list[tuple[str, int | None]]:
        """The chosen services with their own prices in cents."""
        data = self.cleaned_data
        return [(code, data[f"price_{code}"]) for code in self.codes if data[f"has_{code}"]]

    @property
    def end(self) -> date | None:
        """The exclusive end."""
        last: date | None = self.cleaned_data["valid_until"]
        return date.fromordinal(last.toordinal() + 1) if last else None


class EndForm(KeyedForm):
    """End an accreditation or an agreement."""

    on = DayField(label=_("Ultimo giorno valido"), help_text=_("Per esempio 31/12/2026."))
    reason = forms.CharField(label=_("Motivo"), max_length=300, help_text=_("Per esempio: rinuncia dell'ente."))

    @property
    def first_day_without(self) -> date:
        """The day after the last valid one."""
        last: date = self.cleaned_data["on"]
        return date.fromordinal(last.toordinal() + 1)


class DeskForm(KeyedForm):
    """Open a desk of one of the user's programmes."""

    programme = forms.ChoiceField(label=_("Programma"))
    code = forms.CharField(label=_("Codice dello sportello"), max_length=20)
    name = forms.CharField(label=_("Nome dello sportello"), max_length=200)
    body = forms.CharField(
        label=_("Ente"), max_length=100, help_text=_("Chi apre lo sportello, per esempio un patronato.")
    )
    municipality = forms.CharField(label=_("Comune"), max_length=120, help_text=_("Per esempio Rho (MI)."))
    address = forms.CharField(label=_("Indirizzo"), max_length=200, required=False)
    supports = forms.BooleanField(label=_("Aiuta a fare domanda"), required=False, initial=True)
    delivers = forms.BooleanField(label=_("Consegna i buoni"), required=False)
    act = forms.CharField(
        label=_("Atto della convenzione"),
        max_length=200,
        required=False,
        help_text=_("Per esempio: convenzione n. 12 del 10/01/2026."),
    )
    valid_from = DayField(label=_("Aperto dal"), help_text=_("Primo giorno, per esempio 01/09/2026."))
    valid_until = DayField(
        label=_("Fino al"), required=False, help_text=_("Ultimo giorno compreso; vuoto se non c'è scadenza.")
    )

    def __init__(self, *args: Any, programmes: Sequence[Programme], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.programmes = {str(p.pk): p for p in programmes}
        self.fields["programme"] = forms.ChoiceField(
            label=_("Programma"), choices=[(key, p.title) for key, p in self.programmes.items()]
        )

    @property
    def chosen(self) -> Programme:
        """The chosen programme."""
        return self.programmes[self.cleaned_data["programme"]]

    @property
    def end(self) -> date | None:
        """The exclusive end."""
        last: date | None = self.cleaned_data["valid_until"]
        return date.fromordinal(last.toordinal() + 1) if last else None


class DeskDataForm(KeyedForm):
    """What a desk is called, where it is, when it is open."""

    name = forms.CharField(label=_("Nome dello sportello"), max_length=200)
    body = forms.CharField(label=_("Ente"), max_length=100)
    municipality = forms.CharField(label=_("Comune"), max_length=120, help_text=_("Per esempio Rho (MI)."))
    address = forms.CharField(label=_("Indirizzo"), max_length=200, required=False)
    valid_from = DayField(label=_("Aperto dal"))
    valid_until = DayField(
        label=_("Fino al"),
        required=False,
        help_text=_("Per chiudere lo sportello scrivi l'ultimo giorno di apertura; vuoto se resta aperto."),
    )

    @property
    def end(self) -> date | None:
        """The exclusive end."""
        last: date | None = self.cleaned_data["valid_until"]
        return date.fromordinal(last.toordinal() + 1) if last else None


class AgreementForm(KeyedForm):
    """A task a desk may do in a period."""

    task = forms.ChoiceField(label=_("Compito"), choices=Task.choices)
    act = forms.CharField(
        label=_("Atto della convenzione"), max_length=200, help_text=_("Per esempio: convenzione n. 12 del 10/01/2026.")
    )
    valid_from = DayField(label=_("Dal"))
    valid_until = DayField(
        label=_("Fino al"), required=False, help_text=_("Ultimo giorno compreso; vuoto se non c'è scadenza.")
    )

    @property
    def end(self) -> date | None:
        """The exclusive end."""
        last: date | None = self.cleaned_data["valid_until"]
        return date.fromordinal(last.toordinal() + 1) if last else None


class ProviderContactForm(KeyedForm):
    """How a provider is paid and reached."""

    iban = forms.CharField(
        label=_("IBAN"),
        max_length=50,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text=_("Il conto su cui l'ente è pagato. Vuoto se non lo conosci: intanto i rendiconti non si pagano."),
    )
    email = forms.EmailField(label=_("Posta elettronica"), required=False)
    phone = forms.CharField(label=_("Telefono"), max_length=30, required=False)


class ProviderForm(ProviderContactForm):
    """Register a provider."""

    name = forms.CharField(label=_("Denominazione"), max_length=200)
    vat_number = forms.CharField(label=_("Partita IVA"), max_length=20, help_text=_("11 cifre."))
    field_order = ["name", "vat_number"]


class SiteForm(KeyedForm):
    """Register a site of a provider that is known by its partita IVA."""

    vat_number = forms.CharField(label=_("Partita IVA dell'ente"), max_length=20)
    code = forms.CharField(label=_("Codice della sede"), max_length=20)
    name = forms.CharField(label=_("Nome della sede"), max_length=200)
    unit_type = forms.ChoiceField(label=_("Tipo di unità"))
    municipality = forms.CharField(label=_("Comune"), max_length=120, help_text=_("Per esempio Rho (MI)."))
    address = forms.CharField(label=_("Indirizzo"), max_length=200, required=False)
    phone = forms.CharField(label=_("Telefono"), max_length=30, required=False)

    def __init__(self, *args: Any, unit_types: Sequence[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["unit_type"] = forms.ChoiceField(
            label=_("Tipo di unità"),
            required=bool(unit_types),
            choices=[("", _("Scegli")), *((t, t) for t in unit_types)],
        )

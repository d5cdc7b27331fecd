"""Forms of the vouchers: shape only; whether something may be done is the services' business."""

import re
from collections.abc import Sequence
from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from piutempo.kernel.identifiers import normal_fiscal_code
from piutempo.network.models import Desk, Site
from piutempo.people.models import Person
from piutempo.ui.forms import DayField, EuroField, KeyedForm, UploadField, check_year
from piutempo.vouchers.models import Voucher

_SPLIT = re.compile(r"[\n\r;,]+|(?<=[0-9A-Za-z]{18})\s+|\s{2,}")


def split_codes(text: str) -> list[str]:
    """Return the codes of a text, one a line or divided by commas; blanks inside a code do not matter; each once."""
    found = [" ".join(part.split()) for part in _SPLIT.split(text)]
    return list(dict.fromkeys(code for code in found if code))


class CodesForm(forms.Form):
    """Which titles: typed, scanned or pasted, one a line."""

    site = forms.ModelChoiceField(label=_("Sede"), queryset=Site.objects.none())
    codes = forms.CharField(
        label=_("Codici dei titoli"),
        widget=forms.Textarea(
            attrs={"rows": 3, "autocapitalize": "characters", "autocomplete": "off", "spellcheck": "false"}
        ),
        help_text=_("Un codice per riga, come stampato sul titolo. Maiuscole, spazi e trattini non contano."),
        max_length=4_000,
    )

    def __init__(self, *args: Any, sites: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["site"].queryset = sites  # type: ignore[attr-defined]  # a ModelChoiceField, declared above
        chosen = list(sites[:2])
        if len(chosen) == 1:
            self.fields["site"].initial = chosen[0].pk
            self.fields["site"].widget = forms.HiddenInput()

    def clean_codes(self) -> list[str]:
        """Return the codes, each once."""
        codes = split_codes(self.cleaned_data["codes"])
        if not codes:
            raise forms.ValidationError(_t("Scrivi almeno un codice."))
        return codes


class RedeemForm(KeyedForm):
    """What was given for the titles already checked."""

    service = forms.ChoiceField(label=_("Servizio"))
    quantity = forms.IntegerField(
        label=_("Quantità"),
        min_value=1,
        max_value=1_000,
        initial=1,
        help_text=_("Ore, giorni, pasti… secondo il servizio."),
    )
    amount = EuroField(
        label=_("Importo"),
        required=False,
        help_text=_("Solo per i buoni a scalare: quanto scalare, per esempio 12,50."),
    )
    served_on = DayField(label=_("Data del servizio"))
    person = forms.ChoiceField(label=_("Persona assistita"), required=False)
    holder = forms.CharField(
        label=_("Codice fiscale del titolare"),
        required=False,
        max_length=20,
        help_text=_("Facoltativo: se lo scrivi, controlliamo che il buono sia suo."),
    )

    def __init__(
        self,
        *args: Any,
        services: Sequence[tuple[str, str]],
        people: Sequence[tuple[int, str]],
        today: date,
        is_balance: bool,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["service"].choices = services  # type: ignore[attr-defined]  # ChoiceFields, declared above
        self.fields["person"].choices = [("", _t("Scegli, se il servizio è per una persona")), *people]  # type: ignore[attr-defined]  # a ChoiceField, declared above
        self.fields["served_on"].initial = today
        if is_balance:
            self.fields["amount"].required = True
        else:
            del self.fields["amount"]

    def clean_holder(self) -> str:
        """Return the code in its normal form."""
        text = str(self.cleaned_data["holder"]).strip()
        if not text:
            return ""
        try:
            return normal_fiscal_code(text)
        except ValueError:
            raise forms.ValidationError(
                _t("Questo codice fiscale non è corretto: controlla le 16 lettere e cifre sul documento.")
            ) from None


class ReasonForm(KeyedForm):
    """Why something is undone."""

    reason = forms.CharField(label=_("Motivo"), min_length=5, max_length=300, widget=forms.Textarea(attrs={"rows": 2}))


class FileForm(forms.Form):
    """A month's titles in one file."""

    site = forms.ModelChoiceField(label=_("Sede"), queryset=Site.objects.none())
    programme = forms.ChoiceField(label=_("Programma"))
    file = UploadField(
        label=_("File"), endings=[".csv", ".xlsx"], help_text=_("CSV o Excel, con la prima riga di intestazioni.")
    )

    def __init__(self, *args: Any, sites: Any, programmes: Sequence[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choose(self, "site", sites)
        self.fields["programme"].choices = programmes  # type: ignore[attr-defined]  # a ChoiceField, declared above
        self.fields["programme"].initial = programmes[0][0] if programmes else None


class ApiKeyForm(KeyedForm):
    """Which site the key is of, and what uses it."""

    site = forms.ModelChoiceField(label=_("Sede"), queryset=Site.objects.none())
    name = forms.CharField(
        label=_("Nome della chiave"),
        max_length=100,
        help_text=_("Quale programma la usa, per esempio: gestionale nido."),
    )

    def __init__(self, *args: Any, sites: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choose(self, "site", sites)


class MonthField(forms.DateField):
    """A month; the cleaned value is its first day."""

    default_validators = [check_year]
    default_error_messages = {"invalid": _("Scrivi il mese come anno-mese, per esempio 2011-03.")}

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("input_formats", ["%Y-%m", "%m/%Y"])
        kwargs.setdefault("widget", forms.DateInput(attrs={"type": "month"}, format="%Y-%m"))
        super().__init__(**kwargs)


class ReceiveForm(KeyedForm):
    """What arrived at a desk: a month, or a range of serials."""

    desk = forms.ModelChoiceField(label=_("Sportello"), queryset=Desk.objects.none())
    month = MonthField(
        label=_("Mese dei buoni"),
        required=False,
        help_text=_("Tutti i carnet del mese indirizzati allo sportello. Per esempio 2011-03."),
    )
    first_serial = forms.IntegerField(
        label=_("Dal numero di serie"),
        required=False,
        min_value=1,
        help_text=_("Il primo numero del primo carnet, se ne sono arrivati solo alcuni."),
    )
    last_serial = forms.IntegerField(label=_("Al numero di serie"), required=False, min_value=1)
    groups = [("", ["desk"]), (_("Che cosa è arrivato"), ["month", "first_serial", "last_serial"])]

    def __init__(self, *args: Any, desks: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choose(self, "desk", desks)

    def clean(self) -> dict[str, Any]:
        """Ask for a month or a range."""
        data = super().clean() or {}
        if not data.get("month") and not data.get("first_serial") and not self.errors:
            self.add_error("month", _t("Scrivi il mese, oppure i numeri di serie arrivati."))
        if data.get("last_serial") and data.get("first_serial") and data["last_serial"] < data["first_serial"]:
            self.add_error("last_serial", _t("Il numero finale non può essere minore di quello iniziale."))
        return data


def choose(form: forms.Form, name: str, rows: Any) -> None:
    """Give a choice its rows; a single one is chosen without asking."""
    field: Any = form.fields[name]
    field.queryset = rows
    found = list(rows[:2])
    if len(found) == 1:
        field.initial = found[0].pk
        field.widget = forms.HiddenInput()


class SerialRangeForm(KeyedForm):
    """A range of serials of one voucher, all of it if empty; cleans to ``first_title`` and ``last_title``."""

    first_serial = forms.IntegerField(label=_("Dal numero di serie"), required=False)
    last_serial = forms.IntegerField(label=_("Al numero di serie"), required=False)
    voucher: Voucher | None = None

    def limit_to(self, voucher: Voucher) -> None:
        """Say which voucher the range is of."""
        self.voucher = voucher
        first, last = voucher.first_serial, voucher.first_serial + voucher.title_count - 1
        self.fields["first_serial"].help_text = _t("Lascia vuoto per tutti i titoli, da %(first)s a %(last)s.") % {
            "first": first,
            "last": last,
        }

    def clean(self) -> dict[str, Any]:
        """Turn serials into titles."""
        data = super().clean() or {}
        data["first_title"], data["last_title"] = 1, None
        if self.voucher is None or "first_serial" not in self.fields:
            return data
        base, count = self.voucher.first_serial - 1, self.voucher.title_count
        first = data.get("first_serial") or base + 1
        last = data.get("last_serial") or (first if data.get("first_serial") else base + count)
        for name, serial in (("first_serial", first), ("last_serial", last)):
            if not base < serial <= base + count and name not in self.errors:
                self.add_error(
                    name,
                    _t("Questo numero non è del carnet: vanno da %(a)s a %(b)s.") % {"a": base + 1, "b": base + count},
                )
        if last < first and "last_serial" not in self.errors:
            self.add_error("last_serial", _t("Il numero finale non può essere minore di quello iniziale."))
        data["first_title"], data["last_title"] = first - base, last - base
        return data


class MoveForm(SerialRangeForm):
    """Why titles move, and which."""

    reason = forms.CharField(label=_("Motivo"), min_length=5, max_length=300, widget=forms.Textarea(attrs={"rows": 2}))

    def __init__(self, *args: Any, voucher: Voucher, has_range: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if has_range and voucher.title_count > 1:
            self.limit_to(voucher)
        else:
            del self.fields["first_serial"], self.fields["last_serial"]


#: The collector who is none of the holders.
PROXY = "delega"


class HandoverForm(SerialRangeForm):
    """Who collects and what document they showed."""

    collector = forms.ChoiceField(label=_("Persona allo sportello"), widget=forms.RadioSelect)
    document_type = forms.ChoiceField(label=_("Documento mostrato"))
    document_number = forms.CharField(label=_("Numero del documento"), max_length=40)
    proxy_name = forms.CharField(
        label=_("Nome e cognome di chi ha la delega"),
        max_length=200,
        required=False,
        help_text=_("Solo se ritira un'altra persona."),
    )
    mandate_on = DayField(
        label=_("Data della delega"),
        required=False,
        help_text=_("La delega scritta del titolare resta allo sportello."),
    )
    groups = [
        (_("Chi ritira"), ["collector", "document_type", "document_number"]),
        (_("Con delega"), ["proxy_name", "mandate_on"]),
        (_("Solo una parte del carnet"), ["first_serial", "last_serial"]),
    ]

    def __init__(
        self,
        *args: Any,
        holders: Sequence[Person],
        documents: Sequence[str],
        proxy_allowed: bool,
        single: Voucher | None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.names = {str(p.pk): str(p) for p in holders}
        is_one = len(holders) == 1
        choices = [(str(p.pk), _t("%(name)s, titolare") % {"name": p}) for p in holders]
        if proxy_allowed:
            choices.append((PROXY, _t("Un'altra persona, con delega")))
        self.fields["collector"].choices = choices  # type: ignore[attr-defined]  # a ChoiceField, declared above
        self.fields["collector"].initial = choices[0][0]
        if documents:
            self.fields["document_type"].choices = [(d, d[:1].upper() + d[1:]) for d in documents]  # type: ignore[attr-defined]  # a ChoiceField, declared above
        else:
            self.fields["document_type"] = forms.CharField(label=_("Documento mostrato"), max_length=30)
        if not proxy_allowed:
            del self.fields["proxy_name"]
            if is_one:
                del self.fields["mandate_on"]
        if single and single.title_count > 1:
            self.limit_to(single)
        else:
            del self.fields["first_serial"], self.fields["last_serial"]
        names = self.fields
        self.groups = [(t, f) for t, f in type(self).groups if any(n in names for n in f)]

    def clean(self) -> dict[str, Any]:
        """Ask who has the mandate."""
        data = super().clean()
        data.setdefault("proxy_name", "")
        data.setdefault("mandate_on", None)
        data["names"] = self.names
        if data.get("collector") == PROXY and not data["proxy_name"]:
            self.add_error("proxy_name", _t("Scrivi chi ritira con la delega."))
        if data.get("collector") == PROXY and not data["mandate_on"] and "mandate_on" not in self.errors:
            self.add_error("mandate_on", _t("Scrivi la data della delega."))
        return data


class TallyForm(forms.Form):
    """Which day, at which desk."""

    sportello = forms.ChoiceField(label=_("Sportello"), required=False)
    giorno = DayField(label=_("Giorno"), required=False)

    def __init__(self, *args: Any, desks: Sequence[Desk], today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        self.fields["giorno"].initial = today
        self.fields["sportello"].choices = [(d.pk, str(d)) for d in desks]  # type: ignore[attr-defined]  # declared above
        if len(desks) < 2:
            del self.fields["sportello"]

    def clean_giorno(self) -> date | None:
        """Refuse a day to come."""
        day: date | None = self.cleaned_data["giorno"]
        if day and day > self.today:
            raise forms.ValidationError(_t("Questo giorno non è ancora arrivato: scegli oggi o un giorno passato."))
        return day


class RenounceForm(ReasonForm):
    """Renouncing, knowingly; ``gives_back``: the unspent vouchers too."""

    gives_back = forms.BooleanField(
        label=_("Rinuncio anche ai buoni che ho e non ho speso: da ora non si possono più usare."), required=False
    )
    sure = forms.BooleanField(label=_("Ho capito: queste mensilità andranno ad altre famiglie e non potrò riaverle."))


class OfficeRenounceForm(ReasonForm):
    """A family's renunciation as the office heard or read it."""

    gives_back = forms.BooleanField(
        label=_("La famiglia rinuncia anche ai buoni che ha e non ha speso."), required=False
    )
    sure = forms.BooleanField(label=_("L'ha chiesto la famiglia: la sua dichiarazione è agli atti."))


class RunForm(forms.Form):
    """Which product of which programme, and which month."""

    product = forms.ChoiceField(label=_("Prodotto"))
    month = MonthField(label=_("Mese da emettere"))

    def __init__(self, *args: Any, products: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["product"].choices = products  # type: ignore[attr-defined]  # declared above


class ExtensionForm(KeyedForm):
    """The act: what it touches, the new last day, its references."""

    product = forms.ChoiceField(label=_("Programma e prodotto"))
    first_day = DayField(label=_("Buoni che scadono dal"), help_text=_("Ultimo giorno utile di oggi, il più vicino."))
    last_day = DayField(label=_("Al"), help_text=_("Ultimo giorno utile di oggi, il più lontano."))
    new_last_day = DayField(
        label=_("Nuovo ultimo giorno utile"), help_text=_("Fino a questo giorno compreso si potranno usare.")
    )
    restores_lapsed = forms.BooleanField(
        label=_("Riattiva anche i buoni già scaduti in questo periodo"),
        required=False,
        initial=True,
        help_text=_("Solo se il fondo ha ancora il denaro che era rientrato."),
    )
    decree = forms.CharField(
        label=_("Estremi dell'atto"), max_length=200, help_text=_("Per esempio: decreto 1234 del 31/05/2011.")
    )
    reason = forms.CharField(label=_("Motivo"), max_length=300, widget=forms.Textarea(attrs={"rows": 2}))
    groups = [
        (_("Quali buoni"), ["product", "first_day", "last_day"]),
        (_("La nuova scadenza"), ["new_last_day", "restores_lapsed"]),
        (_("L'atto"), ["decree", "reason"]),
    ]

    def __init__(self, *args: Any, products: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["product"].choices = products  # type: ignore[attr-defined]  # declared above

    def clean(self) -> dict[str, Any]:
        """Days in their order."""
        data = super().clean() or {}
        first, last, new = data.get("first_day"), data.get("last_day"), data.get("new_last_day")
        if first and last and last < first:
            self.add_error("last_day", _t("La fine del periodo viene prima dell'inizio: controlla le due date."))
        if first and new and new <= first:
            self.add_error("new_last_day", _t("La nuova scadenza deve venire dopo quella di oggi."))
        return data


class ConfirmForm(KeyedForm):
    """A confirmation, carried out once."""

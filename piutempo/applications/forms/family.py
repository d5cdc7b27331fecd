"""Forms with which a family declares its situation: shape only; the rules decide elsewhere."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from piutempo.people.messages import REFUSALS
from piutempo.people.models import Gender, Relation
from piutempo.people.rules import Refusal, identity_of
from piutempo.programmes.rules.eligibility import compile_expression
from piutempo.programmes.rules.facts import fields_read
from piutempo.programmes.rules.terms import Terms
from piutempo.ui.forms import DayField, EuroField, KeyedForm

YES_NO = [("yes", _("Sì")), ("no", _("No"))]
_CODE = re.compile(r"""(\w+)\.code\s*==\s*["']([^"']+)["']""")


def fields_asked(terms: Terms) -> frozenset[str]:
    """
    Return the declared data that a programme's rules read, such as ``members.short_time_work``.

    Other benefits for the same services are always asked: nobody is paid twice for the same expense.
    """
    rules = terms.eligibility
    texts = [c.expression for c in rules.criteria] + [rules.months, rules.first_month]
    names = {name for text in texts for name in compile_expression(text).reads}
    names |= {name for rule in terms.ranking.points for name in compile_expression(rule.expression).reads}
    names |= {entry.removeprefix("-") for entry in (*terms.waiting_order, *terms.ranking.tie_break)}
    return fields_read(names | {"other_benefits"})


def codes_asked(terms: Terms) -> list[tuple[str, str]]:
    """Return the codes of measures that a programme's rules look for, with a readable name."""
    found = {code for c in terms.eligibility.criteria for _name, code in _CODE.findall(c.expression)}
    return [(code, code.replace("-", " ").replace("_", " ").capitalize()) for code in sorted(found)]


class PersonForm(KeyedForm):
    """Somebody's codice fiscale and name; birth date and gender are read from the codice fiscale."""

    fiscal_code = forms.CharField(
        label=_("Codice fiscale"),
        max_length=20,
        help_text=_("16 caratteri, come sulla tessera sanitaria: per esempio RSSMRA85T50F205X."),
        widget=forms.TextInput(attrs={"autocapitalize": "characters", "autocomplete": "off", "spellcheck": "false"}),
    )
    given_name = forms.CharField(label=_("Nome"), max_length=100)
    family_name = forms.CharField(label=_("Cognome"), max_length=100)

    def __init__(self, *args: Any, on: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.on = on

    def clean_fiscal_code(self) -> str:
        """Return the normal codice fiscale."""
        try:
            return identity_of(self.cleaned_data["fiscal_code"], self.on).fiscal_code
        except ValueError:
            raise forms.ValidationError(REFUSALS[Refusal.FISCAL_CODE], code="fiscal_code") from None

    def clean_birth_date(self) -> date | None:
        """Return the typed birth date, which may not lie in the future."""
        typed: date | None = self.cleaned_data.get("birth_date")
        if typed is not None and typed > self.on:
            raise forms.ValidationError(REFUSALS[Refusal.BORN_LATER], code="born_later")
        return typed


def gender_field() -> forms.ChoiceField:
    """Return the gender as a control on the codice fiscale: nobody has to answer."""
    return forms.ChoiceField(
        label=_("Sesso sul documento"),
        choices=[("", _("Non indicato")), *Gender.choices],
        required=False,
        help_text=_("Facoltativo, serve come controllo."),
    )


class ContactForm(PersonForm):
    """A person to register with contacts: used by desks, and by a citizen for themselves."""

    birth_date = DayField(
        label=_("Data di nascita"),
        required=False,
        help_text=_("Facoltativa, serve come controllo: per esempio 10/12/1985."),
    )
    gender = gender_field()
    municipality = forms.CharField(
        label=_("Comune di residenza"), max_length=120, required=False, help_text=_("Per esempio Rho (MI).")
    )
    address = forms.CharField(label=_("Indirizzo"), max_length=200, required=False)
    phone = forms.CharField(
        label=_("Telefono"), max_length=30, required=False, widget=forms.TextInput(attrs={"inputmode": "tel"})
    )
    email = forms.EmailField(label=_("Posta elettronica"), required=False)


class MemberForm(PersonForm):
    """A member of the household besides the applicant."""

    birth_date = DayField(
        label=_("Data di nascita"),
        required=False,
        help_text=_("Facoltativa, serve come controllo: per esempio 31/12/2020."),
    )
    gender = gender_field()
    relation = forms.ChoiceField(
        label=_("Che cosa è per chi fa domanda"),
        choices=[("", _("Scegli")), *((r.value, r.label) for r in Relation if r != Relation.APPLICANT)],
    )
    cohabiting = forms.ChoiceField(
        label=_("Vive nella stessa casa"), choices=YES_NO, widget=forms.RadioSelect, initial="yes"
    )
    field_order = ["fiscal_code", "given_name", "family_name", "birth_date", "gender", "relation", "cohabiting"]


@dataclass(frozen=True, slots=True)
class MemberAsked:
    """A member as the situation form asks about them."""

    person_id: int
    name: str
    relation: str


@dataclass(frozen=True, slots=True)
class ListAsked:
    """A list of the fact sheet: how its rows are asked."""

    name: str
    title: Any
    prefix: str
    required: tuple[str, ...]


LISTS = (
    ListAsked("measures", _("Dote o misura di politica attiva"), "measure", ("code", "assigned_on")),
    ListAsked("trainings", _("Percorso di formazione"), "training", ("from", "until")),
    ListAsked("other_benefits", _("Altro contributo per gli stessi servizi"), "benefit", ("code",)),
)
#: Days that the fact sheet holds with an exclusive end and people say with the last day.
ENDS = {"until", "valid_until"}
MAX_ROWS = 20


class SituationForm(forms.Form):
    """
    What a programme's rules ask of a family, and nothing else. A draft may leave anything empty.

    ``facts`` after ``is_valid`` is the whole fact sheet: what was declared before, with this form's answers. Where
    something is not well formed, ``leave`` keeps the rest. ``left`` is what was typed before and is not whole yet.
    """

    def __init__(
        self,
        data: Mapping[str, Any] | None,
        *,
        terms: Terms,
        members: Sequence[MemberAsked],
        declared: Mapping[str, Any],
        on: date,
        extra_rows: int = 1,
        left: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(data, initial=dict(left or {}))
        self.members, self.declared, self.on = members, declared, on
        self.asked = fields_asked(terms)
        self.groups: list[tuple[Any, list[str]]] = []
        self.rows: dict[str, int] = {}
        said = {m.get("person_id"): m for m in declared.get("members") or []}
        for member in members:
            names = []
            for key, label in (
                ("short_time_work", _("È in cassa integrazione (anche in deroga)?")),
                ("non_self_sufficient", _("È una persona non autosufficiente?")),
            ):
                if f"members.{key}" not in self.asked:
                    continue
                if key == "short_time_work" and member.relation not in {Relation.APPLICANT, Relation.PARTNER}:
                    continue
                name = f"member_{member.person_id}_{key}"
                answer = said.get(member.person_id, {}).get(key)
                self.fields[name] = forms.ChoiceField(
                    label=label,
                    choices=YES_NO,
                    widget=forms.RadioSelect,
                    required=False,
                    initial=None if answer is None else "yes" if answer else "no",
                )
                names.append(name)
            if names:
                self.groups.append((member.name, names))
        self._add_lists(terms, declared, extra_rows)
        names = []
        if "isee_cents" in self.asked:
            self.fields["isee_cents"] = EuroField(
                label=_("ISEE del nucleo (€)"),
                required=False,
                initial=declared.get("isee_cents"),
                help_text=_("Il numero che trovi sull'attestazione, per esempio 18.500,00."),
            )
            names.append("isee_cents")
        if "province" in self.asked:
            self.fields["province"] = forms.ChoiceField(
                label=_("Provincia di residenza"),
                required=False,
                choices=[("", _("Scegli")), *((p, p) for p in sorted(terms.provinces))],
                initial=declared.get("province"),
            )
            names.append("province")
        if names:
            self.groups.append((_("La famiglia"), names))

    def _add_lists(self, terms: Terms, declared: Mapping[str, Any], extra_rows: int) -> None:
        codes = codes_asked(terms)
        for asked in LISTS:
            if not any(field.startswith(f"{asked.name}.") for field in self.asked):
                continue
            rows = declared.get(asked.name) or []
            sent = [
                int(m[1]) + 1
                for key in (*self.data, *self.initial)
                if (m := re.fullmatch(rf"{asked.prefix}_(\d+)_\w+", key))
            ]
            count = min(max(len(rows) + extra_rows, *sent, 1) if sent else len(rows) + extra_rows, MAX_ROWS)
            self.rows[asked.name] = count
            for index in range(count):
                row = rows[index] if index < len(rows) else {}
                names = []
                for key, field in self._fields_of(asked.name, codes).items():
                    name = f"{asked.prefix}_{index}_{key}"
                    field.initial = self._shown(key, row.get(key))
                    self.fields[name] = field
                    names.append(name)
                title = asked.title if count == 1 else _("%(title)s, %(n)s") % {"title": asked.title, "n": index + 1}
                self.groups.append((title, names))

    @staticmethod
    def _fields_of(name: str, codes: list[tuple[str, str]]) -> dict[str, forms.Field]:
        if name == "measures":
            code: forms.Field = forms.CharField(label=_("Nome della misura"), max_length=80, required=False)
            if codes:
                code = forms.ChoiceField(
                    label=_("Misura"),
                    required=False,
                    choices=[("", _("Nessuna")), *codes, ("altra-misura", _("Un'altra misura"))],
                )
            return {
                "code": code,
                "assigned_on": DayField(
                    label=_("Assegnata il"), required=False, help_text=_("Per esempio 15/02/2010.")
                ),
                "valid_from": DayField(label=_("Inizio"), required=False),
                "valid_until": DayField(
                    label=_("Ultimo giorno"), required=False, help_text=_("Vuoto se non ha scadenza.")
                ),
            }
        if name == "trainings":
            return {
                "title": forms.CharField(
                    label=_("Nome del percorso"),
                    max_length=120,
                    required=False,
                    help_text=_("Per esempio: contabilità."),
                ),
                "from": DayField(label=_("Primo giorno"), required=False),
                "until": DayField(label=_("Ultimo giorno"), required=False),
            }
        return {
            "code": forms.CharField(
                label=_("Quale contributo"), max_length=80, required=False, help_text=_("Per esempio: bonus nido.")
            ),
            "month_cents": EuroField(label=_("Importo al mese (€)"), required=False),
        }

    @staticmethod
    def _shown(key: str, value: Any) -> Any:
        if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", value):
            day = date.fromisoformat(value)
            return day - timedelta(days=1) if key in ENDS else day
        return value

    def clean(self) -> dict[str, Any]:
        """Check that each row is whole, and that days make sense."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        for asked in LISTS:
            for index in range(self.rows.get(asked.name, 0)):
                row = self._row(asked, index)
                if not any(value not in (None, "") for value in row.values()):
                    continue
                for key in asked.required:
                    if row.get(key) in (None, "") and not self.errors.get(f"{asked.prefix}_{index}_{key}"):
                        self.add_error(
                            f"{asked.prefix}_{index}_{key}", _t("Manca questo dato: completa la riga oppure svuotala.")
                        )
                assigned = row.get("assigned_on")
                if isinstance(assigned, date) and assigned > self.on:
                    self.add_error(f"{asked.prefix}_{index}_assigned_on", _t("La data è nel futuro: controlla l'anno."))
                start, end = row.get("from") or row.get("valid_from"), row.get("until") or row.get("valid_until")
                if isinstance(start, date) and isinstance(end, date) and end < start:
                    key = "until" if "until" in row else "valid_until"
                    self.add_error(f"{asked.prefix}_{index}_{key}", _t("L'ultimo giorno viene prima del primo."))
        return data

    def leave(self) -> tuple[dict[str, Any], dict[str, str]]:
        """
        Return the fact sheet with what is well formed, and what was typed but cannot be kept yet, by field.

        A field that is wrong keeps what was declared before; a row with something wrong in it waits as a whole.
        """
        wrong = {name for name in self.errors if name in self.fields}
        for asked in LISTS:
            for index in range(self.rows.get(asked.name, 0)):
                row = {name for name in self.fields if name.startswith(f"{asked.prefix}_{index}_")}
                if row & wrong:
                    wrong |= row
        left = {name: self.data[name].replace("\0", "")[:300] for name in wrong if self.data.get(name)}
        for name in wrong:
            self.cleaned_data.pop(name, None)
        facts = self.facts
        for name in ("isee_cents", "province"):
            if name in wrong and name in self.declared:
                facts[name] = self.declared[name]
        said = {m.get("person_id"): m for m in self.declared.get("members") or []}
        for member in facts["members"]:
            for key in ("short_time_work", "non_self_sufficient"):
                before = said.get(member.get("person_id"), {}).get(key)
                if f"member_{member.get('person_id')}_{key}" in wrong and before is not None:
                    member[key] = before
        return facts, left

    def _row(self, asked: ListAsked, index: int) -> dict[str, Any]:
        start = f"{asked.prefix}_{index}_"
        return {name.removeprefix(start): self.cleaned_data.get(name) for name in self.fields if name.startswith(start)}

    @property
    def facts(self) -> dict[str, Any]:
        """The whole fact sheet, as JSON holds it."""
        data = self.cleaned_data
        facts = dict(self.declared)
        members = []
        for member in facts.get("members") or []:
            row = dict(member)
            for key in ("short_time_work", "non_self_sufficient"):
                name = f"member_{member.get('person_id')}_{key}"
                if name in self.fields:
                    row.pop(key, None)
                    if data.get(name):
                        row[key] = data[name] == "yes"
            members.append(row)
        facts["members"] = members
        for asked in LISTS:
            if asked.name not in self.rows:
                continue
            rows = [self._row(asked, index) for index in range(self.rows[asked.name])]
            facts[asked.name] = [
                {key: self._held(key, value) for key, value in row.items() if value not in (None, "")}
                for row in rows
                if row.get(asked.required[0]) not in (None, "")
            ]
        for key in ("isee_cents", "province"):
            if key in self.fields:
                facts.pop(key, None)
                if data.get(key) not in (None, ""):
                    facts[key] = data[key]
        return facts

    @staticmethod
    def _held(key: str, value: Any) -> Any:
        if isinstance(value, date):
            return (value + timedelta(days=1) if key in ENDS else value).isoformat()
        return value


class SubmitForm(KeyedForm):
    """The declaration with which an application is submitted."""

    confirms = forms.BooleanField(
        label=_(
            "Dichiaro che i dati sono veri e so che possono essere controllati (DPR 445/2000, articoli 46, 47 e 76)"
        ),
        error_messages={"required": _("Per presentare la domanda spunta la dichiarazione.")},
    )


class WithdrawForm(KeyedForm):
    """Why an application is withdrawn."""

    reason = forms.CharField(
        label=_("Motivo"), max_length=300, help_text=_("Per esempio: ho trovato un'altra soluzione.")
    )

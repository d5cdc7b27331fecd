"""The self-check's form: only what the programme's rules read. Every answer may be left out."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from piutempo.kernel.money import format_euro
from piutempo.programmes.rules.eligibility import MISSING, NO, YES
from piutempo.programmes.rules.self_check import MAX_AGE, Answers, Questions
from piutempo.programmes.rules.what_if import Dependency, Effect, Variation
from piutempo.ui.forms import DayField, EuroField

YES_NO = (("yes", _("Sì")), ("no", _("No")), ("", _("Non so")))
_AGES = re.compile(r"[\s,;]+")


class YesNoField(forms.TypedChoiceField):
    """Yes, no, or not said (``None``)."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            choices=YES_NO,
            coerce=lambda value: value == "yes",
            empty_value=None,
            required=False,
            widget=forms.RadioSelect,
            initial="",
            **kwargs,
        )


class AgesField(forms.CharField):
    """Ages in whole years: ``3, 11``."""

    def clean(self, value: Any) -> tuple[int, ...]:
        """Return the ages."""
        text = super().clean(value)
        words = [word for word in _AGES.split(str(text or "").replace(" e ", " ").strip()) if word]
        if len(words) > 15 or not all(word.isdecimal() and len(word) <= 3 and int(word) <= MAX_AGE for word in words):
            raise ValidationError(_("Scrivi le età in anni, separate da virgole: per esempio 3, 11."), code="ages")
        return tuple(int(word) for word in words)


class SelfCheckForm(forms.Form):
    """Built from the questions of one programme."""

    def __init__(self, data: Any, *, questions: Questions, provinces: tuple[str, ...]) -> None:
        super().__init__(data)
        self.questions = questions
        self.groups: list[tuple[Any, list[str]]] = []
        asked = questions.fields
        for number, (_code, title) in enumerate(questions.measures):
            self._group(
                title,
                {
                    f"measure_{number}": YesNoField(label=_("Hai questa misura?"), help_text=title),
                    f"measure_{number}_on": DayField(label=_("Quando ti è stata assegnata"), required=False),
                    f"measure_{number}_until": DayField(
                        label=_("Ultimo giorno"), required=False, help_text=_("Lascia vuoto se non ha scadenza.")
                    ),
                },
            )
        if "trainings.from" in asked:
            self._group(
                _("Formazione"),
                {
                    "has_training": YesNoField(label=_("Segui o seguirai un percorso di formazione?")),
                    "training_from": DayField(label=_("Primo giorno"), required=False),
                    "training_last_day": DayField(label=_("Ultimo giorno"), required=False),
                },
            )
        household: dict[str, forms.Field] = {}
        if questions.asks_partner:
            household["has_partner"] = YesNoField(label=_("Vive con te il coniuge o convivente?"))
        if "members.birth_date" in asked:
            household["has_children"] = YesNoField(label=_("Hai figli che vivono con te?"))
            household["child_ages"] = AgesField(
                label=_("Età dei figli che vivono con te"),
                required=False,
                help_text=_("In anni compiuti, separate da virgole: per esempio 3, 11."),
            )
        if "members.short_time_work" in asked:
            household["short_time_work"] = YesNoField(label=_("Sei in cassa integrazione?"))
            household["partner_short_time_work"] = YesNoField(
                label=_("Il coniuge o convivente è in cassa integrazione?")
            )
        if "members.non_self_sufficient" in asked:
            household["non_self_sufficient"] = YesNoField(label=_("Vive con te una persona non autosufficiente?"))
        if household:
            self._group(_("La tua famiglia"), household)
        rest: dict[str, forms.Field] = {}
        if "isee_cents" in asked:
            rest["isee_cents"] = EuroField(
                label=_("ISEE della famiglia"),
                required=False,
                help_text=_("In euro, per esempio 18.500,00. Se non lo sai, lascia vuoto."),
            )
        if "province" in asked:
            rest["province"] = forms.ChoiceField(
                label=_("Provincia in cui abiti"), required=False, choices=[("", "—"), *((p, p) for p in provinces)]
            )
        for number, code in enumerate(questions.benefits):
            rest[f"benefit_{number}"] = YesNoField(label=_("Ricevi questo contributo?"), help_text=code)
        if rest:
            self._group(_("Altri dati"), rest)

    def _group(self, title: Any, fields: dict[str, forms.Field]) -> None:
        self.fields.update(fields)
        self.groups.append((title, list(fields)))

    def clean(self) -> dict[str, Any]:
        """Refuse periods that end before they start and answers that contradict each other."""
        data = super().clean() or {}
        pairs = [("training_from", "training_last_day")]
        pairs += [(f"measure_{n}_on", f"measure_{n}_until") for n in range(len(self.questions.measures))]
        for start, end in pairs:
            if data.get(start) and data.get(end) and data[end] < data[start]:
                self.add_error(end, _("L'ultimo giorno viene prima del primo: controlla le due date."))
        if data.get("has_children") is False and data.get("child_ages"):
            self.add_error(
                "child_ages", _("Hai risposto che non vivono figli con te: togli le età o cambia la risposta.")
            )
        return data

    def answers(self) -> Answers:
        """Return what was said."""
        data = self.cleaned_data
        ages = data.get("child_ages") or ()
        return Answers(
            has_partner=data.get("has_partner"),
            has_children=True if ages else data.get("has_children"),
            child_ages=ages,
            short_time_work=data.get("short_time_work"),
            partner_short_time_work=data.get("partner_short_time_work"),
            non_self_sufficient=data.get("non_self_sufficient"),
            measures=tuple(
                (code, data.get(f"measure_{n}"), data.get(f"measure_{n}_on"), data.get(f"measure_{n}_until"))
                for n, (code, _title) in enumerate(self.questions.measures)
            ),
            has_training=data.get("has_training"),
            training_from=data.get("training_from"),
            training_last_day=data.get("training_last_day"),
            isee_cents=data.get("isee_cents"),
            province=data.get("province") or "",
            benefits=tuple((code, data.get(f"benefit_{n}")) for n, code in enumerate(self.questions.benefits)),
        )


OUTCOMES = {YES: _("puoi chiedere i buoni"), NO: _("non puoi chiederli"), MISSING: _("dipende ancora da altro")}


def question_of(form: SelfCheckForm, field: str) -> str:
    """Return a question as the form asks it, with what it is about where the label alone does not say."""
    found = form.fields[field]
    is_about = field.startswith(("measure_", "benefit_")) and found.help_text
    return f"{found.label} ({found.help_text})" if is_about else str(found.label)


def dependency_label(form: SelfCheckForm, dependency: Dependency) -> str:
    """Return the question on which the answer depends."""
    return question_of(form, dependency.field)


def field_anchor(form: SelfCheckForm, field: str) -> str:
    """Return the id of the first control of a question: where a link to it leads."""
    bound = form[field]
    return f"{bound.auto_id}_0" if isinstance(form.fields[field].widget, forms.RadioSelect) else str(bound.auto_id)


def _said(variation: Variation) -> str:
    """Return an answer in words, after «se»."""
    numbers = {"amount": format_euro(variation.number), "age": variation.number, "province": variation.text}
    texts = {
        "yes": _t("rispondi sì"),
        "no": _t("rispondi no"),
        "isee_most": _t("l'ISEE è fino a %(amount)s"),
        "isee_over": _t("l'ISEE è oltre %(amount)s"),
        "child": _t("con te vive un figlio di %(age)s anni"),
        "no_children": _t("con te non vivono figli"),
        "province": _t("abiti in provincia di %(province)s"),
    }
    return texts[variation.kind] % numbers


def effect_sentence(effect: Effect) -> str:
    """Return what one answer would give: «se rispondi sì: puoi chiedere i buoni»."""
    return _t("se %(said)s: %(outcome)s") % {"said": _said(effect.variation), "outcome": OUTCOMES[effect.outcome]}


def change_sentence(form: SelfCheckForm, effect: Effect) -> str:
    """Return what would change the answer, with the question where the answer alone does not say it."""
    variation = effect.variation
    texts = {"child": _t("con te vive anche un figlio di %(age)s anni") % {"age": variation.number}}
    said = texts.get(variation.kind) or _said(variation)
    sentence = _t("Se %(said)s: %(outcome)s.") % {"said": said, "outcome": OUTCOMES[effect.outcome]}
    return f"{question_of(form, variation.field)} {sentence}" if variation.kind in {"yes", "no"} else sentence

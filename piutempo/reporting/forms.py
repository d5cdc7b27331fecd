"""The form that freezes a report."""

from datetime import date
from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from piutempo.programmes.models import Programme
from piutempo.ui.forms import DayField


class FreezeForm(forms.Form):
    """Which programme and which period; ``until`` is the last day, shown as people say it."""

    programme = forms.ModelChoiceField(label=_("Programma"), queryset=Programme.objects.none())
    kind = forms.ChoiceField(
        label=_("Tipo di rapporto"), choices=[("quarter", _("Trimestrale")), ("final", _("Finale"))]
    )
    since = DayField(label=_("Dal"))
    until = DayField(label=_("Fino al (compreso)"))

    def __init__(self, *args: Any, programme_ids: set[int] | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rows = Programme.objects.order_by("title")
        field = cast("forms.ModelChoiceField[Programme]", self.fields["programme"])
        field.queryset = rows if programme_ids is None else rows.filter(pk__in=programme_ids)

    def clean(self) -> dict[str, Any]:
        """Refuse a period that ends before it starts."""
        data: dict[str, Any] = self.cleaned_data
        since, until = data.get("since"), data.get("until")
        if isinstance(since, date) and isinstance(until, date) and until < since:
            self.add_error("until", _("Il periodo deve finire dopo il suo inizio. Controlla le due date."))
        return data

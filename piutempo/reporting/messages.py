"""Refusals of the reports, by code: what is wrong and what to do."""

from typing import Any

from django.utils.translation import gettext_lazy as _

REFUSALS: dict[str, Any] = {
    "not-ended": _(
        "Il periodo non è ancora finito: i suoi dati possono cambiare. Congela il rapporto dal giorno dopo la fine."
    ),
}

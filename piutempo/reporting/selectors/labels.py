"""The words of a report: labels of figures, tables and columns, by code."""

from typing import Any

from django.utils.translation import gettext_lazy as _

FIGURES: dict[str, Any] = {
    "applications_received": _("Domande ricevute"),
    "applications_handled": _("Domande trattate"),
    "applications_approved": _("Domande approvate"),
    "applications_refused": _("Domande respinte"),
    "applications_withdrawn": _("Domande ritirate dalle famiglie"),
    "women": _("Donne fra i beneficiari"),
    "women_share_bp": _("Quota di donne fra i beneficiari"),
    "months_booked": _("Mensilità prenotate"),
    "months_booked_cents": _("Valore delle mensilità prenotate"),
    "months_issued": _("Mensilità erogate"),
    "months_issued_cents": _("Valore delle mensilità erogate"),
    "allocated_cents": _("Dotazione finanziaria"),
    "assigned_bp": _("Quota della dotazione assegnata alle famiglie"),
    "spent_cents": _("Buoni spesi"),
    "burn_bp": _("Quota spesa del valore erogato"),
    "unspent_cents": _("Buoni erogati e non spesi"),
    "lapsed_cents": _("Buoni scaduti e rientrati nel fondo"),
    "billed_cents": _("Liquidato agli operatori"),
    "paid_cents": _("Pagato agli operatori"),
    "recovered_cents": _("Somme recuperate"),
    "claimed_cents": _("Somme chieste indietro alle famiglie"),
    "redemptions": _("Utilizzi registrati"),
    "active_sites": _("Sedi di operatori attive"),
    "accredited_sites": _("Sedi di operatori convenzionate"),
    "active_desks": _("Sportelli attivi"),
    "desks": _("Sportelli convenzionati"),
}

TABLES: dict[str, Any] = {
    "refused_by_reason": _("Domande respinte per motivo"),
    "by_gender": _("Beneficiari per genere"),
    "by_province": _("Beneficiari per provincia"),
    "by_condition": _("Beneficiari per condizione della famiglia"),
    "by_service": _("Servizi fruiti"),
    "money_by_source": _("Risorse per fonte di finanziamento"),
    "trend": _("Andamento mensile"),
}

NOTES: dict[str, Any] = {
    "refused_by_reason": _("Ogni domanda respinta è contata una volta, sotto il primo motivo che ha deciso."),
    "by_condition": _("Una famiglia che rientra in due condizioni è contata in entrambe."),
    "by_service": _("Gli utilizzi stornati entro la data del rapporto non sono contati."),
    "money_by_source": _("Saldi di ogni conto alla data del rapporto, dal registro contabile."),
}

COLUMNS: dict[str, Any] = {
    "applications": _("Domande"),
    "beneficiaries": _("Beneficiari"),
    "months": _("Mensilità"),
    "redemptions": _("Utilizzi"),
    "units": _("Unità"),
    "value": _("Valore"),
    "unit_value": _("Valore medio per unità"),
    "received": _("Domande ricevute"),
    "approved": _("Domande approvate"),
    "months_issued": _("Mensilità erogate"),
    "issued": _("In circolazione"),
    "spent": _("Speso"),
    "paid": _("Pagato"),
    "world": _("Stanziato"),
    "available": _("Disponibile"),
    "committed": _("Impegnato"),
    "owed": _("Speso, da liquidare"),
    "payable": _("Liquidato, da pagare"),
    "lapsed": _("Scaduto"),
    "recovered": _("Recuperato"),
    "claimed": _("Da restituire"),
}

#: In the trend "issued" is what was issued in the month, not a balance.
TREND_COLUMNS: dict[str, Any] = {**COLUMNS, "issued": _("Valore erogato")}

GENDERS: dict[str, Any] = {"F": _("Donne"), "M": _("Uomini")}

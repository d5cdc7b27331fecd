"""What people read about vouchers: one Italian sentence for each code, with what to do next."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from piutempo.kernel.money import format_euro
from piutempo.vouchers.rules.custody import CustodyRefusal
from piutempo.vouchers.rules.file_rows import FileError, RowError
from piutempo.vouchers.rules.redemption import Refusal
from piutempo.vouchers.services.extension import ExtensionRefusal
from piutempo.vouchers.services.reversal import ReversalRefusal

_R, _C, _F, _W, _V, _E = Refusal, CustodyRefusal, FileError, RowError, ReversalRefusal, ExtensionRefusal

#: Sentences by code. Names in braces are filled by ``sentence_for`` from the refusal's details.
REDEMPTION: dict[str, str | Promise] = {
    _R.CODE_MISTYPED: gettext_lazy("Il codice non è scritto bene: controlla lettere e cifre, poi riscrivilo."),
    _R.CODE_NOT_OURS: gettext_lazy(
        "Questo codice non è stato stampato da noi. Non accettare il titolo e avvisa l'assistenza."
    ),
    _R.CODE_UNKNOWN: gettext_lazy(
        "Nessun buono ha questo codice. Controlla il titolo; se è giusto, chiama l'assistenza."
    ),
    _R.VOIDED: gettext_lazy(
        "Il titolo è annullato: è stato dichiarato smarrito o sostituito. Chiedi alla famiglia il titolo nuovo."
    ),
    _R.BLOCKED: gettext_lazy("Il titolo è bloccato. La famiglia può chiedere il motivo al suo sportello."),
    _R.ALREADY_SPENT: gettext_lazy(
        "Il titolo è già stato speso{spent_when}. Se non lo hai registrato tu, chiama l'assistenza."
    ),
    _R.NOT_HANDED_OVER: gettext_lazy(
        "Il titolo non risulta consegnato alla famiglia. La famiglia deve ritirarlo allo sportello prima di spenderlo."
    ),
    _R.LAPSED: gettext_lazy(
        "Il valore rimasto su questo buono è rientrato nel fondo. La famiglia può chiedere il motivo al suo sportello."
    ),
    _R.NOT_YET_VALID: gettext_lazy("Il buono vale dal {valid_from}: prima di quel giorno non si può spendere."),
    _R.EXPIRED: gettext_lazy("Il buono è scaduto il {last_day}: per servizi resi dopo quel giorno non si può usare."),
    _R.SERVED_IN_FUTURE: gettext_lazy("La data del servizio è nel futuro: registra il servizio quando è stato reso."),
    _R.SERVED_BEFORE_VALIDITY: gettext_lazy(
        "Il servizio è precedente al {valid_from}, quando il buono comincia a valere. Usa un buono di quel mese."
    ),
    _R.RECORDED_TOO_LATE: gettext_lazy(
        "Sono passati più di {record_days} giorni dal servizio: non si può più registrare. Scrivi all'ufficio del programma."
    ),
    _R.SITE_NOT_ACCREDITED: gettext_lazy(
        "Questa sede non era accreditata il {served_on}. Controlla la data del servizio o la sede."
    ),
    _R.WRONG_NETWORK: gettext_lazy("Questo tipo di buono si spende in un'altra rete di operatori, non in questa sede."),
    _R.SERVICE_NOT_IN_CATALOGUE: gettext_lazy(
        "Il {served_on} il catalogo non aveva questo servizio. Scegli il servizio dall'elenco."
    ),
    _R.SERVICE_NOT_ALLOWED: gettext_lazy(
        "Questa sede non era accreditata per questo servizio il {served_on}. Scegli uno dei servizi della sede."
    ),
    _R.PERSON_MISSING: gettext_lazy("Per questo servizio indica la persona assistita."),
    _R.PERSON_NOT_IN_HOUSEHOLD: gettext_lazy(
        "La persona indicata non è nel nucleo della famiglia che ha il buono. Controlla il nome o il codice fiscale."
    ),
    _R.PERSON_NOT_OF_AGE: gettext_lazy(
        "Il servizio non è previsto per l'età della persona indicata. Scegli un altro servizio o un'altra persona."
    ),
    _R.WRONG_HOLDER: gettext_lazy(
        "Il buono è di un'altra persona: il codice fiscale non è quello del titolare. Controlla il documento."
    ),
    _R.WRONG_QUANTITY: gettext_lazy(
        "La quantità è un numero intero da 1 in su: ore, giorni, pasti o mesi del servizio."
    ),
    _R.NOT_WHOLE_TITLES: gettext_lazy(
        "Questo buono si spende a titoli interi da {face}: scrivi i codici dei titoli, non un importo."
    ),
    _R.WRONG_AMOUNT: gettext_lazy("Questo è un buono a scalare: scrivi l'importo da usare, per esempio 12,50."),
    _R.NOT_ENOUGH_LEFT: gettext_lazy("Sul buono restano {left}: scrivi un importo più basso."),
    _R.ABOVE_CEILING: gettext_lazy(
        "Per questa quantità si possono accettare al massimo {ceiling}, e i titoli valgono {amount}. "
        "Togli dei titoli o correggi la quantità."
    ),
    "KEY_REUSED": gettext_lazy("Questa richiesta è già arrivata con altri dati. Ricarica la pagina e riprova."),
    "SEVERAL_VOUCHERS": gettext_lazy("I codici sono di buoni diversi: registrali in più volte."),
    "GUARD_DISAGREES": gettext_lazy(
        "Non siamo riusciti a registrare. Non è colpa tua: riprova fra poco o chiama l'assistenza."
    ),
}

CUSTODY: dict[str, str | Promise] = {
    _C.UNKNOWN_VOUCHER: gettext_lazy("Uno dei buoni non esiste. Ricarica la pagina e scegli di nuovo."),
    _C.NO_SUCH_TITLES: gettext_lazy("Il buono non ha questi titoli: controlla il primo e l'ultimo numero."),
    _C.DESK_DOES_NOT_DELIVER: gettext_lazy(
        "La convenzione di questo sportello oggi non comprende la consegna dei buoni: rendi i carnet all'ufficio e manda la "
        "famiglia a uno sportello che li consegna (elenco in «Sportelli»)."
    ),
    _C.DESK_NOT_IN_FORCE: gettext_lazy("La convenzione di questo sportello oggi non è in vigore."),
    _C.NOT_AT_THIS_DESK: gettext_lazy(
        "Il buono non è in questo sportello: manda la famiglia allo sportello che lo custodisce."
    ),
    _C.OTHER_PROGRAMME: gettext_lazy("Il buono è di un altro programma: questo sportello non può consegnarlo."),
    _C.ALREADY_HANDED: gettext_lazy(
        "Questi titoli sono già stati consegnati. Se sono andati persi, registra lo smarrimento."
    ),
    _C.NOT_HANDED: gettext_lazy("Questi titoli non risultano consegnati: non c'è niente da riprendere."),
    _C.VOIDED: gettext_lazy("Questi titoli sono annullati. Usa il buono che li ha sostituiti."),
    _C.BLOCKED: gettext_lazy("Questi titoli sono bloccati: prima togli il blocco."),
    _C.NOT_BLOCKED: gettext_lazy("Questi titoli non sono bloccati."),
    _C.SPENT: gettext_lazy("Alcuni di questi titoli sono già stati spesi: scegli solo quelli rimasti."),
    _C.LAPSED: gettext_lazy(
        "Il valore di questo buono è rientrato nel fondo: non si può più consegnare né sostituire."
    ),
    _C.EXPIRED: gettext_lazy("Il buono è scaduto: non si può più consegnare."),
    _C.DOCUMENT_NOT_ACCEPTED: gettext_lazy("Questo documento non è tra quelli ammessi: {documents}."),
    _C.DOCUMENT_NUMBER_MISSING: gettext_lazy("Scrivi il numero del documento di chi ritira."),
    _C.PROXY_NOT_ALLOWED: gettext_lazy("In questo programma i buoni li ritira solo il titolare."),
    _C.MANDATE_MISSING: gettext_lazy(
        "Chi ritira al posto del titolare deve avere la delega: scrivi il nome e la data della delega."
    ),
    _C.MANDATE_IN_FUTURE: gettext_lazy("La data della delega è nel futuro: controllala."),
    _C.REASON_MISSING: gettext_lazy("Scrivi il motivo: resta nel registro."),
    _C.NOTHING_LEFT: gettext_lazy("Di questo buono non resta niente da sostituire."),
    _C.TWICE: gettext_lazy("Lo stesso buono compare due volte nella consegna: toglilo una volta."),
}

REVERSAL: dict[str, str | Promise] = {
    _V.REASON_MISSING: gettext_lazy("Scrivi perché storni l'utilizzo: resta agli atti."),
    _V.ALREADY_REVERSED: gettext_lazy("Questo utilizzo è già stato stornato il {on}."),
    _V.ALREADY_SETTLED: gettext_lazy(
        "Questo utilizzo è in un rendiconto approvato: non si può più stornare. Scrivi all'ufficio contabilità."
    ),
    _V.TOO_LATE: gettext_lazy(
        "Sono passati più di {days} giorni: non si può più stornare. Scrivi all'ufficio del programma."
    ),
}

EXTENSION: dict[str, str | Promise] = {
    _E.DECREE_MISSING: gettext_lazy("Scrivi gli estremi dell'atto che proroga la scadenza."),
    _E.SCOPE_IS_EMPTY: gettext_lazy("Nessun buono con valore residuo scade in questo periodo: controlla le date."),
    _E.NOT_LATER: gettext_lazy("La nuova scadenza deve essere dopo quelle che proroga."),
    _E.FUND_HAS_NOT_THE_MONEY: gettext_lazy(
        "Il fondo non ha più il denaro dei buoni scaduti: mancano {missing}. Proroga senza ripristinarli, o rifinanzia il fondo."
    ),
    _E.ALREADY_UNDONE: gettext_lazy("Questa proroga è già stata annullata il {on}."),
    _E.REASON_MISSING: gettext_lazy("Scrivi il motivo: resta agli atti."),
}

FILES: dict[str, str | Promise] = {
    _F.TOO_BIG: gettext_lazy("Il file è troppo grande: al massimo {megabytes} MB. Dividilo in più file."),
    _F.EMPTY: gettext_lazy("Il file è vuoto: scarica il modello e riempilo con una riga per titolo."),
    _F.WRONG_ENCODING: gettext_lazy(
        "Non riusciamo a leggere i caratteri del file. Salvalo come «CSV UTF-8» oppure come cartella di lavoro XLSX."
    ),
    _F.NOT_A_TABLE: gettext_lazy(
        "Il file non è una tabella CSV: la prima riga deve contenere i nomi delle colonne, separati da punto e virgola."
    ),
    _F.COLUMNS_MISSING: gettext_lazy("Mancano le colonne: {columns}. Scarica il modello e usa gli stessi nomi."),
    _F.TOO_MANY_ROWS: gettext_lazy("Il file ha più di {rows} righe: dividilo."),
    _F.BROKEN_WORKBOOK: gettext_lazy("Il file XLSX è danneggiato: aprilo, salvalo di nuovo e riprova."),
    "FILE_HAS_ERRORS": gettext_lazy(
        "Alcune righe non si possono accettare: correggi il file o prendi solo le righe giuste."
    ),
    _W.CODE_EMPTY: gettext_lazy("Manca il codice del titolo."),
    _W.SERVICE_EMPTY: gettext_lazy("Manca il servizio: scrivi il codice del catalogo."),
    _W.QUANTITY_UNREADABLE: gettext_lazy("La quantità «{value}» non è un numero intero da 1 in su."),
    _W.DATE_UNREADABLE: gettext_lazy("La data «{value}» non si capisce: scrivila come 31/12/2026."),
    _W.TITLES_UNREADABLE: gettext_lazy(
        "Il numero di titoli «{value}» non va bene: scrivi quanti titoli di seguito, da 1 a 62."
    ),
    _W.AMOUNT_UNREADABLE: gettext_lazy(
        "L'importo «{value}» non si capisce: scrivilo come 1.234,50, con due decimali al massimo."
    ),
    _W.REPEATED_IN_FILE: gettext_lazy("Questo titolo compare già in una riga precedente del file: togli il doppione."),
}

API: dict[str, str | Promise] = {
    "NOT_AUTHENTICATED": gettext_lazy("La chiave manca, è sbagliata o è stata revocata."),
    "KEY_MISSING": gettext_lazy("Manca l'intestazione Idempotency-Key, da 1 a 60 caratteri."),
    "NOT_FOUND": gettext_lazy("Non c'è, o non è di questa sede."),
    "MALFORMED": gettext_lazy("La richiesta non ha la forma prevista: vedi la documentazione dell'API."),
}

SENTENCES: dict[str, dict[str, str | Promise]] = {
    "redemption": REDEMPTION,
    "custody": CUSTODY,
    "reversal": REVERSAL,
    "extension": EXTENSION,
    "file": {**REDEMPTION, **FILES},
    "api": {**REVERSAL, **REDEMPTION, **API},
}


def sentence_for(code: str, details: Mapping[str, Any] | None = None, *, about: str = "redemption") -> str:
    """Return the sentence for a refusal. ``about`` is a key of ``SENTENCES``; ``details`` come with the exception."""
    template = str(SENTENCES[about][code])
    if "{" not in template:
        return template
    return template.format_map(_Shown(_shown(details or {})))


class _Shown(dict[str, str]):
    """What is not known is left out."""

    def __missing__(self, key: str) -> str:
        return "…" if key != "spent_when" else ""


def _shown(details: Mapping[str, Any]) -> dict[str, str]:
    shown: dict[str, str] = {}
    for name, value in details.items():
        if isinstance(value, date):
            shown[name] = day(value)
        elif name.endswith("_cents"):
            shown[name.removesuffix("_cents")] = format_euro(value)
        elif isinstance(value, (list, tuple)):
            shown[name] = ", ".join(map(str, value))
        else:
            shown[name] = str(value)
    if isinstance(until := details.get("valid_until"), date):
        shown["last_day"] = day(until - timedelta(days=1))
    if "spent_on" in details:
        where = _("in questa sede") if details.get("is_same_site") else _("in un'altra sede")
        shown["spent_when"] = _(" il {day}, {where}").format(day=day(details["spent_on"]), where=where)
    return shown


def day(value: date) -> str:
    """Return a day as people write it: 31/12/2026."""
    return date_format(value, "d/m/Y")

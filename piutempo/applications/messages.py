"""Italian sentences for what this context refuses: what is wrong and what to do next."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from piutempo.applications.models import Application, CheckOutcome, Conflict, ConflictKind
from piutempo.applications.rules import Refusal
from piutempo.applications.rules.changing import ChangeRefusal
from piutempo.applications.selectors.queues import View
from piutempo.applications.services import ApplicationRefused
from piutempo.applications.services.changing import ChangeRefused
from piutempo.kernel.money import format_euro
from piutempo.kernel.periods import Month
from piutempo.procedures.messages import SENTENCES as PROCEDURE_SENTENCES
from piutempo.procedures.services import ProcedureRefused
from piutempo.programmes.rules.terms import Criterion
from piutempo.records.models import Event

SENTENCES = {
    Refusal.NOT_YET_OPEN: _l(
        "Le domande non si presentano ancora: il periodo si apre il %(opens)s e si chiude il %(closes)s. "
        "La bozza resta salvata: torna quando il periodo è aperto."
    ),
    Refusal.WINDOW_CLOSED: _l(
        "Il periodo per fare domanda si è chiuso il %(closes)s: la domanda non può più essere presentata."
    ),
    Refusal.NO_WINDOW: _l(
        "Il programma non ha un periodo per fare domanda: chiedi informazioni al numero di assistenza."
    ),
    Refusal.ALREADY_APPLIED: _l(
        "Per questa famiglia c'è già una domanda: se ne può presentare una sola. La trovi tra le tue domande."
    ),
    Refusal.NOT_DRAFT: _l("La domanda è già stata presentata e non si può più cambiare."),
    Refusal.NOT_SUBMITTED: _l("La domanda non è in attesa di decisione: ricarica la pagina per vedere a che punto è."),
    Refusal.ALREADY_DECIDED: _l("La domanda è già stata decisa: ricarica la pagina per vedere la decisione."),
    Refusal.NOT_APPROVED: _l("La domanda non è approvata: si può rinunciare soltanto a un beneficio assegnato."),
    Refusal.NOT_WITHDRAWABLE: _l(
        "La domanda è già stata decisa e non si può più ritirare. Se è stata approvata, si può rinunciare."
    ),
    Refusal.NOT_THE_APPLICANT: _l(
        "Chi fa domanda deve risultare come richiedente nel nucleo: controlla la composizione della famiglia."
    ),
    Refusal.WRONG_FACTS: _l("Alcuni dati vanno corretti: %(problems)s"),
    Refusal.CANNOT_APPROVE_AGAINST_RULES: _l(
        "Le regole del programma dicono di no: per approvare rivedi prima, con un motivo, il requisito "
        "che risulta negativo."
    ),
    Refusal.CANNOT_REFUSE_AGAINST_RULES: _l(
        "Le regole del programma dicono di sì: per respingere rivedi prima, con un motivo, il requisito "
        "che risulta positivo."
    ),
    Refusal.CANNOT_APPROVE_MISSING: _l("Non si può approvare finché manca qualcosa: %(missing)s"),
    Refusal.NEEDS_OFFICER: _l("Manca qualcosa, quindi le regole da sole non decidono: %(missing)s"),
    Refusal.NO_MONTHS: _l(
        "I requisiti ci sono, ma dai percorsi dichiarati non risulta nessuna mensilità: controlla le date dei percorsi."
    ),
    Refusal.NO_REASON: _l("Scrivi il motivo: resta nella storia della domanda e la famiglia può leggerlo."),
    Refusal.UNKNOWN_CRITERION: _l("Questo requisito non esiste nel programma: ricarica la pagina."),
    Refusal.UNKNOWN_OUTCOME: _l("Scegli se il requisito c'è oppure no."),
    Refusal.NOTHING_TO_OVERRULE: _l("Il requisito ha già questo esito: non c'è niente da rivedere."),
    Refusal.BEFORE_SUBMISSION: _l("La decisione non può venire prima della domanda: correggi la data."),
    Refusal.NO_SUPPORT: _l(
        "La convenzione di questo sportello oggi non prevede l'aiuto per fare domanda: indirizza la famiglia a uno "
        "sportello che lo offre (elenco in «Sportelli»), oppure chiedi all'ufficio di cambiare la convenzione."
    ),
    Refusal.NOT_IDENTIFIED: _l(
        "Prima riconosci la persona: chiedi un documento valido e scrivine tipo, numero e scadenza."
    ),
    Refusal.DOCUMENT_KIND: _l("Questo documento non vale per riconoscere la persona: scegline uno dall'elenco."),
    Refusal.DOCUMENT_NUMBER: _l("Scrivi il numero del documento, come si legge sul documento."),
    Refusal.DOCUMENT_EXPIRED: _l(
        "Il documento è scaduto e non basta per riconoscere la persona: chiedine un altro ancora valido."
    ),
    Refusal.NO_MANDATE: _l(
        "Manca la delega: stampa il modulo già compilato, falla firmare e carica la scansione. Solo dopo puoi vedere "
        "la domanda e lavorarci."
    ),
    Refusal.MANDATE_IN_FUTURE: _l("La data della firma è nel futuro: controlla il giorno scritto sulla delega."),
    Refusal.MANDATE_ENDED: _l(
        "La delega non è in vigore: è finita o è stata revocata. Per continuare serve una nuova delega firmata."
    ),
    Refusal.TOO_MANY_FILES: _l("Ci sono già troppi file: togline qualcuno, oppure unisci più pagine in un solo PDF."),
    Refusal.NOT_PROTOCOLLED: _l(
        "L'ISEE si può chiedere all'INPS soltanto dopo che la domanda è stata presentata e protocollata."
    ),
    Refusal.NOT_DECLARED: _l(
        "La famiglia non ha dichiarato l'ISEE, oppure il programma non lo chiede: non c'è niente da controllare."
    ),
    Refusal.SOURCE_SILENT: _l(
        "L'archivio dell'ISEE ora non risponde: riprova fra qualche minuto. La domanda può andare avanti lo stesso."
    ),
    Refusal.NOTHING_TO_NOTIFY: _l(
        "Le regole non dicono di no: il preavviso serve solo prima di un rifiuto. Rivedi i requisiti, con un motivo."
    ),
    Refusal.OBSERVATIONS_UNANSWERED: _l(
        "La famiglia ha mandato osservazioni: scrivi nella nota perché non bastano, oppure rivedi il requisito."
    ),
    Refusal.NEW_GROUNDS: _l(
        "Dopo il preavviso è stato rivisto un requisito: il nuovo motivo la famiglia non lo conosce. Manda un altro "
        "preavviso e aspetta i suoi giorni."
    ),
    Refusal.LETTER_NOT_SENT: _l(
        "La lettera alla famiglia non è ancora partita: spediscila dalle lettere della domanda e segna il giorno. I suoi "
        "giorni corrono da lì."
    ),
    Refusal.CONFLICT_OPEN: _l(
        "C'è una segnalazione da sciogliere: leggila, scrivi che cosa hai verificato e poi decidi la domanda."
    ),
    Refusal.PROPOSAL_NEEDED: _l(
        "In questo programma decidono due persone: prepara la proposta, poi la firma un'altra."
    ),
    Refusal.PROPOSAL_NOT_NEEDED: _l("In questo programma basta una firma: decidi direttamente."),
    Refusal.PROPOSAL_OPEN: _l(
        "C'è già una proposta da firmare: falla firmare, oppure rimandala indietro prima di farne un'altra."
    ),
    Refusal.PROPOSAL_CLOSED: _l("La proposta non c'è più: è già stata firmata o rimandata. Ricarica la pagina."),
    Refusal.PROPOSAL_STALE: _l(
        "Da quando è stata preparata, i requisiti sono cambiati: rimanda indietro la proposta e preparane un'altra."
    ),
    Refusal.SAME_PERSON: _l("Chi ha preparato la proposta non può firmarla: la firma un'altra persona dell'ufficio."),
    Refusal.NOT_DECIDED: _l("La domanda non è ancora decisa: il riesame si chiede dopo la decisione."),
    Refusal.REVIEW_TOO_LATE: _l(
        "Il riesame si poteva chiedere fino al %(last)s. Si può ancora fare ricorso, come dice la lettera della decisione."
    ),
    Refusal.REVIEW_OPEN: _l("Il riesame è già stato chiesto: l'ufficio risponde con una lettera."),
    Refusal.REVIEW_CLOSED: _l("A questa richiesta di riesame è già stato risposto: ricarica la pagina."),
    Refusal.ANOTHER_STANDS: _l(
        "Nel frattempo la famiglia ha la domanda n. %(number)s: prima di riaprire questa, quella va ritirata o decisa."
    ),
    Refusal.VOUCHERS_ISSUED: _l(
        "Ci sono già buoni emessi: un rifiuto ora sarebbe una decadenza. Avviala dalla pagina della domanda."
    ),
    Refusal.BENEFIT_ENDED: _l("Il beneficio di questa domanda è già chiuso: la famiglia può presentarne un'altra."),
    Refusal.MONTHS_DIFFER: _l(
        "Le mensilità sarebbero diverse da quelle assegnate: registra un cambiamento della situazione, non un riesame."
    ),
    Refusal.NOT_A_RANKING: _l("Per questo programma non c'è una graduatoria con questo termine: torna all'elenco."),
    Refusal.CUT_OFF_OPEN: _l("Il termine non è ancora passato: la graduatoria si forma quando non entra più nessuno."),
    Refusal.EARLIER_RANKING_FIRST: _l("Prima pubblica la graduatoria che viene prima: chi è lì ha la precedenza."),
    Refusal.REQUEST_RUNNING_IN_RANKING: _l(
        "La domanda n. %(number)s ha una richiesta di documenti ancora aperta: aspetta la risposta o la scadenza, "
        "chiudi la richiesta, poi forma la graduatoria."
    ),
    Refusal.REQUEST_NEEDED_FOR_RANKING: _l(
        "Alla domanda n. %(number)s manca un dato che nessuno ha chiesto alla famiglia: manda prima la richiesta."
    ),
    Refusal.DECIDED_BY_RANKING: _l(
        "In questo programma decide la graduatoria: formala e pubblicala, le decisioni arrivano tutte insieme."
    ),
    Refusal.RANKING_DRAWN: _l(
        "La domanda è in una graduatoria già formata: per cambiarla, chi firma deve prima rinviare la graduatoria."
    ),
    Refusal.RANKING_RETURNED: _l("Questa graduatoria è stata rinviata: formane un'altra."),
    Refusal.RANKING_PUBLISHED: _l("La graduatoria è già pubblicata: gli errori si correggono con il riesame."),
    Refusal.RANKING_CHANGED: _l(
        "Le domande non sono più quelle da cui è nata la graduatoria: rinviala con il motivo e formane un'altra."
    ),
}
NUMBERED = _l(
    "Per questa famiglia c'è già la domanda n. %(number)s: se ne può presentare una sola. Se era sbagliata, "
    "ritirala e poi presentane un'altra."
)


def sentence_for(refused: ApplicationRefused) -> str:
    """Return what to tell the person in front of the page."""
    opens, closes = "", ""
    if refused.window is not None:
        opens = date_format(timezone.localtime(refused.window.opens_at), "d/m/Y H:i")
        closes = date_format(timezone.localtime(refused.window.closes_at), "d/m/Y H:i")
    is_numbered = refused.code is Refusal.ALREADY_APPLIED and refused.number
    return str(NUMBERED if is_numbered else SENTENCES[refused.code]) % {
        "opens": opens,
        "closes": closes,
        "number": refused.number,
        "last": date_format(refused.last_day, "d/m/Y") if refused.last_day else "",
        "problems": " ".join(_(problem.text) % problem.params for problem in refused.problems),
        "missing": " ".join(refused.missing),
    }


#: What became of a place of a ranking (``selectors.rankings.STATES``).
PLACE_STATES = {
    "assigned": _l("fondi assegnati"),
    "waiting": _l("in attesa di fondi"),
    "admitted": _l("ammessa"),
    "ended": _l("beneficio chiuso"),
    "refused": _l("non ammessa"),
    "not_admitted": _l("non ammessa"),
    "withdrawn": _l("ritirata"),
}


CHANGE_SENTENCES = {
    ChangeRefusal.CHANGE_NOT_APPROVED: _l(
        "La domanda non è approvata: i cambiamenti si comunicano quando c'è un beneficio."
    ),
    ChangeRefusal.CHANGE_BENEFIT_ENDED: _l(
        "Il beneficio è finito: non ci sono mensilità da ricalcolare. Se il periodo è aperto si può fare un'altra domanda."
    ),
    ChangeRefusal.CHANGE_IN_FUTURE: _l("La data è nel futuro: comunica il cambiamento quando è avvenuto."),
    ChangeRefusal.CHANGE_BEFORE_REQUEST: _l(
        "La data viene prima della domanda: scrivi un giorno dopo, oppure chiama l'assistenza per correggere la domanda."
    ),
    ChangeRefusal.CHANGE_BEFORE_LAST: _l(
        "C'è già un cambiamento applicato da un giorno successivo: scrivi la situazione da quel giorno in poi."
    ),
    ChangeRefusal.CHANGE_OPEN: _l(
        "C'è già un cambiamento che l'ufficio sta esaminando: aspetta la risposta, poi comunica l'altro."
    ),
    ChangeRefusal.CHANGE_CLOSED: _l(
        "Questo cambiamento è già stato chiuso: ricarica la pagina per vedere com'è finito."
    ),
    ChangeRefusal.CHANGE_MISSING: _l(
        "Con questi dati le regole non sanno rispondere: chiedi alla famiglia ciò che manca, oppure non accoglierlo."
    ),
    ChangeRefusal.CHANGE_SAME: _l(
        "Quello che hai scritto è uguale a ciò che sapevamo: correggi le risposte che sono cambiate, o aggiungi una nota."
    ),
    ChangeRefusal.CHANGE_NO_REASON: _l("Scrivi il motivo: la famiglia lo legge nella lettera."),
    ChangeRefusal.CHANGE_WRONG_FACTS: _l("Alcuni dati vanno corretti: %(problems)s"),
    ChangeRefusal.CHANGE_TOO_MANY_FILES: _l("Scegli al massimo dieci file."),
}


def change_sentence(refused: ChangeRefused) -> str:
    """Return what to tell the person who declares or handles a change."""
    problems = " ".join(_(problem.text) % problem.params for problem in refused.problems)
    return str(CHANGE_SENTENCES[refused.code]) % {"problems": problems}


def refusal_sentence(refused: ApplicationRefused | ProcedureRefused) -> str:
    """Return what to tell an officer whom this context, or the procedure's clock, stopped."""
    if isinstance(refused, ProcedureRefused):
        return str(PROCEDURE_SENTENCES[refused.code])
    return sentence_for(refused)


def view_label(view: str) -> str:
    """Return what a saved view of the queue is called."""
    return str(VIEWS[View(view)])


VIEWS = {
    View.TO_TAKE: _l("Da prendere in carico"),
    View.MINE: _l("Le mie"),
    View.FAMILY: _l("In attesa della famiglia"),
    View.ANSWERED: _l("La famiglia ha risposto, o i giorni sono finiti"),
    View.SOON: _l("Da decidere entro 5 giorni"),
    View.LATE: _l("In ritardo"),
    View.TO_SIGN: _l("Da firmare"),
    View.REVIEW: _l("In riesame"),
}


def event_words(event: Event, names: Mapping[int, str]) -> str:
    """Return the reason, or what else a line of the history says beside what happened; empty: nothing."""
    data = event.data
    match event.name:
        case "applications.assigned":
            return names.get(data.get("to") or 0, "") or _("rimessa a disposizione")
        case "applications.documents_requested" | "applications.notice_given":
            return _("la famiglia può rispondere fino al %(day)s") % {
                "day": date_format(date.fromisoformat(data["due_on"]), "d/m/Y")
            }
        case "procedures.answered":
            return "" if data.get("in_time") else _("dopo i giorni che aveva")
        case "procedures.receipt_recorded":
            return _("arrivata il %(day)s") % {"day": date_format(date.fromisoformat(data["on"]), "d/m/Y")}
        case "applications.days_over":
            return (
                _("aveva risposto") if data.get("answered") else _("senza risposta: ora si decide con quello che c'è")
            )
        case "applications.proposed":
            return _("approvare") if data.get("is_approval") else _("respingere")
        case "applications.approved":
            return _("%(months)s mensilità") % {"months": data.get("months")}
        case "applications.refused" if data.get("codes"):
            return _("requisiti: %(codes)s") % {"codes": ", ".join(data["codes"])}
        case "applications.criterion_overruled":
            return str(data.get("code", ""))
    return str(data.get("reason", ""))


def event_label(name: str) -> str:
    """Return what an event of a case is called in its history."""
    labels = {
        "applications.started": _("Bozza aperta"),
        "applications.facts_saved": _("Dati aggiornati"),
        "applications.evidence_given": _("Prova indicata"),
        "applications.file_removed": _("File tolto dalla bozza"),
        "applications.submitted": _("Domanda presentata"),
        "applications.source_checked": _("ISEE controllato all'INPS"),
        "applications.scan_added": _("Scansione della domanda su carta"),
        "applications.scan_removed": _("Scansione tolta"),
        "applications.assigned": _("Presa in carico"),
        "applications.criterion_overruled": _("Requisito rivisto dall'ufficio"),
        "applications.ranking_drawn": _("Graduatoria formata"),
        "applications.ranking_published": _("Graduatoria pubblicata"),
        "applications.ranking_returned": _("Graduatoria rinviata"),
        "applications.approved": _("Domanda approvata"),
        "applications.refused": _("Domanda respinta"),
        "applications.withdrawn": _("Domanda ritirata"),
        "applications.renounced": _("Rinuncia o decadenza"),
        "applications.documents_requested": _("Documenti chiesti alla famiglia"),
        "applications.notice_given": _("Preavviso di rigetto inviato"),
        "applications.reminded": _("Promemoria inviato"),
        "applications.days_over": _("Giorni della famiglia finiti"),
        "applications.conflict_settled": _("Segnalazione sciolta"),
        "applications.proposed": _("Decisione proposta"),
        "applications.proposal_returned": _("Proposta rimandata indietro"),
        "applications.review_asked": _("Riesame chiesto"),
        "applications.review_refused": _("Riesame non accolto"),
        "applications.reopened": _("Domanda riaperta per il riesame"),
        "applications.review_dropped": _("Riesame ritirato dalla famiglia"),
        "applications.change_declared": _("Cambiamento comunicato"),
        "applications.change_applied": _("Cambiamento applicato"),
        "applications.change_refused": _("Cambiamento non accolto"),
        "applications.suspended": _("Beneficio sospeso"),
        "applications.resumed": _("Beneficio ripreso"),
        "settlements.forfeiture_notified": _("Decadenza avviata: preavviso alla famiglia"),
        "settlements.forfeiture_decided": _("Decadenza decisa"),
        "settlements.forfeiture_dropped": _("Decadenza archiviata"),
        "awards.suspended": _("Mensilità sospese o rimandate"),
        "awards.resumed": _("Mensilità riprese"),
        "awards.shortened": _("Mensilità rientrate nel fondo"),
        "procedures.answered": _("Risposta della famiglia"),
        "procedures.receipt_recorded": _("Lettera ricevuta dalla famiglia"),
        "awards.committed": _("Fondi impegnati"),
        "awards.queued": _("In lista d'attesa"),
        "awards.served": _("Fondi impegnati dalla lista d'attesa"),
        "awards.ended": _("Beneficio chiuso, mensilità non emesse rientrate"),
        "awards.dropped": _("Uscita dalla lista d'attesa"),
    }
    return labels.get(name, name)


def shown_rank(key: Sequence[Sequence[str]]) -> str:
    """Return what the stated order read of one award."""
    found = []
    for entry, value in key:
        name = entry.removeprefix("-")
        if not value:
            found.append(_("non indicato"))
        elif name == "submitted_at":
            found.append(date_format(timezone.localtime(datetime.fromisoformat(value)), "d/m/Y H:i"))
        elif name.endswith("_cents"):
            found.append(format_euro(int(value)))
        else:
            found.append(value)
    return " · ".join(found)


def declaration_text(criterion: Criterion, *, name: str, fiscal_code: str) -> str:
    """Return the self-declaration that a family confirms for one criterion, with what the law says of it."""
    return _(
        "Io, %(name)s, codice fiscale %(code)s, dichiaro sotto la mia responsabilità (articoli 46 e 47 del DPR "
        "445/2000): %(sentence)s So che chi dichiara il falso ne risponde per legge (articolo 76) e perde il "
        "beneficio (articolo 75), e che l'ufficio può controllare."
    ) % {"name": name, "code": fiscal_code, "sentence": criterion.yes}


def holder_text(office: str, document: str, when: str) -> str:
    """Return which public office already holds a document, as an officer reads it."""
    return _("%(office)s: %(document)s (%(when)s)") % {"office": office, "document": document, "when": when}


def conflict_sentence(conflict: Conflict, *, seen_from: Application | None = None) -> str:
    """
    Return the reason of a conflict for an officer. It names this family's own members only.

    ``seen_from`` is the request whose page shows it, when it is not the one that came in later.
    """
    far = conflict.application if seen_from is not None and seen_from.pk == conflict.other_id else conflict.other
    data = conflict.data
    if far is None:
        benefit = _("La famiglia dichiara un altro contributo per gli stessi servizi: «%(benefit)s».") % {
            "benefit": data.get("benefit", "")
        }
        return f"{benefit} " + _("Controlla che non copra gli stessi mesi e la stessa spesa.")
    words = {
        "number": far.number,
        "programme": far.programme.title,
        "person": conflict.person or "",
        "from": shown_month(str(data.get("from", ""))),
        "until": shown_month(str(data.get("until", ""))),
    }
    match conflict.kind:
        case ConflictKind.SAME_FAMILY:
            return (
                _(
                    "La stessa famiglia ha anche la domanda n. %(number)s (%(programme)s) per gli stessi mesi, "
                    "da %(from)s a %(until)s."
                )
                % words
            )
        case ConflictKind.TWO_HOUSEHOLDS:
            living = {
                "both": _("Entrambe le domande dicono che vive con loro."),
                "one": _("Solo una delle due domande dice che vive con loro."),
                "none": _("Nessuna delle due domande dice che vive con loro."),
            }.get(str(data.get("cohabiting")), "")
            return (
                _("%(person)s è anche nel nucleo della domanda n. %(number)s (%(programme)s).") % words + f" {living}"
            ).strip()
    return (
        _(
            "Per %(person)s c'è già un beneficio con la domanda n. %(number)s (%(programme)s) negli stessi mesi, "
            "da %(from)s a %(until)s."
        )
        % words
    )


def own_conflict_sentence(*, number: int | None, programme: str, span: tuple[str, str]) -> str:
    """Return what a family is told of its own other request before it submits this one."""
    return _(
        "Hai già la domanda n. %(number)s per «%(programme)s» negli stessi mesi, da %(from)s a %(until)s. Puoi "
        "presentare anche questa: l'ufficio controlla che non si paghi due volte la stessa spesa."
    ) % {"number": number, "programme": programme, "from": shown_month(span[0]), "until": shown_month(span[1])}


def shown_month(text: str) -> str:
    """Return ``2026-03`` as people say it; anything else unchanged."""
    try:
        return str(date_format(Month.parse(text).first, "F Y")).lower()
    except ValueError:
        return text


def check_sentence(outcome: str, data: Mapping[str, Any]) -> str:
    """Return what INPS's answer says of the declared ISEE; ``data`` as ``SourceCheck`` keeps it."""
    words = {
        "declared": format_euro(data["declared_cents"]),
        "found": format_euro(data["found_cents"]) if data.get("found_cents") is not None else "",
        "until": "/".join(reversed(str(data.get("valid_until") or "").split("-"))),
        "kind": data.get("indicator", ""),
    }
    sentences = {
        CheckOutcome.CONFIRMED: _("L'ISEE (%(kind)s) dell'INPS è %(found)s, come dichiarato."),
        CheckOutcome.DIFFERENT: _(
            "L'ISEE (%(kind)s) dell'INPS è %(found)s, la famiglia ha dichiarato %(declared)s: chiedi chiarimenti."
        ),
        CheckOutcome.FLAWED: _(
            "L'attestazione ISEE dell'INPS (%(found)s) ha omissioni o difformità: chiedi alla famiglia di correggerla."
        ),
        CheckOutcome.EXPIRED: _("L'attestazione ISEE dell'INPS valeva fino al %(until)s: chiedi quella nuova."),
        CheckOutcome.NOT_FOUND: _("All'INPS non risulta un ISEE per questa famiglia: chiedi l'attestazione."),
    }
    return str(sentences[CheckOutcome(outcome)]) % words

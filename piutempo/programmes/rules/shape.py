"""
The shape of a programme file: every key, its kind, whether it must be there, and what it means (docs/programme-
file.md).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from piutempo.programmes.rules import terms

UNITS = ("hour", "day", "month", "ride", "meal", "piece")
FORMS = ("titles", "balance")
GOVERNING_DATES = ("submitted_on",)
ALLOCATIONS = ("first_come", "ranking")
#: What a waiting list may be ordered by, besides every fact that is a whole number; a leading "-" turns the order
#: round.
WAITING_KEYS = ("submitted_at", "number")
#: What the waiting list is ordered by where there is a ranking: the older ranking first, then the place in it.
RANKING_ORDER = ("cut_off", "position")


def _(text: str) -> str:
    """Mark a text for the catalogues; the pages translate it."""
    return text


@dataclass(frozen=True, slots=True)
class Key:
    """
    One key of a table.

    ``kind``: code, text, texts, yes_no, number, numbers, bp, euro, day, instant, choice, table, tables. ``to`` is the
    name in ``Terms``.
    """

    name: str
    kind: str
    meaning: str
    to: str = ""
    default: Any = ...
    choices: tuple[str, ...] = ()
    table: Table | None = None

    @property
    def target(self) -> str:
        """The attribute of the terms that takes the value."""
        return self.to or self.name

    @property
    def is_required(self) -> bool:
        """Whether a file without the key is refused."""
        return self.default is ...


@dataclass(frozen=True, slots=True)
class Table:
    """A table of the file and the class of ``terms`` that it becomes."""

    builds: type[Any]
    keys: tuple[Key, ...]


ACT = Table(
    terms.Act,
    (
        Key("code", "code", _("Codice con cui gli altri dati citano l'atto.")),
        Key("title", "text", _("Denominazione dell'atto.")),
        Key("on", "day", _("Data dell'atto.")),
    ),
)
SOURCE = Table(
    terms.SourceTerms,
    (
        Key("code", "code", _("Codice della fonte.")),
        Key("title", "text", _("Denominazione della fonte.")),
        Key("share_bp", "bp", _("Quota in punti base: 10000 è tutto. Le quote di un fondo sommano a 10000.")),
    ),
)
FUND = Table(
    terms.FundTerms,
    (
        Key("code", "code", _("Codice del fondo.")),
        Key("title", "text", _("Denominazione del fondo.")),
        Key("budget", "euro", _("Dotazione."), "budget_cents"),
        Key("allocated_on", "day", _("Giorno dello stanziamento.")),
        Key("act", "code", _("Atto che stanzia (codice di un atto).")),
        Key("overcommit_bp", "bp", _("Quanto si può impegnare oltre la dotazione, in punti base."), default=0),
        Key("sources", "tables", _("Le fonti di finanziamento."), table=SOURCE),
    ),
)
WINDOW = Table(
    terms.Window,
    (
        Key("title", "text", _("Nome del periodo.")),
        Key("opens_at", "instant", _("Primo istante, ora italiana, al minuto.")),
        Key("closes_at", "instant", _("Primo istante in cui non si riceve più, ora italiana.")),
    ),
)
GROUP = Table(
    terms.Group,
    (Key("code", "code", _("Codice del gruppo.")), Key("title", "text", _("Titolo sopra le alternative."))),
)
CRITERION = Table(
    terms.Criterion,
    (
        Key("code", "code", _("Codice del requisito.")),
        Key("title", "text", _("Nome breve.")),
        Key("group", "code", _("Gruppo di alternative: ne basta una. Vuoto: il requisito serve sempre."), default=""),
        Key("expression", "text", _("Espressione CEL sulla scheda dei dati: vero o falso.")),
        Key("yes", "text", _("Frase se il requisito c'è.")),
        Key("no", "text", _("Frase se non c'è.")),
        Key("missing", "text", _("Frase se manca un dato.")),
        Key("evidence", "text", _("Che cosa portare per dimostrarlo."), default=""),
        Key("source", "text", _("Norma o atto.")),
    ),
)
ELIGIBILITY = Table(
    terms.Eligibility,
    (
        Key("governed_by", "choice", _("Data che regola età e periodi."), choices=GOVERNING_DATES),
        Key("months", "text", _("Espressione CEL: quante mensilità, numero intero.")),
        Key("first_month", "text", _("Espressione CEL: primo mese, come 2011-03.")),
        Key("groups", "tables", _("Gruppi di alternative."), default=(), table=GROUP),
        Key("criteria", "tables", _("Requisiti."), table=CRITERION),
    ),
)
PRODUCT = Table(
    terms.Product,
    (
        Key("code", "code", _("Codice del buono.")),
        Key("title", "text", _("Nome del buono.")),
        Key(
            "form", "choice", _("titles: carnet di titoli interi; balance: saldo spendibile a piacere."), choices=FORMS
        ),
        Key("fund", "code", _("Fondo che lo paga.")),
        Key("network", "code", _("Rete in cui si spende.")),
        Key("face", "euro", _("Valore di un titolo; per un saldo, l'importo del mese."), "face_cents"),
        Key("title_count", "number", _("Titoli al mese, al massimo 62; per un saldo, 1.")),
        Key("month", "euro", _("Valore del mese: titolo per numero di titoli."), "month_cents"),
        Key("max_months", "number", _("Mensilità al massimo.")),
        Key("valid_months", "number", _("Per quanti mesi vale, dal primo giorno del suo mese.")),
        Key("valid_until_at_most", "day", _("Scadenza comunque non oltre questo giorno (escluso)."), default=None),
        Key("record_days", "number", _("Entro quanti giorni dal servizio si registra l'utilizzo.")),
        Key("reversal_days", "number", _("Entro quanti giorni dalla registrazione si può stornare.")),
        Key("wording", "text", _("Dicitura stampata sul titolo.")),
        Key("is_granted_on_approval", "yes_no", _("Se l'approvazione lo assegna da sola.")),
    ),
)
NETWORK = Table(
    terms.NetworkTerms,
    (Key("code", "code", _("Codice della rete.")), Key("title", "text", _("Nome della rete."))),
)
CEILING = Table(
    terms.Ceiling,
    (
        Key("max_price", "euro", _("Massimale per unità."), "unit_cents"),
        Key("valid_from", "day", _("Da quando vale.")),
        Key("valid_until", "day", _("Primo giorno in cui non vale più."), default=None),
        Key("act", "code", _("Atto che lo stabilisce.")),
        Key("method", "text", _("Come è stato determinato.")),
    ),
)
SERVICE = Table(
    terms.Service,
    (
        Key("code", "code", _("Codice del servizio.")),
        Key("title", "text", _("Nome del servizio.")),
        Key("description", "text", _("Che cosa comprende e che cosa no."), default=""),
        Key("network", "code", _("Rete che lo offre.")),
        Key("unit", "choice", _("Unità di misura."), choices=UNITS),
        Key("valid_from", "day", _("Da quando è in catalogo.")),
        Key("valid_until", "day", _("Primo giorno in cui non è più in catalogo."), default=None),
        Key("needs_person", "yes_no", _("Se va indicata la persona assistita.")),
        Key("min_age", "number", _("Età minima della persona assistita, in anni compiuti."), default=None),
        Key("max_age", "number", _("Età (esclusa) a cui il servizio non spetta più."), default=None),
        Key("ceilings", "tables", _("Massimali, per periodi che non si sovrappongono."), table=CEILING),
    ),
)
BODY = Table(
    terms.DeskBody,
    (
        Key("name", "text", _("Nome dell'ente.")),
        Key("supports", "yes_no", _("I suoi sportelli aiutano a fare domanda.")),
        Key("delivers", "yes_no", _("I suoi sportelli consegnano i buoni.")),
    ),
)
DESKS = Table(
    terms.DeskTerms,
    (
        Key("identity_documents", "texts", _("Documenti accettati alla consegna.")),
        Key("proxy_allowed", "yes_no", _("Se può ritirare un'altra persona con delega.")),
        Key("bodies", "tables", _("Enti convenzionati."), table=BODY),
    ),
)
PROVIDERS = Table(
    terms.ProviderTerms,
    (
        Key("unit_types", "texts", _("Tipi di unità accreditabili.")),
        Key("statement_days", "number", _("Giorni dalla fine del mese per la rendicontazione.")),
        Key("payment_days", "number", _("Giorni dall'approvazione per il pagamento.")),
    ),
)
POINT = Table(
    terms.PointRule,
    (
        Key("code", "code", _("Codice del punteggio.")),
        Key("title", "text", _("Frase che lo spiega.")),
        Key("expression", "text", _("Espressione CEL sulla scheda dei dati: punti, numero intero.")),
        Key("source", "text", _("Norma o atto."), default=""),
    ),
)
CUT_OFF = Table(
    terms.CutOff,
    (
        Key("code", "code", _("Codice della graduatoria.")),
        Key("title", "text", _("Nome della graduatoria.")),
        Key("closes_at", "instant", _("Entrano le domande presentate prima di questo istante, ora italiana.")),
    ),
)
RANKING = Table(
    terms.RankingTerms,
    (
        Key("points", "tables", _("Punteggi: si sommano."), default=(), table=POINT),
        Key("tie_break", "texts", _("Ordine a parità di punti; per ultimo decide sempre il numero."), default=()),
        Key("cut_offs", "tables", _("Graduatorie, ciascuna con il suo termine."), default=(), table=CUT_OFF),
    ),
)
PROCEDURE = Table(
    terms.ProcedureTerms,
    (
        Key(
            "allocation",
            "choice",
            _("first_come: in ordine di arrivo; ranking: in graduatoria, per punti."),
            default="first_come",
            choices=ALLOCATIONS,
        ),
        Key("term_days", "number", _("Giorni entro cui l'ufficio decide."), default=30),
        Key("office", "text", _("Ufficio responsabile del procedimento."), default=""),
        Key("needs_second_signature", "yes_no", _("Se chi propone e chi firma sono persone diverse."), default=False),
        Key("integration_days", "number", _("Giorni per mandare i documenti mancanti."), default=10),
        Key("reminder_days", "numbers", _("Quanti giorni prima della scadenza si ricorda."), default=(5, 1)),
        Key("review_days", "number", _("Giorni per chiedere il riesame."), default=30),
        Key("appeal", "text", _("A chi e in quanto tempo si può ricorrere."), default=""),
        Key("change_days", "number", _("Giorni per comunicare un cambiamento."), default=30),
    ),
)
RISK_CLASS = Table(
    terms.RiskClass,
    (
        Key("code", "code", _("Codice della classe di rischio.")),
        Key("title", "text", _("Nome della classe.")),
        Key("expression", "text", _("Espressione CEL sulla scheda dei dati: vero se la domanda è di questa classe.")),
        Key("share_bp", "bp", _("Quota di domande controllate, in punti base.")),
    ),
)
CHECKS = Table(
    terms.CheckTerms,
    (
        Key(
            "risk_classes",
            "tables",
            _("Classi di rischio: conta la prima che corrisponde."),
            default=(),
            table=RISK_CLASS,
        ),
        Key("checklist", "texts", _("Che cosa si verifica in ogni controllo."), default=()),
        Key("answer_days", "number", _("Giorni per rispondere a un rilievo."), default=15),
        Key("term_days", "number", _("Giorni entro cui l'ufficio chiude un controllo."), default=90),
    ),
)
PROGRAMME = Table(
    terms.Terms,
    (
        Key("code", "code", _("Codice del programma; non cambia mai.")),
        Key("title", "text", _("Nome del programma.")),
        Key("summary", "text", _("Che cos'è, in due righe, per chi fa domanda.")),
        Key("body", "text", _("Ente titolare.")),
        Key("valid_from", "day", _("Da quando vale questa versione.")),
        Key("starts_on", "day", _("Primo giorno del programma.")),
        Key("ends_on", "day", _("Primo giorno dopo la fine.")),
        Key("provinces", "texts", _("Sigle delle province in cui si fa domanda.")),
        Key("illustrative", "texts", _("Che cosa in questo file è illustrativo, non tratto da una fonte."), default=()),
        Key("waiting_order", "texts", _("Ordine della lista d'attesa.")),
        Key("acts", "tables", _("Atti e norme."), table=ACT),
        Key("funds", "tables", _("Fondi."), table=FUND),
        Key("windows", "tables", _("Periodi di presentazione delle domande."), table=WINDOW),
        Key("eligibility", "table", _("Chi può fare domanda e per quanti mesi."), table=ELIGIBILITY),
        Key("products", "tables", _("Buoni."), table=PRODUCT),
        Key("networks", "tables", _("Reti di sedi."), table=NETWORK),
        Key("services", "tables", _("Catalogo dei servizi."), table=SERVICE),
        Key("desks", "table", _("Sportelli."), table=DESKS),
        Key("providers", "table", _("Operatori."), table=PROVIDERS),
        Key("procedure", "table", _("Come si tratta una domanda."), default=terms.ProcedureTerms(), table=PROCEDURE),
        Key("ranking", "table", _("Graduatoria."), default=terms.RankingTerms(), table=RANKING),
        Key("checks", "table", _("Controlli sulle autocertificazioni."), default=terms.CheckTerms(), table=CHECKS),
    ),
)

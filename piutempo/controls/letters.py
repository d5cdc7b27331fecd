"""The letters of a check: what does not match, a reminder, how it ended."""

from piutempo.correspondence.kinds import LetterKind

_REQUEST = {
    "programma": ("programma", "PiùTempo"),
    "numero": ("numero della domanda", "123"),
}
_TERM = {"termine": ("ultimo giorno per rispondere", "20 marzo 2026")}

FINDING = LetterKind(
    code="controls.finding",
    title="Rilievo di un controllo",
    subject="Controllo sulla domanda n. {numero}: ti chiediamo un chiarimento",
    body="""Gentile {nome},

la legge chiede all'ufficio di controllare alcune autocertificazioni (DPR 445/2000, articolo 71). Abbiamo controllato la tua domanda n. {numero} per «{programma}». Qualcosa non torna:

{rilievo}

Non abbiamo deciso nulla. Prima vogliamo leggere la tua risposta.

## Che cosa fare ora
Rispondi entro il {termine}: dal sito {sito}, allo sportello, o chiamando il numero {telefono}. Se c'è stato un errore, si può correggere. Se non rispondi non succede nulla da solo: dopo quel giorno una persona dell'ufficio decide con i documenti che ha.""",
    fields=_REQUEST | _TERM | {"rilievo": ("che cosa non torna", "- ISEE: nella banca dati l'importo è un altro")},
    is_legal=True,
)  # fmt: skip
REMINDER = LetterKind(
    code="controls.reminder",
    title="Promemoria di un controllo",
    subject="Ricorda di rispondere entro il {termine}: domanda n. {numero}",
    body="""Gentile {nome},

ti abbiamo chiesto un chiarimento sulla tua domanda n. {numero} per «{programma}» e non abbiamo ancora la tua risposta.

## Che cosa fare ora
Rispondi entro il {termine}: dal sito {sito}, allo sportello, o chiamando il numero {telefono}. Se hai già risposto in questi giorni non devi fare altro.""",
    fields=_REQUEST | _TERM,
)  # fmt: skip
OUTCOME = LetterKind(
    code="controls.outcome",
    title="Esito di un controllo",
    subject="Esito del controllo sulla domanda n. {numero}",
    body="""Gentile {nome},

il controllo sulla tua domanda n. {numero} per «{programma}» è finito.

Esito: {esito}.

{motivi}

## Che cosa fare ora
{seguito} Per ogni dubbio chiama il numero {telefono}.""",
    fields=_REQUEST
    | {
        "esito": ("esito del controllo", "regolare"),
        "motivi": ("motivi dell'esito", "Quello che hai dichiarato è in regola."),
        "seguito": ("che cosa succede dopo", "Non devi fare nulla."),
    },
    is_legal=True,
)
KINDS = (FINDING, REMINDER, OUTCOME)

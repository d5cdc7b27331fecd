"""The letters that reception writes: the appointment, and its reminder the day before."""

from piutempo.correspondence.kinds import LetterKind

_FIELDS = {
    "quando": ("giorno e ora", "lunedì 9 marzo 2026 alle 10:30"),
    "sportello": ("nome dello sportello", "Sportello famiglia di Rho"),
    "indirizzo": ("indirizzo dello sportello", "Via Meda 20, Rho (MI)"),
    "motivo": ("motivo della visita", "fare domanda"),
}
BOOKED = LetterKind(
    code="reception.appointment",
    title="Appuntamento allo sportello",
    subject="Il tuo appuntamento allo sportello",
    body="""Gentile {nome},

hai un appuntamento allo sportello.

- Quando: {quando}
- Dove: {sportello}, {indirizzo}
- Per: {motivo}

## Che cosa fare ora
Porta un documento valido e il codice fiscale. Se non puoi venire, sposta o annulla l'appuntamento dal sito {sito} oppure chiama il numero {telefono}: il posto servirà a un'altra famiglia.""",
    fields=_FIELDS,
)
REMINDER = LetterKind(
    code="reception.reminder",
    title="Promemoria dell'appuntamento",
    subject="Domani hai un appuntamento allo sportello",
    body="""Gentile {nome},

ti ricordiamo l'appuntamento di domani.

- Quando: {quando}
- Dove: {sportello}, {indirizzo}
- Per: {motivo}

## Che cosa fare ora
Porta un documento valido e il codice fiscale. Se non puoi venire, avvisaci: dal sito {sito} oppure al numero {telefono}.""",
    fields=_FIELDS,
)
KINDS = (BOOKED, REMINDER)

"""The letters that this context writes."""

from piutempo.correspondence.kinds import LetterKind

ANSWER = LetterKind(
    code="correspondence.answer",
    title="Risposta a un messaggio",
    subject="Risposta al tuo messaggio del {ricevuto}",
    body="""Gentile {nome},

hai scritto al nostro ufficio il {ricevuto} ({protocollo}). Ecco la risposta.

{risposta}

## Che cosa fare ora
Se la risposta non basta, scrivici ancora dal sito {sito} oppure chiama il numero {telefono}: indica il protocollo {protocollo}.""",
    fields={
        "ricevuto": ("giorno in cui è arrivato il messaggio", "2 marzo 2026"),
        "protocollo": ("protocollo del messaggio", "PIUTEMPO 2026/0000123"),
        "risposta": ("testo della risposta", "Abbiamo corretto il tuo indirizzo: ora è via Roma 1, Rho."),
    },
)
NOTICE = LetterKind(
    code="correspondence.notice",
    title="Avviso a molte persone",
    subject="{oggetto}",
    body="""Gentile {nome},

{testo}

## Che cosa fare ora
{prossimo_passo}

Se qualcosa non è chiaro, chiama il numero {telefono}.""",
    fields={
        "oggetto": ("oggetto dell'avviso", "Chiusura dello sportello di Rho"),
        "testo": ("testo dell'avviso", "Lo sportello di Rho resta chiuso dal 10 al 14 agosto."),
        "prossimo_passo": ("che cosa fare ora", "Ritira i tuoi buoni entro il 7 agosto."),
    },
)
KINDS = (ANSWER, NOTICE)

"""The letters that this context writes; each helper of a case adds its own kinds to ``KINDS``."""

from piutempo.correspondence.kinds import LetterKind

#: What every letter about a request may say of it.
REQUEST = {
    "programma": ("programma", "PiùTempo"),
    "numero": ("numero della domanda", "123"),
}

RECEIPT = LetterKind(
    code="applications.receipt",
    title="Ricevuta della domanda",
    subject="Ricevuta della domanda n. {numero}",
    body="""Gentile {nome},

abbiamo ricevuto la tua domanda. Questa è la ricevuta: conservala.

- Programma: {programma}
- Domanda numero: {numero}
- Chi fa domanda: {nome}, codice fiscale {codice_fiscale}
- Presentata: {presentata} {come}
- Protocollo: {protocollo}
- Impronta della domanda (SHA-256): {impronta}

## Chi la segue
- Ufficio: {ufficio}
- Responsabile: {responsabile}
- Decisione entro il {termine}

L'ufficio ha {giorni} giorni per decidere. Se ti chiede un documento, il conto si ferma mentre aspetta la tua risposta. Se il termine passa senza una decisione, la tua domanda resta valida: puoi chiedere che cosa succede al numero qui sotto.

## Le prove che hai dato
{prove}

## Che cosa fare ora
Non devi fare niente. Se manca qualcosa ti scriviamo noi. Per sapere a che punto è la domanda entra nel sito {sito} oppure chiama il numero {telefono}: basta il numero {numero}.""",
    fields=REQUEST
    | {
        "codice_fiscale": ("codice fiscale di chi fa domanda", "RSSMRA85T50F205X"),
        "presentata": ("giorno e ora della presentazione", "3 marzo 2026 alle 10:15:02"),
        "come": ("come è stata presentata", "in rete"),
        "protocollo": ("numero di protocollo", "PIUTEMPO 2026/0000123"),
        "impronta": ("impronta SHA-256 della domanda", "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"),
        "ufficio": ("ufficio che segue la domanda", "Ufficio famiglia"),
        "responsabile": ("responsabile del procedimento", "chi dirige l'ufficio"),
        "termine": ("ultimo giorno per decidere", "2 aprile 2026"),
        "giorni": ("giorni per decidere", "30"),
        "prove": ("elenco delle prove", "- ISEE entro il limite: autocertificazione"),
    },
    direction="in",
)  # fmt: skip

WITHDRAWAL = LetterKind(
    code="applications.withdrawal",
    title="Ricevuta del ritiro della domanda",
    subject="Hai ritirato la domanda n. {numero}",
    body="""Gentile {nome},

il {ritirata} hai ritirato la domanda n. {numero} per «{programma}». L'ufficio non la esamina più.

Motivo che hai scritto: {motivo}

## Che cosa fare ora
Se hai cambiato idea puoi fare un'altra domanda, finché il periodo è aperto: prende un numero nuovo e va in fondo alla fila. Per informazioni chiama il numero {telefono}.""",
    fields=REQUEST
    | {
        "ritirata": ("giorno e ora del ritiro", "5 marzo 2026 alle 9:30:00"),
        "motivo": ("motivo del ritiro", "ho trovato un'altra soluzione"),
    },
)  # fmt: skip

KINDS: tuple[LetterKind, ...] = (RECEIPT, WITHDRAWAL)

"""What the records' refusals say, and what to do next."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from piutempo.records.rules import FileRefusal

FILE_REFUSALS: dict[FileRefusal, Promise] = {
    FileRefusal.EMPTY: _("Il file è vuoto. Controlla di aver scelto quello giusto e caricalo di nuovo."),
    FileRefusal.TOO_BIG: _(
        "Il file supera i 5 MB. Riduci la foto o la scansione (bastano 200 punti per pollice) e caricalo di nuovo."
    ),
    FileRefusal.WRONG_TYPE: _("Questo tipo di file non va bene. Carica un PDF oppure una foto in formato JPEG o PNG."),
    FileRefusal.SIGNED: _("Qui non serve un file firmato (p7m). Carica il PDF oppure una foto in formato JPEG o PNG."),
    FileRefusal.ENCRYPTED_PDF: _(
        "Il PDF è protetto da una password e non si può leggere. Salvalo senza password e riprova."
    ),
}

"""
Writing vouchers: issuance, custody, redemption, files, reversal, lapse, extension.

Every service takes ``at`` (aware) and ``by`` (the account, None for the program), refuses with an exception that
carries a stable
``code``, and either does all it says or nothing. ``messages`` turns codes into sentences.
"""

from piutempo.vouchers.services.custody import (
    CustodyRefused,
    HandoverItem,
    block,
    hand_over,
    receive_stock,
    reissue,
    report_lost,
    return_stock,
    take_back,
    unblock,
)
from piutempo.vouchers.services.extension import (
    ExtensionRefused,
    ExtensionScope,
    extend_expiry,
    preview_extension,
    undo_extension,
)
from piutempo.vouchers.services.files import FileHasErrors, FileResult, confirm_file, import_rows, preview_file
from piutempo.vouchers.services.issuance import IssuanceReport, NothingWouldBeValid, UnknownProduct, issue_month
from piutempo.vouchers.services.lapse import LapseReport, lapse_award_vouchers, lapse_expired
from piutempo.vouchers.services.reading import FileRefused
from piutempo.vouchers.services.redemption import (
    GuardDisagrees,
    KeyReused,
    RedemptionRefused,
    SeveralVouchers,
    redeem,
    redeem_many,
)
from piutempo.vouchers.services.reversal import ReversalRefused, reverse_redemption

__all__ = [
    "CustodyRefused",
    "ExtensionRefused",
    "ExtensionScope",
    "FileHasErrors",
    "FileRefused",
    "FileResult",
    "GuardDisagrees",
    "HandoverItem",
    "IssuanceReport",
    "KeyReused",
    "LapseReport",
    "NothingWouldBeValid",
    "RedemptionRefused",
    "ReversalRefused",
    "SeveralVouchers",
    "UnknownProduct",
    "block",
    "confirm_file",
    "extend_expiry",
    "hand_over",
    "import_rows",
    "issue_month",
    "lapse_award_vouchers",
    "lapse_expired",
    "preview_extension",
    "preview_file",
    "receive_stock",
    "redeem",
    "redeem_many",
    "reissue",
    "report_lost",
    "return_stock",
    "reverse_redemption",
    "take_back",
    "unblock",
    "undo_extension",
]

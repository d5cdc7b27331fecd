"""Forwarding our entries to the body's own register, through its adapter."""

from dataclasses import dataclass
from datetime import datetime

from piutempo.records.adapters import ProtocolUnreachable, get_adapter
from piutempo.records.models import RegisterEntry


@dataclass(frozen=True, slots=True)
class ForwardReport:
    """What a run forwarded; ``fault`` is what stopped it, empty when nothing did."""

    forwarded: int = 0
    fault: str = ""


def forward_entries(at: datetime, *, limit: int = 500) -> ForwardReport:
    """
    Send the entries that the body's register has not numbered yet, the oldest first; nothing without an adapter.

    Each number is written as it comes. A fault stops the run and loses nothing: the next run goes on from there.
    """
    adapter = get_adapter()
    if adapter is None:
        return ForwardReport()
    done = 0
    for entry in RegisterEntry.objects.filter(external_number="").order_by("id")[:limit]:
        try:
            receipt = adapter.register(entry, at=at)
        except ProtocolUnreachable as fault:
            return ForwardReport(done, str(fault) or "unreachable")
        done += RegisterEntry.objects.filter(pk=entry.pk, external_number="").update(
            external_number=receipt.number, external_at=receipt.at
        )
    return ForwardReport(done)

"""Recording what happened, freezing documents, storing files, keeping the protocol register."""

from piutempo.records.services.files import FileRefused, store_file
from piutempo.records.services.forwarding import ForwardReport, forward_entries
from piutempo.records.services.recording import (
    DocumentInput,
    canonical_json,
    freeze_document,
    freeze_documents,
    hash_json,
    record_event,
    record_events,
)
from piutempo.records.services.register import (
    EntryInput,
    Numbers,
    register_entries,
    register_entry,
    register_numbered,
    reserve_numbers,
)

__all__ = [
    "DocumentInput",
    "EntryInput",
    "FileRefused",
    "ForwardReport",
    "Numbers",
    "canonical_json",
    "forward_entries",
    "freeze_document",
    "freeze_documents",
    "hash_json",
    "record_event",
    "record_events",
    "register_entries",
    "register_entry",
    "register_numbered",
    "reserve_numbers",
    "store_file",
]

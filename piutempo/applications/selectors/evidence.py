"""What a family proves and how: the evidence of one request, its files, the hash of many."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from piutempo.applications.models import Application, Attachment, AttachmentKind, Evidence, SourceCheck
from piutempo.applications.rules.evidence import Proof, criteria_relied_on
from piutempo.applications.selectors.assessment import Assessment
from piutempo.programmes.rules.eligibility import CriterionOutcome


@dataclass(frozen=True, slots=True)
class ProofView:
    """One criterion that the family relies on, how it is proved, and what outside sources said of it."""

    line: CriterionOutcome
    evidence: Evidence | None
    files: tuple[Attachment, ...]
    checks: tuple[SourceCheck, ...] = ()

    @property
    def is_given(self) -> bool:
        """Whether something was said or handed in; an upload without a file left is nothing."""
        return bool(self.files) or (self.evidence is not None and self.evidence.way != "upload")


def list_proofs(application: Application, assessment: Assessment) -> list[ProofView]:
    """
    Return the criteria that a family relies on, with their evidence, and others that evidence was given for.

    Three queries; the files come without their content.
    """
    given = {e.code: e for e in Evidence.objects.filter(application=application).select_related("by")}
    files: dict[str, list[Attachment]] = defaultdict(list)
    for attachment in list_evidence_files(application):
        files[attachment.code].append(attachment)
    checks: dict[str, list[SourceCheck]] = defaultdict(list)
    for check in SourceCheck.objects.filter(application=application).select_related("by"):
        checks[check.code].append(check)
    lines = assessment.effective.criteria
    wanted = {c.code for c in criteria_relied_on(lines)} | given.keys() | files.keys()
    return [
        ProofView(c, given.get(c.code), tuple(files[c.code]), tuple(checks[c.code])) for c in lines if c.code in wanted
    ]


def list_evidence_files(application: Application) -> list[Attachment]:
    """Return the files that prove criteria, without their content."""
    rows = Attachment.objects.filter(application=application, kind=AttachmentKind.EVIDENCE, removed_at=None)
    return list(rows.select_related("file").defer("file__content"))


def get_attachment(application: Application, attachment_id: int) -> Attachment:
    """
    Return a file of a case with its content; the views have checked who may see the case.

    :raises Attachment.DoesNotExist: none, removed, or another case's (views answer 404)
    """
    return Attachment.objects.select_related("file").get(pk=attachment_id, application=application, removed_at=None)


def gather_proofs(application_ids: Collection[int]) -> dict[int, list[Proof]]:
    """Return the evidence of many requests as the hash of a request reads it, by request. Two queries for each 400."""
    found: dict[int, list[Proof]] = defaultdict(list)
    ids = sorted(application_ids)
    for start in range(0, len(ids), 400):
        chunk = ids[start : start + 400]
        files: dict[tuple[int, str], list[str]] = defaultdict(list)
        kept = Attachment.objects.filter(
            application_id__in=chunk, kind=AttachmentKind.EVIDENCE, removed_at=None
        ).values_list("application_id", "code", "file__sha256")
        for application_id, code, sha256 in kept:
            files[application_id, code].append(sha256)
        for row in Evidence.objects.filter(application_id__in=chunk):
            hashes = tuple(files.pop((row.application_id, row.code), ()))
            found[row.application_id].append(Proof(row.code, row.way, row.note, hashes))
        for (application_id, code), hashes_left in files.items():
            found[application_id].append(Proof(code, "upload", "", tuple(hashes_left)))
    return found


def get_last_saved(application: Application) -> datetime:
    """Return when a draft was last left, else when it was opened."""
    bookmark = getattr(application, "bookmark", None)
    return bookmark.at if bookmark else application.created_at

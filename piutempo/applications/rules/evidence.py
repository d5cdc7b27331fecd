"""What a family proves, and the hash of what it handed in. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from piutempo.programmes.rules.eligibility import MISSING, NO, YES, CriterionOutcome


@dataclass(frozen=True, slots=True)
class Proof:
    """How one criterion is proved: ``note`` as written, ``files`` the SHA-256 of each file in the order given."""

    code: str
    way: str
    note: str
    files: tuple[str, ...]


def criteria_relied_on(criteria: Sequence[CriterionOutcome]) -> list[CriterionOutcome]:
    """
    Return the criteria that a family has to prove, in the programme's order.

    Of those that must all hold: the ones that do not fail. Of alternatives: the ones that hold; while none does, the
    ones still open. A criterion that no document is asked for is left out.
    """
    holding = {c.group for c in criteria if c.group and c.effective == YES}
    found = []
    for criterion in criteria:
        if not criterion.evidence or criterion.effective == NO:
            continue
        if criterion.group and criterion.effective == MISSING and criterion.group in holding:
            continue
        found.append(criterion)
    return found


def hash_of_request(facts_hash: str, proofs: Iterable[Proof]) -> str:
    """
    Return the SHA-256 of a request as submitted: of the canonical JSON of the facts' hash and of the evidence by code.

    Whoever holds the facts, the notes and the files can compute it again: see docs/rules/receipt.md.
    """
    evidence = [
        [p.code, p.way, hashlib.sha256(p.note.encode()).hexdigest(), sorted(p.files)]
        for p in sorted(proofs, key=lambda p: p.code)
    ]
    text = json.dumps({"evidence": evidence, "facts": facts_hash}, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()

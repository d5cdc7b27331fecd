"""
What one published version of a programme says, as plain values that every context reads.

Money in cents, shares in basis points, days as ``date`` with the end exclusive, instants with their time zone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class Act:
    """A norm or decree that a term rests on."""

    code: str
    title: str
    on: date


@dataclass(frozen=True, slots=True)
class SourceTerms:
    """Who funds which part of a fund."""

    code: str
    title: str
    share_bp: int


@dataclass(frozen=True, slots=True)
class FundTerms:
    """A sum of money; its pot in the ledger has the code ``<programme>/<fund>``."""

    code: str
    title: str
    budget_cents: int
    allocated_on: date
    act: str
    overcommit_bp: int
    sources: tuple[SourceTerms, ...]


@dataclass(frozen=True, slots=True)
class Window:
    """When applications are received: ``opens_at`` <= instant < ``closes_at``."""

    title: str
    opens_at: datetime
    closes_at: datetime


@dataclass(frozen=True, slots=True)
class Criterion:
    """
    One condition: a CEL expression over the fact sheet.

    Criteria with an empty ``group`` must all hold; of those that share a group, one is enough.
    ``yes``, ``no`` and ``missing`` are Italian sentences for the citizen; ``evidence`` says what to bring; ``source``
    the norm.
    """

    code: str
    title: str
    group: str
    expression: str
    yes: str
    no: str
    missing: str
    evidence: str
    source: str


@dataclass(frozen=True, slots=True)
class Group:
    """Alternatives: the title is shown above them."""

    code: str
    title: str


@dataclass(frozen=True, slots=True)
class Eligibility:
    """
    Who may apply and for how long.

    ``governed_by`` names the date at which ages and periods are read: ``submitted_on``. ``months`` is a CEL
    expression with an integer
    result; ``first_month`` one that gives a ``"YYYY-MM"`` text; both read the fact sheet.
    """

    governed_by: str
    groups: tuple[Group, ...]
    criteria: tuple[Criterion, ...]
    months: str
    first_month: str


@dataclass(frozen=True, slots=True)
class Product:
    """
    A kind of voucher: ``form`` is ``"titles"`` or ``"balance"``; ``month_cents`` = ``face_cents`` x ``title_count``.

    A voucher is valid from the first day of its month for ``valid_months`` months, but not beyond
    ``valid_until_at_most`` (exclusive, optional).
    A redemption may be recorded up to ``record_days`` days after the date of service, and undone up to
    ``reversal_days`` days after it was recorded.
    """

    code: str
    title: str
    form: str
    fund: str
    network: str
    face_cents: int
    title_count: int
    month_cents: int
    max_months: int
    valid_months: int
    valid_until_at_most: date | None
    record_days: int
    reversal_days: int
    wording: str
    is_granted_on_approval: bool


@dataclass(frozen=True, slots=True)
class NetworkTerms:
    """A set of sites that accept some products."""

    code: str
    title: str


@dataclass(frozen=True, slots=True)
class Ceiling:
    """The most that one unit of a service is worth in a period, with the act that says so."""

    unit_cents: int
    valid_from: date
    valid_until: date | None
    act: str
    method: str


@dataclass(frozen=True, slots=True)
class Service:
    """
    A service of the catalogue. ``unit`` is one of hour, day, month, ride, meal, piece.

    ``min_age`` <= age < ``max_age`` limits the person cared for (years; None: no limit); ``needs_person`` says that
    one must be named.
    """

    code: str
    title: str
    description: str
    network: str
    unit: str
    valid_from: date
    valid_until: date | None
    needs_person: bool
    min_age: int | None
    max_age: int | None
    ceilings: tuple[Ceiling, ...]

    def ceiling_on(self, day: date) -> Ceiling | None:
        """Return the ceiling in force on ``day``."""
        return next(
            (c for c in self.ceilings if c.valid_from <= day and (c.valid_until is None or day < c.valid_until)), None
        )


@dataclass(frozen=True, slots=True)
class DeskTerms:
    """Rules for desks: the bodies with an agreement, and which support and deliver."""

    identity_documents: tuple[str, ...]
    proxy_allowed: bool
    bodies: tuple[DeskBody, ...]


@dataclass(frozen=True, slots=True)
class DeskBody:
    """A body whose desks have an agreement."""

    name: str
    supports: bool
    delivers: bool


@dataclass(frozen=True, slots=True)
class ProviderTerms:
    """Rules for providers: unit types that may be accredited, how soon a statement is due and paid."""

    unit_types: tuple[str, ...]
    statement_days: int
    payment_days: int


@dataclass(frozen=True, slots=True)
class ProcedureTerms:
    """
    How a request is handled, within the law of administrative procedure (``procedures`` holds the law's own terms).

    ``allocation`` is ``"first_come"`` (in the order of arrival) or ``"ranking"`` (by cut-off dates and points: no
    notice before refusal, L. 241/1990 art. 10-bis). Days are calendar days. ``reminder_days`` are days before a
    family's deadline on which it is reminded. ``appeal`` says to whom and by when one appeals.
    """

    allocation: str = "first_come"
    term_days: int = 30
    office: str = ""
    needs_second_signature: bool = False
    integration_days: int = 10
    reminder_days: tuple[int, ...] = (5, 1)
    review_days: int = 30
    appeal: str = ""
    change_days: int = 30


@dataclass(frozen=True, slots=True)
class PointRule:
    """Points of a ranking: a CEL expression with an integer result, and the sentence that explains them."""

    code: str
    title: str
    expression: str
    source: str


@dataclass(frozen=True, slots=True)
class CutOff:
    """Requests submitted before ``closes_at`` (and after the cut-off before it) enter this ranking."""

    code: str
    title: str
    closes_at: datetime


@dataclass(frozen=True, slots=True)
class RankingTerms:
    """
    How requests are ordered: the sum of ``points``, higher first, then ``tie_break`` in the stated order.

    A tie-break is a fact, ``submitted_at`` or ``number``; a leading ``-`` turns it round. ``number`` always closes it.
    """

    points: tuple[PointRule, ...] = ()
    tie_break: tuple[str, ...] = ()
    cut_offs: tuple[CutOff, ...] = ()


@dataclass(frozen=True, slots=True)
class RiskClass:
    """Requests with ``expression`` true (CEL, the first that fits) are checked in the share ``share_bp``."""

    code: str
    title: str
    expression: str
    share_bp: int


@dataclass(frozen=True, slots=True)
class CheckTerms:
    """
    Checks of self-declarations (DPR 445/2000 art. 71): risk classes, checklist, days to answer a finding.

    The office has ``term_days`` from the opening of a check (the family's days are added); after that the check closes
    without consequence.
    """

    risk_classes: tuple[RiskClass, ...] = ()
    checklist: tuple[str, ...] = ()
    answer_days: int = 15
    term_days: int = 90


@dataclass(frozen=True, slots=True)
class Terms:
    """One version of a programme."""

    code: str
    title: str
    summary: str
    body: str
    valid_from: date
    starts_on: date
    ends_on: date
    provinces: tuple[str, ...]
    illustrative: tuple[str, ...]
    acts: tuple[Act, ...]
    funds: tuple[FundTerms, ...]
    windows: tuple[Window, ...]
    eligibility: Eligibility
    products: tuple[Product, ...]
    networks: tuple[NetworkTerms, ...]
    services: tuple[Service, ...]
    waiting_order: tuple[str, ...]
    desks: DeskTerms
    providers: ProviderTerms
    procedure: ProcedureTerms = ProcedureTerms()
    ranking: RankingTerms = RankingTerms()
    checks: CheckTerms = CheckTerms()

    def product(self, code: str) -> Product:
        """Return a product by code (KeyError if the version has none)."""
        return {p.code: p for p in self.products}[code]

    def service(self, code: str) -> Service:
        """Return a service by code (KeyError if the version has none)."""
        return {s.code: s for s in self.services}[code]

    def fund(self, code: str) -> FundTerms:
        """Return a fund by code (KeyError if the version has none)."""
        return {f.code: f for f in self.funds}[code]

    def window_at(self, instant: datetime) -> Window | None:
        """Return the window open at ``instant``."""
        return next((w for w in self.windows if w.opens_at <= instant < w.closes_at), None)

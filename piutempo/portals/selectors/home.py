"""What the home pages count: few queries, whatever the number of rows, always within the reader's scope."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count, F, IntegerField, Model, Q, QuerySet, Sum

from piutempo.applications.models import Application, Status
from piutempo.awards.models import Award, AwardStatus
from piutempo.correspondence.models import Message, MessageKind
from piutempo.kernel.periods import Month
from piutempo.network.models import Desk, Grant, Provider, Site
from piutempo.people.models import Scope, User
from piutempo.people.selectors.accounts import GrantRow
from piutempo.people.selectors.persons import get_person_for
from piutempo.programmes.models import Programme, ProgrammeVersion, VersionStatus
from piutempo.programmes.rules.terms import Terms, Window
from piutempo.programmes.selectors import list_open_programmes
from piutempo.reporting.models import FrozenReport
from piutempo.settlements.models import Statement, StatementStatus
from piutempo.vouchers.models import Redemption, RedemptionFile, Voucher

#: A voucher within so many days of its end is shown as expiring.
EXPIRING_DAYS = 60

UNSPENT = F("value_cents") - F("spent_cents") - F("void_cents") - F("lapsed_cents")


@dataclass(frozen=True, slots=True)
class OpenProgramme:
    """A programme of the public home: its window open now, or the next one."""

    code: str
    terms: Terms
    window: Window | None
    next_window: Window | None


def list_programmes_now(at: datetime, today: date) -> list[OpenProgramme]:
    """Return the programmes running now, those that receive applications first."""
    found = []
    for programme, terms in list_open_programmes(today):
        if not terms.starts_on <= today < terms.ends_on:
            continue
        coming = [w for w in terms.windows if w.opens_at > at]
        found.append(OpenProgramme(programme.code, terms, terms.window_at(at), coming[0] if coming else None))
    return sorted(found, key=lambda p: p.window is None)


@dataclass(frozen=True, slots=True)
class PublicFigures:
    """What the programmes have done so far."""

    applications: int
    households: int
    issued_cents: int
    spent_cents: int
    sites: int


def get_public_figures() -> PublicFigures:
    """Return the figures of the public home. Three queries."""
    asked = Application.objects.aggregate(
        received=Count("id", filter=Q(number__isnull=False)), approved=Count("id", filter=Q(status=Status.APPROVED))
    )
    vouchers = Voucher.objects.aggregate(issued=Sum(F("value_cents") - F("void_cents")), spent=Sum("spent_cents"))
    sites = Grant.objects.aggregate(n=Count("site", distinct=True))["n"]
    return PublicFigures(asked["received"], asked["approved"], vouchers["issued"] or 0, vouchers["spent"] or 0, sites)


def within(field: str, ids: set[int] | None) -> Q:
    """Return the condition of a scope: no limit for None."""
    return Q() if ids is None else Q(**{f"{field}__in": ids})


@dataclass(frozen=True, slots=True)
class CitizenHome:
    """What somebody sees of their own: applications, and the money still in their vouchers."""

    has_person: bool
    applications: list[Application]
    unspent_cents: int
    voucher_count: int
    first_expiry: date | None


def get_citizen_home(user: User, today: date) -> CitizenHome:
    """Return a citizen's own numbers. Three queries."""
    person = get_person_for(user)
    if person is None:
        return CitizenHome(False, [], 0, 0, None)
    mine = Application.objects.filter(applicant=person).select_related("programme").order_by("-created_at", "-pk")
    vouchers = Voucher.objects.filter(holder=person, valid_until__gt=today, valid_from__lte=today)
    rows = vouchers.annotate(left=UNSPENT).filter(left__gt=0).order_by("valid_until", "pk")
    left = list(rows.values_list("left", "valid_until"))
    return CitizenHome(True, list(mine[:10]), sum(r[0] for r in left), len(left), left[0][1] if left else None)


@dataclass(frozen=True, slots=True)
class DeskHome:
    """What waits at a desk."""

    drafts: int
    to_hand_over: int


def get_desk_home(desk_ids: set[int] | None, today: date) -> DeskHome:
    """Return what waits at the desks. Two queries."""
    drafts = Application.objects.filter(within("desk", desk_ids), desk__isnull=False, status=Status.DRAFT).count()
    stock = Voucher.objects.filter(within("desk", desk_ids), desk__isnull=False, handed=0, valid_until__gt=today)
    return DeskHome(drafts, stock.filter(void_cents=0, lapsed_cents=0).count())


@dataclass(frozen=True, slots=True)
class ProviderHome:
    """What waits at a provider's sites."""

    month_cents: int
    files_to_confirm: int
    statements_to_pay: int
    statements_to_pay_cents: int


def sites_within(site_ids: set[int] | None, provider_ids: set[int] | None) -> QuerySet[Site]:
    """Return the sites of a provider operator: those named, and all of the providers named."""
    if site_ids is None or provider_ids is None:
        return Site.objects.all()
    return Site.objects.filter(Q(pk__in=site_ids) | Q(provider__in=provider_ids))


def get_provider_home(site_ids: set[int] | None, provider_ids: set[int] | None, today: date) -> ProviderHome:
    """Return what waits at the sites. Three queries."""
    sites = sites_within(site_ids, provider_ids)
    month = Month.of(today)
    spent = Redemption.objects.filter(
        site__in=sites, served_on__gte=month.first, served_on__lt=month.end, reversal__isnull=True
    ).aggregate(cents=Sum("amount_cents"))["cents"]
    files = RedemptionFile.objects.filter(site__in=sites, confirmed_at__isnull=True).count()
    due = Statement.objects.filter(within("provider", provider_ids)).exclude(status=StatementStatus.PAID)
    sums = due.aggregate(n=Count("id"), cents=Sum("amount_cents"))
    return ProviderHome(spent or 0, files, sums["n"], sums["cents"] or 0)


@dataclass(frozen=True, slots=True)
class OfficeHome:
    """What waits at the office: applications, the waiting list."""

    to_decide: int
    waiting: int
    waiting_cents: int
    expiring_vouchers: int
    expiring_cents: int


def get_office_home(programme_ids: set[int] | None, today: date) -> OfficeHome:
    """Return what waits for case officers and managers. Three queries."""
    queue = Application.objects.filter(within("programme", programme_ids), status=Status.SUBMITTED).count()
    waiting = Award.objects.filter(within("programme", programme_ids), status=AwardStatus.WAITING).aggregate(
        n=Count("id"), cents=Sum(F("months") * F("month_cents"), output_field=IntegerField())
    )
    soon = _unspent(programme_ids, today).filter(valid_until__lte=today + timedelta(days=EXPIRING_DAYS))
    expiring = soon.aggregate(n=Count("id"), cents=Sum("left"))
    return OfficeHome(queue, waiting["n"], waiting["cents"] or 0, expiring["n"], expiring["cents"] or 0)


def _unspent(programme_ids: set[int] | None, today: date) -> QuerySet[Voucher]:
    rows = Voucher.objects.filter(within("programme", programme_ids), valid_until__gt=today)
    return rows.annotate(left=UNSPENT).filter(left__gt=0)


def list_unspent_by_expiry(programme_ids: set[int] | None, today: date) -> list[Mapping[str, Any]]:
    """
    Return the vouchers not wholly spent by programme and last day, soonest first. One query.

    Keys: ``programme__title``, ``valid_until`` (exclusive), ``vouchers``, ``left_cents``.
    """
    rows = _unspent(programme_ids, today).values("programme__title", "valid_until")
    rows = rows.annotate(vouchers=Count("id"), left_cents=Sum("left"))
    return list(rows.order_by("valid_until", "programme__title")[:200])


def count_messages(kind: MessageKind, *, since: datetime) -> int:
    """Return how many messages of a kind came since an instant. One query."""
    return Message.objects.filter(kind=kind, received_at__gte=since).count()


def find_message(kind: MessageKind, text: str, *, since: datetime) -> Message | None:
    """Return the message with these words received since an instant: the page sent twice. One query."""
    rows = Message.objects.filter(kind=kind, received_at__gte=since).select_related("entry").order_by("-id")
    return next((message for message in rows if message.text == text.strip()), None)


def count_drafts(programme_ids: set[int] | None) -> int:
    """Return how many programme versions are drafts. One query."""
    rows = ProgrammeVersion.objects.filter(within("programme", programme_ids), status=VersionStatus.DRAFT)
    return rows.count()


@dataclass(frozen=True, slots=True)
class AccountingHome:
    """What waits for accounting, in numbers and cents."""

    to_approve: int
    to_approve_cents: int
    to_pay: int
    to_pay_cents: int


def get_accounting_home(programme_ids: set[int] | None) -> AccountingHome:
    """Return what waits for accounting. One query."""
    prepared, approved = Q(status=StatementStatus.PREPARED), Q(status=StatementStatus.APPROVED)
    sums = Statement.objects.filter(within("programme", programme_ids)).aggregate(
        a=Count("id", filter=prepared),
        b=Sum("amount_cents", filter=prepared),
        c=Count("id", filter=approved),
        d=Sum("amount_cents", filter=approved),
    )
    return AccountingHome(sums["a"], sums["b"] or 0, sums["c"], sums["d"] or 0)


def count_reports(programme_ids: set[int] | None) -> int:
    """Return how many frozen reports stand (not superseded). One query."""
    return FrozenReport.objects.filter(within("programme", programme_ids), superseded_by__isnull=True).count()


def count_accounts() -> int:
    """Return how many accounts are open. One query."""
    return User.objects.filter(is_active=True).count()


NAMED: dict[Scope, type[Model]] = {
    Scope.PROGRAMME: Programme,
    Scope.DESK: Desk,
    Scope.SITE: Site,
    Scope.BODY: Provider,
}
#: By which field somebody names a programme, desk, site or provider when giving a role.
NAMED_BY = {Scope.PROGRAMME: "code", Scope.DESK: "code", Scope.SITE: "code", Scope.BODY: "vat_number"}


def list_scopes_named(scope: Scope, text: str) -> list[Model]:
    """
    Return the programmes, desks, sites or providers with this code (or VAT number). One query.

    Desks of two programmes may share a code: ``programme/desk`` tells them apart.
    """
    rows = NAMED[scope]._default_manager.all()
    programme, slash, code = text.strip().rpartition("/")
    if scope == Scope.DESK and slash:
        rows = rows.filter(programme__code__iexact=programme)
    rows = rows.filter(**{f"{NAMED_BY[scope]}__iexact": code})
    return list(rows.order_by("pk")[:2])


def get_scope_names(grants: Iterable[GrantRow | Any]) -> dict[tuple[str, int], str]:
    """Return what the scopes of some grants are called, by (scope, id). At most four queries."""
    wanted: dict[Scope, set[int]] = {}
    for grant in grants:
        if grant.scope_id is not None:
            wanted.setdefault(Scope(grant.scope), set()).add(grant.scope_id)
    return {
        (scope.value, row.pk): str(row)
        for scope, ids in wanted.items()
        for row in NAMED[scope]._default_manager.filter(pk__in=ids)
    }

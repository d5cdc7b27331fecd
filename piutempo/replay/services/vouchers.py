"""Carnets are issued, sent to desks, handed over, spent one by one or in monthly files; what is left lapses."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import TYPE_CHECKING

from django.conf import settings

from piutempo.kernel.codes import title_code
from piutempo.kernel.periods import Month
from piutempo.programmes.models import Programme
from piutempo.programmes.rules.terms import Service, Terms
from piutempo.replay.rules.spending import Line, Visit
from piutempo.replay.rules.world import World, collection_day
from piutempo.replay.services.cast import Cast
from piutempo.replay.services.families import FamilyActs
from piutempo.replay.services.network import Network
from piutempo.replay.services.paper import month_file
from piutempo.vouchers.models import Voucher
from piutempo.vouchers.rules.file_rows import FileRow
from piutempo.vouchers.services.custody import HandoverItem, hand_over, receive_stock
from piutempo.vouchers.services.extension import ExtensionScope, extend_expiry
from piutempo.vouchers.services.files import confirm_file, import_rows, preview_file
from piutempo.vouchers.services.issuance import issue_month
from piutempo.vouchers.services.lapse import lapse_expired
from piutempo.vouchers.services.redemption import RedemptionRefused, redeem

if TYPE_CHECKING:
    from piutempo.replay.services.driver import Calendar

#: The day of the month on which a site sends the file of the month before: from the third on.
FIRST_FILE_DAY, FILE_DAYS = 3, 7
LAPSE_DAY = 15
#: One site in so many uploads a CSV by hand.
SITES_PER_CSV = 4


@dataclass(slots=True)
class Held:
    """A carnet in a family's hands: the printed number of its voucher and the next title to spend."""

    voucher_id: int
    code: int
    title_count: int
    next_title: int = 1


class VoucherActs:
    """What desks, families and providers do with vouchers."""

    def __init__(
        self,
        world: World,
        programme: Programme,
        terms: Terms,
        network: Network,
        cast: Cast,
        calendar: Calendar,
        tally: Counter[str],
        families: FamilyActs,
    ) -> None:
        self.world, self.programme, self.terms, self.network, self.cast = world, programme, terms, network, cast
        self.calendar, self.tally, self.families = calendar, tally, families
        self.catalogue: dict[str, Service] = {service.code: service for service in terms.services}
        self.carnets_of: dict[int, list[int]] = defaultdict(list)
        for number, carnet in enumerate(world.carnets):
            self.carnets_of[carnet.family].append(number)
        self.visits_of: dict[int, list[int]] = defaultdict(list)
        for number, visit in enumerate(world.visits):
            self.visits_of[visit.family].append(number)
        self.issued: Counter[int] = Counter()
        self.refused: Counter[str] = Counter()
        self.held: dict[int, Held] = {}
        self.files: dict[tuple[int, Month], list[tuple[Visit, int]]] = defaultdict(list)

    def plan(self) -> None:
        """Put issuance, expiry and the extension on the calendar; the rest follows from what is issued."""
        scenario = self.world.scenario
        month = Month.of(scenario.first_day)
        while month.first <= scenario.last_day:
            if month.first >= self.terms.starts_on:
                self.calendar.add(month.first, time(5), partial(self.issue, month))
                self.calendar.add(month.first + timedelta(days=LAPSE_DAY - 1), time(22), self.lapse)
            month = month + 1
        self.calendar.add(scenario.last_day, time(22), self.lapse)
        if act := scenario.extension:
            self.calendar.add(act.made_on, time(12), self.extend)

    def issue(self, month: Month, at: datetime) -> None:
        """Issue the month, send each carnet to the family's desk, and plan what the families do with them."""
        if not month.first < self._last_validity():
            return
        done = issue_month(
            programme=self.programme, product_code=self.world.scenario.product, month=month, at=at, by=self.cast.manager
        )
        self.tally["carnet"] += done.issued
        if done.run_id is None or not done.issued:
            return
        rows = Voucher.objects.filter(run_id=done.run_id, replacement=0).order_by("id")
        by_desk: dict[int, list[tuple[int, int]]] = defaultdict(list)
        for voucher_id, code, holder_id, count in rows.values_list("id", "code", "holder_id", "title_count"):
            family = self.families.of_person[holder_id]
            position = self.issued[family]
            self.issued[family] += 1
            if not position:
                self._plan_visits(family, month)
            carnets = self.carnets_of[family]
            if position < len(carnets):
                self.held[carnets[position]] = Held(voucher_id, code, count)
                is_fetched = self.world.carnets[carnets[position]].collected_on is not None
                by_desk[self.world.families[family].collects_at].append((voucher_id, family if is_fetched else -1))
        for desk, items in sorted(by_desk.items()):
            day = collection_day(desk, month)
            self.calendar.add(day, time(8), partial(self.hand_over, desk, items))

    def _last_validity(self) -> date:
        product = self.terms.product(self.world.scenario.product)
        return product.valid_until_at_most or self.terms.ends_on

    def _plan_visits(self, family: int, first: Month) -> None:
        """Plan a family's visits when its first carnet comes; who waited for the money does all of it later."""
        planned = self.world.families[family].course_months[0]
        delay = first - planned
        for number in self.visits_of[family]:
            visit = self.world.visits[number]
            if visit.is_one_by_one:
                day = later(visit.lines[0].served_on, delay)
                self.calendar.add(day, time(11, number % 60), partial(self.redeem, visit))
                continue
            month = visit.month + delay
            waiting = self.files[visit.site, month]
            if not waiting:
                day = (month + 1).first + timedelta(days=FIRST_FILE_DAY - 1 + visit.site % FILE_DAYS)
                self.calendar.add(day, time(15), partial(self.send_file, visit.site, month))
            waiting.append((visit, delay))

    def hand_over(self, desk: int, items: Sequence[tuple[int, int]], at: datetime) -> None:
        """A desk receives its carnets of the month and hands out those that families come for, document in hand."""
        row = self.network.desks[desk]
        receive_stock(desk=row, voucher_ids=[voucher_id for voucher_id, _ in items], at=at, by=self.cast.desks)
        documents = self.terms.desks.identity_documents
        collected = [
            HandoverItem(
                voucher_id=voucher_id,
                document_type=documents[family % len(documents)],
                document_number=f"AR{family:07d}",
            )
            for voucher_id, family in items
            if family >= 0
        ]
        if collected:
            hand_over(desk=row, items=collected, at=at + timedelta(hours=2), by=self.cast.desks)
        self.tally["consegnati"] += len(collected)

    def redeem(self, visit: Visit, at: datetime) -> None:
        """Spend one by one at the counter."""
        for line in visit.lines:
            held, titles = self._take(line)
            if held is None or not titles:
                continue
            try:
                redeem(
                    site=self.network.sites[visit.site],
                    codes=[title_code(held.code, index, settings.CODE_KEY) for index in titles],
                    service=line.service,
                    quantity=self._quantity(visit.site, line, at.date(), len(titles)),
                    served_on=at.date(),
                    at=at,
                    by=None,
                    key=f"{visit.month}-{line.carnet}",
                    person_cared_id=self._member(visit.family, line),
                )
                self.tally["titoli"] += len(titles)
                self.tally["utilizzi al banco"] += 1
            except RedemptionRefused as refused:
                self._refuse(refused.code, len(titles))

    def send_file(self, site: int, month: Month, at: datetime) -> None:
        """
        A site sends its month, and the rows that are right are taken.

        One site in four uploads a CSV, previewed and then confirmed; the software of the others sends the same rows.
        """
        rows: list[FileRow] = []
        for visit, delay in self.files.pop((site, month)):
            for line in visit.lines:
                held, titles = self._take(line)
                if held is not None and titles:
                    rows.append(
                        self._row(len(rows) + 2, site, visit.family, line, later(line.served_on, delay), held, titles)
                    )
        if not rows:
            return
        row, name = self.network.sites[site], f"{month}"
        if site % SITES_PER_CSV:
            result = import_rows(site=row, programme=self.programme, name=name, rows=rows, at=at, by=None)
        else:
            file = preview_file(
                site=row, programme=self.programme, name=f"{name}.csv", content=month_file(rows), at=at, by=None
            )
            result = confirm_file(file=file, at=at + timedelta(minutes=5), by=None, takes_good_rows=True)
        refused = {refusal.line: refusal.code for refusal in result.refusals}
        for spent in rows:
            if code := refused.get(spent.line):
                self._refuse(code, spent.titles)
            else:
                self.tally["titoli"] += spent.titles
        self.tally["file"] += 1

    def _row(
        self, number: int, site: int, family: int, line: Line, served_on: date, held: Held, titles: range
    ) -> FileRow:
        return FileRow(
            line=number,
            voucher_code=held.code,
            first_title=titles.start,
            titles=len(titles),
            amount_cents=0,
            service=line.service,
            quantity=self._quantity(site, line, served_on, len(titles)),
            served_on=served_on,
            cared_fiscal_code=self._cared(family, line),
        )

    def _refuse(self, code: str, titles: int) -> None:
        self.tally["titoli rifiutati"] += titles
        self.refused[str(code)] += titles

    def _take(self, line: Line) -> tuple[Held | None, range]:
        """Return the carnet in the family's hands and the titles that it puts on the counter."""
        held = self.held.get(line.carnet)
        if held is None:
            return None, range(0)
        if line.attempt == "spent":
            return held, range(1, 2)
        titles = range(held.next_title, min(held.next_title + line.titles, held.title_count + 1))
        if not line.attempt:
            held.next_title = titles.stop
        return held, titles

    def _cared(self, family: int, line: Line) -> str:
        return "" if line.member is None else self.world.families[family].members[line.member].person.fiscal_code

    def _member(self, family: int, line: Line) -> int | None:
        return None if line.member is None else self.families.members[family][line.member]

    def _quantity(self, site: int, line: Line, served_on: date, titles: int) -> int:
        """As many units as the titles pay for at this site's price."""
        ceiling = self.catalogue[line.service].ceiling_on(served_on)
        prices = dict(self.world.region.sites[site].prices)
        unit = min(price for price in (prices[line.service], ceiling.unit_cents if ceiling else None) if price)
        face = self.terms.product(self.world.scenario.product).face_cents
        return -(-titles * face // unit)

    def lapse(self, at: datetime) -> None:
        """Lapse what can no longer be recorded."""
        done = lapse_expired(programme=self.programme, on=at.date(), at=at, by=self.cast.manager)
        self.tally["carnet scaduti"] += done.vouchers
        self.tally["serviti dalla lista"] += done.served

    def extend(self, at: datetime) -> None:
        """Postpone the expiry by the scenario's act."""
        act = self.world.scenario.extension
        if act is None:
            return
        done = extend_expiry(
            scope=ExtensionScope(
                programme_id=self.programme.pk,
                expiring_from=act.expiring_from,
                expiring_until=act.expiring_until,
                new_valid_until=act.new_valid_until,
                product=self.world.scenario.product,
            ),
            decree=act.decree,
            reason=act.reason,
            at=at,
            by=self.cast.manager,
        )
        self.tally["carnet prorogati"] += done.vouchers


def later(day: date, months: int) -> date:
    """Return ``day`` so many months later; when it moves, after that month's collection and not beyond the 28th."""
    if not months:
        return day
    month = Month.of(day) + months
    return date(month.year, month.number, min(max(day.day, 13), 28))

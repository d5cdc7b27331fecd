"""What a programme file must hold together: references, periods, money that divides, expressions that can be read."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import date
from itertools import pairwise
from typing import Any

from piutempo.kernel.money import format_cents
from piutempo.programmes.rules.eligibility import ExpressionWrong, compile_expression
from piutempo.programmes.rules.facts import FACTS, FOREVER
from piutempo.programmes.rules.problems import Problem, closest
from piutempo.programmes.rules.shape import RANKING_ORDER, WAITING_KEYS

Values = Mapping[str, Any]
MAX_TITLES = 62


def _(text: str) -> str:
    """Mark a text for the catalogues; the pages translate it."""
    return text


def check_terms(values: Values) -> list[Problem]:
    """Return what does not hold together in values read by ``reading`` (what was unreadable is absent and skipped)."""
    problems: list[Problem] = []
    for name in ("acts", "funds", "products", "networks", "services"):
        _check_unique(values.get(name, ()), name, "code", problems)
    acts, funds, networks = (_codes(values, name) for name in ("acts", "funds", "networks"))
    for n, fund in enumerate(values.get("funds", ())):
        _check_fund(fund, f"funds[{n}]", acts, problems)
    for n, product in enumerate(values.get("products", ())):
        _check_product(product, f"products[{n}]", values, funds, networks, problems)
    for n, service in enumerate(values.get("services", ())):
        _check_service(service, f"services[{n}]", acts, networks, problems)
    _check_windows(values, problems)
    _check_eligibility(values.get("eligibility", {}), problems)
    procedure, ranking, checks = (_table(values, name) for name in ("procedure", "ranking", "checks"))
    _check_procedure(procedure, problems)
    _check_ranking(ranking, procedure, values, problems)
    _check_checks(checks, problems)
    problems.extend(
        Problem(name, _("L'elenco «%(name)s» è vuoto: ne serve almeno uno."), {"name": name})
        for name in ("acts", "funds", "windows", "products", "networks", "services")
        if values.get(name) == []
    )
    _check_order(values.get("starts_on"), values.get("ends_on"), "ends_on", problems)
    for n, province in enumerate(values.get("provinces", ())):
        if len(province) != 2 or not province.isupper():
            problems.append(
                Problem(
                    f"provinces[{n}]",
                    _("«%(value)s» non è una sigla di provincia: per esempio «MI»."),
                    {"value": province},
                )
            )
    is_ranking = procedure.get("allocation") == "ranking"
    order = tuple(values.get("waiting_order", ()))
    if not is_ranking:
        _check_order_keys(order, "waiting_order", problems)
    elif "waiting_order" in values and order != RANKING_ORDER:
        problems.append(
            Problem(
                "waiting_order",
                _("Con la graduatoria la lista d'attesa segue la graduatoria: scrivi waiting_order = %(right)s."),
                {"right": json.dumps(RANKING_ORDER)},
            )
        )
    bodies = values.get("desks", {}).get("bodies", ())
    _check_unique(bodies, "desks.bodies", "name", problems)
    return problems


def _table(values: Values, name: str) -> Values:
    """Return an optional table as read; empty when the file does not have it (its defaults hold together)."""
    found = values.get(name)
    return found if isinstance(found, Mapping) else {}


def _check_order_keys(keys: Iterable[str], path: str, problems: list[Problem]) -> None:
    sortable = {fact.name for fact in FACTS if fact.kind == "int"} | set(WAITING_KEYS)
    for n, key in enumerate(keys):
        _check_known(key.removeprefix("-"), sortable, f"{path}[{n}]", _("un dato con cui ordinare"), problems)


def _codes(values: Values, name: str) -> set[str]:
    return {item["code"] for item in values.get(name, ()) if "code" in item}


def _check_known(value: str | None, known: Iterable[str], path: str, what: str, problems: list[Problem]) -> None:
    if value is not None and value not in known:
        problems.append(
            Problem(
                path,
                _("«%(value)s» non è %(what)s di questo file.%(hint)s"),
                {"value": value, "what": what, "hint": closest(value, known)},
            )
        )


def _check_unique(items: Iterable[Values], path: str, key: str, problems: list[Problem]) -> None:
    seen: dict[Any, int] = {}
    for n, item in enumerate(items):
        value = item.get(key)
        if value is not None and value in seen:
            problems.append(
                Problem(
                    f"{path}[{n}].{key}",
                    _("«%(value)s» c'è già in %(path)s[%(first)s]: ciascuno deve averne uno suo."),
                    {"value": value, "path": path, "first": seen[value]},
                )
            )
        seen.setdefault(value, n)


def _check_order(start: Any, end: Any, path: str, problems: list[Problem]) -> None:
    if start is not None and end is not None and end <= start:
        problems.append(
            Problem(
                path,
                _("La fine (%(end)s, esclusa) deve venire dopo l'inizio (%(start)s)."),
                {"start": _show(start), "end": _show(end)},
            )
        )


def _show(moment: Any) -> str:
    return f"{moment:%d/%m/%Y %H:%M}" if hasattr(moment, "hour") else f"{moment:%d/%m/%Y}"


def _check_overlaps(
    items: Iterable[Values], start: str, end: str, path: str, key: str, problems: list[Problem]
) -> None:
    whole = [(n, i) for n, i in enumerate(items) if i.get(start) is not None and end in i]
    for place, (n, item) in enumerate(whole):
        for m, other in whole[:place]:
            starts_before = other[end] is None or item[start] < other[end]
            ends_after = item[end] is None or other[start] < item[end]
            if starts_before and ends_after:
                problems.append(
                    Problem(
                        f"{path}[{n}].{key}",
                        _(
                            "Il periodo si sovrappone a quello di %(path)s[%(m)s]:"
                            " fai finire il primo dove inizia il secondo."
                        ),
                        {"path": path, "m": m},
                    )
                )


def _check_divides(cents: int, fund: Values | None, path: str, problems: list[Problem]) -> None:
    for source in (fund or {}).get("sources", ()):
        share = source.get("share_bp")
        if share and cents * share % 10_000:
            problems.append(
                Problem(
                    path,
                    _(
                        "%(amount)s € non si divide in centesimi interi tra le fonti:"
                        " la quota di «%(source)s» (%(share)s punti base)"
                        " dà %(part)s centesimi. Cambia l'importo o le quote."
                    ),
                    {
                        "amount": format_cents(cents),
                        "source": source.get("code", "?"),
                        "share": share,
                        "part": f"{cents * share / 10_000:.4f}".replace(".", ","),
                    },
                )
            )


def _check_fund(fund: Values, path: str, acts: set[str], problems: list[Problem]) -> None:
    _check_known(fund.get("act"), acts, f"{path}.act", _("un atto"), problems)
    sources = fund.get("sources")
    if sources is not None:
        _check_unique(sources, f"{path}.sources", "code", problems)
        shares = [source.get("share_bp") for source in sources]
        if None not in shares and sum(shares) != 10_000:
            problems.append(
                Problem(
                    f"{path}.sources",
                    _("Le quote delle fonti sommano a %(sum)s punti base: devono sommare a 10000."),
                    {"sum": sum(shares)},
                )
            )
        for n, share in enumerate(shares):
            if share == 0:
                problems.append(
                    Problem(f"{path}.sources[{n}].share_bp", _("Una fonte con quota zero non finanzia: toglila."))
                )
    budget = fund.get("budget_cents")
    if budget == 0:
        problems.append(Problem(f"{path}.budget", _("La dotazione deve essere maggiore di zero.")))
    elif budget:
        _check_divides(budget, fund, f"{path}.budget", problems)


def _check_product(
    product: Values, path: str, values: Values, funds: set[str], networks: set[str], problems: list[Problem]
) -> None:
    _check_known(product.get("fund"), funds, f"{path}.fund", _("un fondo"), problems)
    _check_known(product.get("network"), networks, f"{path}.network", _("una rete"), problems)
    face, count, month = (product.get(name) for name in ("face_cents", "title_count", "month_cents"))
    fund = next((f for f in values.get("funds", ()) if f.get("code") == product.get("fund")), None)
    if count is not None and not 1 <= count <= MAX_TITLES:
        problems.append(
            Problem(
                f"{path}.title_count",
                _("I titoli al mese vanno da 1 a %(max)s: qui sono %(n)s."),
                {"n": count, "max": MAX_TITLES},
            )
        )
    elif product.get("form") == "balance" and count not in (1, None):
        problems.append(Problem(f"{path}.title_count", _("Un buono a saldo ha un solo titolo: scrivi 1.")))
    elif face is not None and count is not None and month is not None and face * count != month:
        problems.append(
            Problem(
                f"{path}.month",
                _("%(count)s titoli da %(face)s € fanno %(right)s €, non %(month)s €."),
                {
                    "count": count,
                    "face": format_cents(face),
                    "right": format_cents(face * count),
                    "month": format_cents(month),
                },
            )
        )
    for name, cents in (("face", face), ("month", month)):
        if cents == 0:
            problems.append(Problem(f"{path}.{name}", _("L'importo deve essere maggiore di zero.")))
        elif cents:
            _check_divides(cents, fund, f"{path}.{name}", problems)
    problems.extend(
        Problem(f"{path}.{name}", _("Deve essere almeno 1."))
        for name in ("max_months", "valid_months")
        if product.get(name) == 0
    )
    _check_order(values.get("starts_on"), product.get("valid_until_at_most"), f"{path}.valid_until_at_most", problems)


def _check_service(service: Values, path: str, acts: set[str], networks: set[str], problems: list[Problem]) -> None:
    _check_known(service.get("network"), networks, f"{path}.network", _("una rete"), problems)
    start, end = service.get("valid_from"), service.get("valid_until")
    _check_order(start, end, f"{path}.valid_until", problems)
    low, high = service.get("min_age"), service.get("max_age")
    if low is not None and high is not None and high <= low:
        problems.append(Problem(f"{path}.max_age", _("L'età massima (esclusa) deve superare la minima.")))
    if (low is not None or high is not None) and service.get("needs_person") is False:
        problems.append(
            Problem(f"{path}.needs_person", _("Con un limite di età va indicata la persona assistita: scrivi true."))
        )
    ceilings = service.get("ceilings")
    if ceilings is None:
        return
    if not ceilings:
        problems.append(Problem(f"{path}.ceilings", _("Manca il massimale: aggiungi almeno [[services.ceilings]].")))
    first: date | None = None
    for n, ceiling in enumerate(ceilings):
        where = f"{path}.ceilings[{n}]"
        if "unit" not in service:
            problems.append(
                Problem(
                    f"{where}.max_price",
                    _('Il massimale non ha unità: indica «unit» del servizio, per esempio unit = "hour".'),
                )
            )
        if ceiling.get("unit_cents") == 0:
            problems.append(Problem(f"{where}.max_price", _("Il massimale deve essere maggiore di zero.")))
        _check_known(ceiling.get("act"), acts, f"{where}.act", _("un atto"), problems)
        _check_order(ceiling.get("valid_from"), ceiling.get("valid_until"), f"{where}.valid_until", problems)
        opens = ceiling.get("valid_from")
        if opens is not None and (first is None or opens < first):
            first = opens
    if first is not None and start is not None and first > start:
        problems.append(
            Problem(
                f"{path}.ceilings[0].valid_from",
                _(
                    "Il servizio è in catalogo dal %(start)s ma il primo massimale vale dal %(first)s:"
                    " falli coincidere."
                ),
                {"start": _show(start), "first": _show(first)},
            )
        )
    _check_overlaps(ceilings, "valid_from", "valid_until", f"{path}.ceilings", "valid_from", problems)


def _check_windows(values: Values, problems: list[Problem]) -> None:
    windows = values.get("windows", ())
    starts, ends = values.get("starts_on"), values.get("ends_on")
    for n, window in enumerate(windows):
        opens, closes = window.get("opens_at"), window.get("closes_at")
        if opens is not None and closes is not None and closes <= opens:
            problems.append(
                Problem(
                    f"windows[{n}].closes_at",
                    _("Il periodo chiude (%(closes)s) prima di aprire (%(opens)s)."),
                    {"opens": _show(opens), "closes": _show(closes)},
                )
            )
        if opens is not None and starts is not None and opens.date() < starts:
            problems.append(Problem(f"windows[{n}].opens_at", _("Il periodo apre prima che il programma inizi.")))
        if closes is not None and ends is not None and closes.date() > ends:
            problems.append(Problem(f"windows[{n}].closes_at", _("Il periodo chiude dopo la fine del programma.")))
    _check_overlaps(windows, "opens_at", "closes_at", "windows", "opens_at", problems)


def _check_eligibility(eligibility: Values, problems: list[Problem]) -> None:
    criteria, groups = eligibility.get("criteria", ()), eligibility.get("groups", ())
    _check_unique(criteria, "eligibility.criteria", "code", problems)
    _check_unique(groups, "eligibility.groups", "code", problems)
    known = {group["code"] for group in groups if "code" in group}
    used = {criterion.get("group") for criterion in criteria}
    for n, group in enumerate(groups):
        if "code" in group and group["code"] not in used:
            problems.append(
                Problem(
                    f"eligibility.groups[{n}]",
                    _("Nessun requisito è nel gruppo «%(group)s»: toglilo o usalo."),
                    {"group": group["code"]},
                )
            )
    for n, criterion in enumerate(criteria):
        path = f"eligibility.criteria[{n}]"
        if criterion.get("group"):
            _check_known(criterion["group"], known, f"{path}.group", _("un gruppo"), problems)
        _check_expression(criterion.get("expression"), bool, f"{path}.expression", problems)
    _check_expression(eligibility.get("months"), int, "eligibility.months", problems)
    _check_expression(eligibility.get("first_month"), str, "eligibility.first_month", problems)


#: How long a term in days may be: longer ones are slips of the keyboard.
MAX_DAYS = 365


def _check_procedure(procedure: Values, problems: list[Problem]) -> None:
    for name in ("term_days", "integration_days", "review_days", "change_days"):
        days = procedure.get(name)
        if days is not None and not 1 <= days <= MAX_DAYS:
            problems.append(
                Problem(
                    f"procedure.{name}",
                    _("I giorni vanno da 1 a %(max)s: qui sono %(n)s."),
                    {"n": days, "max": MAX_DAYS},
                )
            )
    limit, reminders = procedure.get("integration_days"), procedure.get("reminder_days", ())
    for n, days in enumerate(reminders):
        if limit is not None and days >= limit:
            problems.append(
                Problem(
                    f"procedure.reminder_days[{n}]",
                    _("Un promemoria %(days)s giorni prima non può partire: il termine è di %(limit)s giorni."),
                    {"days": days, "limit": limit},
                )
            )
    if len(set(reminders)) != len(reminders):
        problems.append(Problem("procedure.reminder_days", _("Lo stesso promemoria c'è due volte: toglilo.")))


def _check_ranking(ranking: Values, procedure: Values, values: Values, problems: list[Problem]) -> None:
    points, cut_offs = ranking.get("points", ()), ranking.get("cut_offs", ())
    _check_unique(points, "ranking.points", "code", problems)
    _check_unique(cut_offs, "ranking.cut_offs", "code", problems)
    if procedure.get("allocation") == "ranking":
        problems.extend(
            Problem(f"ranking.{name}", text, {})
            for name, items, text in (
                ("points", points, _("Con la graduatoria servono i punteggi: aggiungi almeno [[ranking.points]].")),
                ("cut_offs", cut_offs, _("Con la graduatoria serve un termine: aggiungi almeno [[ranking.cut_offs]].")),
            )
            if not items
        )
    elif points or cut_offs:
        problems.append(
            Problem(
                "procedure.allocation",
                _('Ci sono punteggi o termini di graduatoria ma si procede in ordine di arrivo: scrivi "ranking".'),
            )
        )
    for n, point in enumerate(points):
        _check_expression(point.get("expression"), int, f"ranking.points[{n}].expression", problems)
    _check_order_keys(ranking.get("tie_break", ()), "ranking.tie_break", problems)
    whole = [(n, c["closes_at"]) for n, c in enumerate(cut_offs) if "closes_at" in c]
    for (_before, earlier), (n, later) in pairwise(whole):
        if later <= earlier:
            problems.append(
                Problem(
                    f"ranking.cut_offs[{n}].closes_at",
                    _("Le graduatorie vanno in ordine: questo termine (%(later)s) non segue l'altro (%(earlier)s)."),
                    {"later": _show(later), "earlier": _show(earlier)},
                )
            )
    windows = [w for w in values.get("windows", ()) if "opens_at" in w and "closes_at" in w]
    if len(windows) < len(values.get("windows", ())):
        return
    for n, closes in whole:
        if not any(w["opens_at"] < closes <= w["closes_at"] for w in windows):
            problems.append(
                Problem(
                    f"ranking.cut_offs[{n}].closes_at",
                    _("Il termine %(closes)s cade fuori dai periodi per fare domanda: spostalo dentro uno."),
                    {"closes": _show(closes)},
                )
            )
    latest = max((w["closes_at"] for w in windows), default=None)
    if whole and latest is not None and max(closes for _n, closes in whole) < latest:
        problems.append(
            Problem(
                f"ranking.cut_offs[{whole[-1][0]}].closes_at",
                _("Le domande si ricevono fino al %(latest)s: serve una graduatoria anche per le ultime."),
                {"latest": _show(latest)},
            )
        )


def _check_checks(checks: Values, problems: list[Problem]) -> None:
    classes = checks.get("risk_classes", ())
    _check_unique(classes, "checks.risk_classes", "code", problems)
    for n, risk in enumerate(classes):
        _check_expression(risk.get("expression"), bool, f"checks.risk_classes[{n}].expression", problems)
        if risk.get("share_bp") == 0:
            problems.append(
                Problem(
                    f"checks.risk_classes[{n}].share_bp",
                    _("Una classe con quota zero non si controlla mai: togli la classe o dalle una quota."),
                )
            )
    days = checks.get("answer_days")
    if days is not None and not 1 <= days <= MAX_DAYS:
        problems.append(
            Problem(
                "checks.answer_days",
                _("I giorni vanno da 1 a %(max)s: qui sono %(n)s."),
                {"n": days, "max": MAX_DAYS},
            )
        )


#: Plausible values, so that an expression that gives the wrong kind of answer is found before any family meets it.
SAMPLE_ITEMS: dict[str, Any] = {
    "measures": [{"code": "x", "assigned_on": "2010-02-01", "valid_from": "2010-02-01", "valid_until": FOREVER}],
    "training_months": ["2010-02", "2010-03", "2026-03"],
    "first_training_month": "2010-02",
    "child_ages": [3, 11],
    "other_benefits": ["x"],
    "submitted_on": "2010-02-15",
    "submitted_month": "2010-02",
    "next_month": "2010-03",
    "province": "MI",
}
ANSWERS = {
    bool: ("vero o falso", "minors_cohabiting >= 1"),
    int: ("un numero intero", "training_months_count"),
    str: ("un mese come 2011-03", "next_month"),
}


def _check_expression(text: str | None, kind: type, path: str, problems: list[Problem]) -> None:
    if text is None:
        return
    try:
        expression = compile_expression(text)
    except ExpressionWrong as error:
        problems.append(
            Problem(path, _("Nell'espressione «%(text)s» %(reason)s"), {"text": text, "reason": str(error)})
        )
        return
    right, example = ANSWERS[kind]
    for number in (0, 1, 3):
        sample = {name: SAMPLE_ITEMS.get(name, number) for name in expression.reads}
        try:
            answer = expression.program.execute(sample)
        except (RuntimeError, TypeError, ValueError) as error:
            reason = str(error).split(". ")[0]
            if "out of bounds" in reason.lower() or "index" in reason.lower():
                continue
            problems.append(
                Problem(
                    path,
                    _("L'espressione «%(text)s» non si può calcolare: %(reason)s. Per esempio: %(example)s"),
                    {"text": text, "reason": reason, "example": example},
                )
            )
            return
        if type(answer) is not kind:
            problems.append(
                Problem(
                    path,
                    _("L'espressione «%(text)s» dà «%(answer)s»: deve dare %(right)s. Per esempio: %(example)s"),
                    {"text": text, "answer": answer, "right": right, "example": example},
                )
            )
            return

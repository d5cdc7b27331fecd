"""Drawing up a ranking, publishing it under codes, deciding in its order, and serving who waits in the same order."""

import json
from datetime import date, datetime, timedelta

import pytest
from django.db import DatabaseError, transaction

from piutempo.applications.models import Decision, Place, Ranking, Status
from piutempo.applications.rules import Refusal
from piutempo.applications.selectors.rankings import (
    count_states,
    get_place_view,
    list_places,
    list_rankings,
)
from piutempo.applications.services import (
    ApplicationRefused,
    decide_application,
    notify_refusal,
    overrule_criterion,
    propose_decision,
    renounce,
    reopen_case,
    sign_proposal,
)
from piutempo.applications.services.leaving import withdraw_application
from piutempo.applications.services.ranking import (
    check_ranking,
    draw_ranking,
    publish_ranking,
    return_ranking,
)
from piutempo.applications.services.receiving import shown_day
from piutempo.awards.models import Award, AwardStatus
from piutempo.awards.selectors import list_waiting
from piutempo.awards.services import end_award
from piutempo.correspondence.models import Letter
from piutempo.procedures.rules.refusals import Refusal as ClockRefusal
from piutempo.procedures.selectors import get_procedure
from piutempo.procedures.services import ProcedureRefused, close_step, open_procedure, request_documents
from piutempo.programmes.models import Programme
from tests.applications.factories import ROME, get_pot_id, make_programme, make_submitted, make_user, posted

pytestmark = pytest.mark.django_db

OPEN = datetime(2026, 3, 10, 10, tzinfo=ROME)
LATER = datetime(2026, 12, 1, 10, tzinfo=ROME)
CLOSED = datetime(2026, 11, 5, 10, tzinfo=ROME)
SECOND = datetime(2027, 7, 5, 10, tzinfo=ROME)
#: 24,000 euro, 12 months of 200 euro each.
FITTING = 10


@pytest.fixture
def programme() -> Programme:
    return make_programme("graduatoria-2026.toml")


@pytest.fixture
def officer():
    return make_user(("case_officer", "all", None))


@pytest.fixture
def signer():
    return make_user(("programme_manager", "all", None))


def submit(programme, *, isee=900_000, born=date(2018, 5, 1), at=OPEN, minutes=0, **facts):
    return make_submitted(programme, at + timedelta(minutes=minutes), isee_cents=isee, child_born=born, **facts)


def many(programme, count, at=OPEN):
    """Requests that come in the opposite order of their need: the last has the lowest ISEE."""
    return [submit(programme, isee=900_000 - n * 1000, at=at, minutes=n) for n in range(count)]


def refused(action, **kwargs):
    with pytest.raises(ApplicationRefused) as found:
        action(**kwargs)
    return found.value


def draw(programme, officer, cut_off="prima", at=CLOSED):
    return draw_ranking(programme=programme, cut_off=cut_off, at=at, by=officer)


def test_the_term_of_a_request_starts_when_its_cut_off_closes(programme):
    """Nobody is told of a deadline that comes before the ranking can be drawn up."""
    early, late = submit(programme), submit(programme, at=LATER)
    for application, closes_on in ((early, date(2026, 10, 31)), (late, date(2027, 6, 30))):
        procedure = get_procedure("applications.application", application.pk)
        assert (procedure.started_on, procedure.due_on) == (closes_on, closes_on + timedelta(days=90))
        receipt = Letter.objects.get(
            subject="applications.application", subject_id=application.pk, kind="applications.receipt"
        )
        day = shown_day(closes_on)
        assert f"il conto parte quando si chiude la graduatoria, il {day}" in json.dumps(
            receipt.document.read(), ensure_ascii=False
        )


def test_a_ranking_is_drawn_up_after_its_cut_off_and_only_once(programme, officer):
    applications = many(programme, 4)
    early = refused(draw_ranking, programme=programme, cut_off="prima", at=OPEN, by=officer)
    assert early.code is Refusal.CUT_OFF_OPEN
    assert refused(draw_ranking, programme=programme, cut_off="terza", at=CLOSED, by=None).code is Refusal.NOT_A_RANKING
    ranking = draw(programme, officer)
    places = list(list_places(ranking))
    assert [p.application_id for p in places] == [a.pk for a in reversed(applications)]
    assert [p.position for p in places] == [1, 2, 3, 4]
    assert {p.points for p in places} == {40 + 5 + 15}
    assert draw(programme, officer).pk == ranking.pk, "a second click"
    assert check_ranking(ranking=ranking).is_same


def test_a_programme_without_ranking_has_none(officer):
    first_come = make_programme()
    assert refused(draw_ranking, programme=first_come, cut_off="prima", at=CLOSED, by=officer).code is (
        Refusal.NOT_A_RANKING
    )


def test_each_request_enters_the_ranking_of_its_time(programme, officer, signer):
    closes = datetime(2026, 10, 31, 12, tzinfo=ROME)
    last = submit(programme, at=closes - timedelta(microseconds=1))
    gone = submit(programme, minutes=1)
    withdraw_application(application=gone, reason="Non serve più", at=OPEN + timedelta(days=1), by=None)
    first_of_second = submit(programme, at=LATER)
    assert refused(draw_ranking, programme=programme, cut_off="seconda", at=SECOND, by=officer).code is (
        Refusal.EARLIER_RANKING_FIRST
    )
    first = draw(programme, officer)
    assert [p.application_id for p in first.places.all()] == [last.pk]
    publish_ranking(ranking=first, at=CLOSED, by=signer)
    second = draw(programme, officer, "seconda", SECOND)
    assert [p.application_id for p in second.places.all()] == [first_of_second.pk]


def test_who_is_not_admissible_is_listed_apart_with_the_reason(programme, officer, signer):
    rich, fine = submit(programme, isee=3_000_001), submit(programme, minutes=1)
    ranking = draw(programme, officer)
    apart = ranking.places.get(application=rich)
    assert (apart.position, apart.lines) == (None, [["isee", "no"]])
    publish_ranking(ranking=ranking, at=CLOSED, by=signer)
    rich.refresh_from_db()
    fine.refresh_from_db()
    assert (rich.status, fine.status) == (Status.REFUSED, Status.APPROVED)
    assert "supera 30.000" in rich.decision.criteria.get(code="isee").sentence


def test_what_is_missing_is_asked_for_before_the_ranking(programme, officer):
    unknown = submit(programme, isee=None)
    assert refused(draw_ranking, programme=programme, cut_off="prima", at=CLOSED, by=officer).code is (
        Refusal.REQUEST_NEEDED_FOR_RANKING
    )
    subject = {"subject": "applications.application", "subject_id": unknown.pk}
    procedure = get_procedure(**subject) or open_procedure(
        **subject, programme=programme, term_days=90, office="Ufficio", at=OPEN, by=None
    )
    asked_at = CLOSED - timedelta(days=3)
    step = request_documents(
        procedure=procedure, items=["ISEE"], days=15, reminder_days=[7, 2], at=asked_at, by=officer
    )
    running = refused(draw_ranking, programme=programme, cut_off="prima", at=CLOSED, by=officer)
    assert (running.code, running.number) == (Refusal.REQUEST_RUNNING_IN_RANKING, unknown.number)
    after = CLOSED + timedelta(days=20)
    close_step(step=step, at=after, by=officer)
    place = draw(programme, officer, at=after).places.get()
    assert (place.position, place.lines) == (None, [["isee", "missing"]])


def test_frozen_means_frozen(programme, officer):
    (application,) = many(programme, 1)
    ranking = draw(programme, officer)
    place = ranking.places.get()
    for change in (
        lambda: Place.objects.filter(pk=place.pk).update(points=99),
        lambda: Place.objects.filter(pk=place.pk).delete(),
        lambda: Ranking.objects.filter(pk=ranking.pk).update(sha256="0" * 64),
        lambda: Ranking.objects.filter(pk=ranking.pk).delete(),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()
    late = refused(
        overrule_criterion, application=application, code="isee", outcome="no", reason="Visto", at=CLOSED, by=officer
    )
    assert late.code is Refusal.RANKING_DRAWN
    early = refused(decide_application, application=application, approve=True, note="", at=CLOSED, by=officer)
    assert early.code is Refusal.DECIDED_BY_RANKING


def test_two_persons_draw_up_and_publish(programme, officer, signer):
    many(programme, 2)
    ranking = draw(programme, officer)
    assert refused(publish_ranking, ranking=ranking, at=CLOSED, by=officer).code is Refusal.SAME_PERSON
    assert refused(publish_ranking, ranking=ranking, at=CLOSED, by=None).code is Refusal.SAME_PERSON
    publish_ranking(ranking=ranking, at=CLOSED, by=signer)
    again = publish_ranking(ranking=ranking, at=CLOSED + timedelta(hours=1), by=signer)
    assert again.published_at == CLOSED
    assert Decision.objects.count() == 2
    with pytest.raises(DatabaseError), transaction.atomic():
        Ranking.objects.filter(pk=ranking.pk).update(published_at=LATER)


def test_a_ranking_sent_back_is_drawn_up_again(programme, officer, signer):
    poor, poorer = submit(programme, isee=800_000), submit(programme, isee=700_000, minutes=1)
    ranking = draw(programme, officer)
    assert refused(return_ranking, ranking=ranking, reason=" ", at=CLOSED, by=signer).code is Refusal.NO_REASON
    return_ranking(ranking=ranking, reason="Manca il controllo ISEE", at=CLOSED, by=signer)
    assert refused(publish_ranking, ranking=ranking, at=CLOSED, by=signer).code is Refusal.RANKING_RETURNED
    assert refused(return_ranking, ranking=ranking, reason="Di nuovo", at=CLOSED, by=signer).code is (
        Refusal.RANKING_RETURNED
    )
    overrule_criterion(application=poorer, code="isee", outcome="no", reason="ISEE difforme", at=CLOSED, by=officer)
    again = draw(programme, officer)
    assert again.pk != ranking.pk
    assert [p.application_id for p in list_places(again)] == [poor.pk, poorer.pk]
    assert again.places.get(application=poorer).position is None
    publish_ranking(ranking=again, at=CLOSED, by=signer)
    assert refused(return_ranking, ranking=again, reason="Tardi", at=CLOSED, by=signer).code is (
        Refusal.RANKING_PUBLISHED
    )


def test_money_goes_in_rank_order_and_the_rest_wait_in_the_same_order(programme, officer, signer):
    many(programme, FITTING + 4)
    ranking = draw(programme, officer)
    publish_ranking(ranking=ranking, at=CLOSED, by=signer)
    by_position = [p.application_id for p in list_places(ranking)]
    awards = {a.application_id: a for a in Award.objects.all()}
    assert [awards[pk].status for pk in by_position] == ["committed"] * FITTING + ["waiting"] * 4
    assert [a.application_id for a in list_waiting(get_pot_id(programme))] == by_position[FITTING:]
    assert count_states(ranking) == {"assigned": FITTING, "waiting": 4}
    # Money returns: the first who waits is served, and the published list shows it.
    end_award(award=awards[by_position[0]], reason="Rinuncia", at=LATER, by=officer)
    states = [p.state for p in list_places(ranking)]
    assert states == ["ended"] + ["assigned"] * FITTING + ["waiting"] * 3


def test_the_first_ranking_comes_before_the_second(programme, officer, signer):
    many(programme, FITTING + 1)
    needy = submit(programme, isee=100_000, at=LATER)
    for cut_off, at in (("prima", CLOSED), ("seconda", SECOND)):
        publish_ranking(ranking=draw(programme, officer, cut_off, at), at=at, by=signer)
    waiting = list(list_waiting(get_pot_id(programme)))
    assert len(waiting) == 2
    assert waiting[1].application_id == needy.pk, "who is in the older ranking is served first"


def test_who_withdraws_before_publication_keeps_nobody_back(programme, officer, signer):
    first, second = reversed(many(programme, 2))
    ranking = draw(programme, officer)
    withdraw_application(application=first, reason="Trovato posto", at=CLOSED, by=None)
    assert check_ranking(ranking=ranking).is_same
    publish_ranking(ranking=ranking, at=CLOSED, by=signer)
    assert [p.state for p in list_places(ranking)] == ["withdrawn", "assigned"]
    assert Award.objects.get().application_id == second.pk
    renounce(application=second, reason="Non serve", at=LATER, by=None)
    assert [p.state for p in list_places(ranking)] == ["withdrawn", "ended"]


def test_codes_tell_nothing(programme, officer):
    applications = many(programme, 6)
    ranking = draw(programme, officer)
    codes = [p.code for p in list_places(ranking)]
    assert len(set(codes)) == 6
    assert codes != sorted(codes), "not in the order of the list (one chance in 720)"
    for place in ranking.places.all():
        assert len(place.code) == 9
        assert str(place.application.number) != place.code
    assert {a.applicant.fiscal_code for a in applications}.isdisjoint(codes)


def test_the_family_reads_its_points(programme, officer, signer):
    (application,) = many(programme, 1)
    ranking = draw(programme, officer)
    assert get_place_view(application) is None, "not before it is published"
    publish_ranking(ranking=ranking, at=CLOSED, by=signer)
    view = get_place_view(application)
    assert [points for _title, points in view.points] == [40, 5, 0, 15]
    assert view.points[0][0].startswith("Fascia ISEE")
    assert (view.place.position, view.state, view.title) == (1, "assigned", "Prima graduatoria")


def test_places_and_lists_cost_the_same_whatever_their_length(programme, officer, django_assert_max_num_queries):
    many(programme, 8)
    ranking = draw(programme, officer)
    with django_assert_max_num_queries(1):
        assert len(list(list_places(ranking))) == 8
    with django_assert_max_num_queries(5):
        rows = list_rankings([programme])
    assert [(r.cut_off.code, r.count, r.ranking is not None) for r in rows] == [
        ("prima", 8, True),
        ("seconda", 0, False),
    ]


def test_drawing_up_costs_the_same_whatever_the_requests(programme, officer, django_assert_max_num_queries):
    many(programme, 12)
    with django_assert_max_num_queries(30):
        draw(programme, officer)


def test_a_case_opened_again_after_the_ranking_is_not_refused_without_a_notice(programme, officer, signer):
    """It competes with nobody any more: what it was granted is not taken back in a day."""
    application = submit(programme)
    publish_ranking(ranking=draw(programme, officer), at=CLOSED, by=signer)
    reopen_case(application=application, ground="office", reason="Un errore", at=CLOSED, by=officer)
    overrule_criterion(application=application, code="isee", outcome="no", reason="ISEE falso", at=CLOSED, by=officer)
    with pytest.raises(ProcedureRefused) as early:
        propose_decision(application=application, approve=False, note="", at=CLOSED, by=officer)
    assert early.value.code is ClockRefusal.NOTICE_NEEDED
    notify_refusal(application=application, reasons=None, at=CLOSED, by=officer)
    posted(application, CLOSED)
    after = CLOSED + timedelta(days=13)
    proposal = propose_decision(application=application, approve=False, note="", at=after, by=officer)
    assert not sign_proposal(proposal=proposal, at=after, by=signer).is_approved
    assert Award.objects.get().status == AwardStatus.ENDED


@pytest.mark.parametrize("status", [AwardStatus.COMMITTED])
def test_the_waiting_key_says_the_place(programme, officer, signer, status):
    many(programme, 2)
    publish_ranking(ranking=draw(programme, officer), at=CLOSED, by=signer)
    keys = sorted(Award.objects.filter(status=status).values_list("waiting_key", flat=True))
    assert keys == [[["cut_off", "1"], ["position", "1"]], [["cut_off", "1"], ["position", "2"]]]

"""The rule of acting for somebody, and the services that keep to it whatever page calls them."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from piutempo.applications.models import Channel
from piutempo.applications.rules import Refusal
from piutempo.applications.rules.helping import MandateSpan, help_refusal_for
from piutempo.applications.services import (
    ApplicationInput,
    ApplicationRefused,
    start_application,
    submit_application,
    submit_applications,
)
from piutempo.applications.services.helping import revoke_mandate
from tests.applications.factories import OPEN_AT, give_mandate, make_facts, make_household, make_programme, make_user
from tests.network.factories import make_desk

DAY = date(2025, 3, 10)
days = st.integers(-400, 400).map(lambda n: DAY + timedelta(days=n))
spans = st.builds(MandateSpan, signed_on=days, valid_until=st.none() | days, is_revoked=st.booleans())


@given(expires=st.none() | days, mandates=st.lists(spans, max_size=4), on=days)
def test_nobody_is_helped_without_a_valid_document_and_a_mandate_in_force(expires, mandates, on):
    refusal = help_refusal_for(document_expires_on=expires, mandates=mandates, on=on)
    in_force = any(
        not m.is_revoked and m.signed_on <= on and (m.valid_until is None or on < m.valid_until) for m in mandates
    )
    assert (refusal is None) == (expires is not None and expires >= on and in_force)


@pytest.mark.parametrize(
    ("expires", "mandates", "refusal"),
    [
        (None, [], Refusal.NOT_IDENTIFIED),
        (DAY - timedelta(days=1), [MandateSpan(DAY, None, False)], Refusal.DOCUMENT_EXPIRED),
        (DAY, [], Refusal.NO_MANDATE),
        (DAY, [MandateSpan(DAY, None, True)], Refusal.MANDATE_ENDED),
        (DAY, [MandateSpan(DAY, DAY, False), MandateSpan(DAY, None, False)], None),
    ],
)
def test_the_first_reason_is_the_one_to_mend_first(expires, mandates, refusal):
    assert help_refusal_for(document_expires_on=expires, mandates=mandates, on=DAY) is refusal


def refused(call, **kwargs):
    with pytest.raises(ApplicationRefused) as error:
        call(**kwargs)
    return error.value.code


@pytest.mark.django_db
def test_the_services_refuse_a_desk_without_mandate_and_let_the_person_go_on_alone():
    desk, operator = make_desk(make_programme(), valid_from=date(2025, 1, 1)), make_user()
    household, person = make_household()
    asked = {
        "programme": desk.programme,
        "household": household,
        "applicant": person,
        "facts": make_facts(),
        "desk": desk,
        "at": OPEN_AT,
        "by": operator,
    }
    assert refused(start_application, **asked) is Refusal.NOT_IDENTIFIED
    mandate = give_mandate(person, desk, by=operator)
    draft = start_application(**asked)
    assert draft.channel == Channel.DESK
    revoke_mandate(mandate=mandate, at=OPEN_AT, by=operator)
    assert refused(submit_application, application=draft, at=OPEN_AT, by=operator) is Refusal.MANDATE_ENDED
    person.user = make_user()
    person.save(update_fields=["user"])
    assert submit_application(application=draft, at=OPEN_AT, by=person.user).number == 1


@pytest.mark.django_db
def test_many_at_once_keep_to_the_same_rule():
    desk, operator = make_desk(make_programme(), valid_from=date(2025, 1, 1)), make_user()
    items = []
    for n in range(3):
        household, person = make_household()
        if n < 2:
            give_mandate(person, desk, by=operator)
        items.append(ApplicationInput(household, person, make_facts(), desk, OPEN_AT, operator))
    assert refused(submit_applications, programme=desk.programme, items=items) is Refusal.NOT_IDENTIFIED
    assert len(submit_applications(programme=desk.programme, items=items[:2])) == 2

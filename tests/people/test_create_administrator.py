"""The first account of an installation."""

import io

import pytest
from django.core.management import CommandError, call_command

from piutempo.people.models import Role, RoleGrant, User

pytestmark = pytest.mark.django_db


def test_the_first_administrator_may_sign_in(monkeypatch, client):
    monkeypatch.setattr("sys.stdin", io.StringIO("quattordici-e-piu-caratteri\n"))
    call_command("create_administrator", "ada", name="Ada Neri", stdout=io.StringIO())
    assert RoleGrant.objects.get().role == Role.ADMINISTRATOR
    assert User.objects.get().check_password("quattordici-e-piu-caratteri")


def test_a_weak_password_opens_nothing(monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("corta\n"))
    with pytest.raises(CommandError):
        call_command("create_administrator", "ada", name="Ada Neri")
    assert not User.objects.exists()

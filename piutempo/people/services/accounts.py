"""Accounts and their roles, written. Every change of a role leaves an event: who may do what must be traceable."""

from datetime import date, datetime
from enum import StrEnum

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from piutempo.people.models import Role, RoleGrant, Scope, User
from piutempo.people.selectors.accounts import PERSONA_PREFIX
from piutempo.records.services import record_event


class AccountRefusal(StrEnum):
    """Why an account or a role cannot be written."""

    USERNAME_TAKEN = "username_taken"
    WEAK_PASSWORD = "weak_password"  # noqa: S105 - a reason, not a secret
    WRONG_PASSWORD = "wrong_password"  # noqa: S105 - a reason, not a secret
    SCOPE_MISSING = "scope_missing"
    SCOPE_NOT_WANTED = "scope_not_wanted"
    SCOPE_WRONG = "scope_wrong"
    ALREADY_GRANTED = "already_granted"
    OWN_ADMINISTRATION = "own_administration"


class AccountRefused(Exception):
    """The change was not made. ``reason`` is stable; ``details`` may say more, in Italian."""

    def __init__(self, reason: AccountRefusal, details: str = "") -> None:
        super().__init__(reason.value)
        self.reason = reason
        self.details = details


#: Which kinds of scope a role may have; ``ALL`` is everywhere.
SCOPES_OF: dict[Role, frozenset[Scope]] = {
    Role.CITIZEN: frozenset({Scope.ALL}),
    Role.DESK_OPERATOR: frozenset({Scope.DESK, Scope.ALL}),
    Role.PROVIDER_OPERATOR: frozenset({Scope.SITE, Scope.BODY}),
    Role.CASE_OFFICER: frozenset({Scope.PROGRAMME, Scope.ALL}),
    Role.PROGRAMME_MANAGER: frozenset({Scope.PROGRAMME, Scope.ALL}),
    Role.ACCOUNTING_OFFICER: frozenset({Scope.PROGRAMME, Scope.ALL}),
    Role.AUTHORITY_READER: frozenset({Scope.PROGRAMME, Scope.ALL}),
    Role.AUDITOR: frozenset({Scope.PROGRAMME, Scope.ALL}),
    Role.ADMINISTRATOR: frozenset({Scope.ALL}),
}


@transaction.atomic
def create_user(
    *, username: str, full_name: str, at: datetime, password: str | None = None, email: str = "", by: User | None = None
) -> User:
    """
    Create an account. Without a password nobody can sign in with one (a persona, or an identity provider's account).

    :raises AccountRefused: the name is taken, or the password is weak (``details`` says why)
    """
    username = username.strip().lower()
    if User.objects.filter(username=username).exists():
        raise AccountRefused(AccountRefusal.USERNAME_TAKEN)
    user = User(username=username, full_name=full_name.strip(), email=email, created_at=at)
    if password is not None:
        try:
            validate_password(password, user)
        except ValidationError as error:
            raise AccountRefused(AccountRefusal.WEAK_PASSWORD, " ".join(error.messages)) from error
    user.set_password(password)
    user.save()
    record_event(name="people.account_created", subject="user", subject_id=user.pk, at=at, by_id=by.pk if by else None)
    return user


@transaction.atomic
def grant_role(
    *,
    user: User,
    role: Role,
    at: datetime,
    scope: Scope = Scope.ALL,
    scope_id: int | None = None,
    valid_from: date | None = None,
    valid_until: date | None = None,
    by: User | None = None,
) -> RoleGrant:
    """
    Give an account a role within a scope, from ``valid_from`` (the day of ``at`` when not said).

    Asking again for a role in force changes nothing and returns it.

    :raises AccountRefused: the scope does not suit the role, or its id is missing or too much
    """
    if scope not in SCOPES_OF[role]:
        raise AccountRefused(AccountRefusal.SCOPE_WRONG)
    if scope != Scope.ALL and scope_id is None:
        raise AccountRefused(AccountRefusal.SCOPE_MISSING)
    if scope == Scope.ALL and scope_id is not None:
        raise AccountRefused(AccountRefusal.SCOPE_NOT_WANTED)
    start = valid_from or timezone.localtime(at).date()
    standing = RoleGrant.objects.filter(user=user, role=role, scope=scope, scope_id=scope_id)
    for grant in standing.order_by("-valid_from"):
        if grant.valid_from <= start and (grant.valid_until is None or grant.valid_until > start):
            return grant
        if grant.valid_from == start:  # given and revoked the same day: it stands again
            grant.valid_until = valid_until
            grant.save(update_fields=["valid_until"])
            break
    else:
        grant = RoleGrant.objects.create(
            user=user, role=role, scope=scope, scope_id=scope_id, valid_from=start, valid_until=valid_until
        )
    record_event(
        name="people.role_granted",
        subject="user",
        subject_id=user.pk,
        at=at,
        by_id=by.pk if by else None,
        data={"role": role.value, "scope": scope.value, "scope_id": scope_id},
    )
    return grant


@transaction.atomic
def revoke_role(*, grant: RoleGrant, at: datetime, by: User | None = None) -> RoleGrant:
    """
    End a role on the day of ``at``; from now on it counts no more. The row stays: past acts keep their author's role.

    :raises AccountRefused: an administrator takes the administration from themselves
    """
    if by is not None and grant.user_id == by.pk and grant.role == Role.ADMINISTRATOR:
        raise AccountRefused(AccountRefusal.OWN_ADMINISTRATION)
    today = timezone.localtime(at).date()
    if grant.valid_until is not None and grant.valid_until <= today:
        return grant
    grant.valid_until = today
    grant.save(update_fields=["valid_until"])
    record_event(
        name="people.role_revoked",
        subject="user",
        subject_id=grant.user_id,
        at=at,
        by_id=by.pk if by else None,
        data={"role": grant.role, "scope": grant.scope, "scope_id": grant.scope_id},
    )
    return grant


@transaction.atomic
def set_account_active(*, user: User, is_active: bool, at: datetime, by: User | None = None) -> User:
    """
    Close an account, or open it again. A closed account is signed out at its next request.

    :raises AccountRefused: somebody closes their own account
    """
    if by is not None and by.pk == user.pk:
        raise AccountRefused(AccountRefusal.OWN_ADMINISTRATION)
    if user.is_active != is_active:
        user.is_active = is_active
        user.save(update_fields=["is_active"])
        name = "people.account_opened" if is_active else "people.account_closed"
        record_event(name=name, subject="user", subject_id=user.pk, at=at, by_id=by.pk if by else None)
    return user


@transaction.atomic
def create_persona(
    *, name: str, full_name: str, role: Role, at: datetime, scope: Scope = Scope.ALL, scope_id: int | None = None
) -> User:
    """
    Return the demonstration's account ``demo.<name>`` with a role, made when missing. It has no password.

    Only in demo mode somebody can become a persona (``/demo/``).
    """
    username = f"{PERSONA_PREFIX}{name}"
    user = User.objects.filter(username=username).first() or create_user(username=username, full_name=full_name, at=at)
    grant_role(user=user, role=role, at=at, scope=scope, scope_id=scope_id)
    return user


@transaction.atomic
def change_password(*, user: User, old_password: str, new_password: str, at: datetime) -> User:
    """
    Change one's own password; other sessions of the account end by themselves (Django ties them to the password).

    :raises AccountRefused: the present password is wrong, or the new one is weak (``details`` says why)
    """
    if not user.check_password(old_password):
        raise AccountRefused(AccountRefusal.WRONG_PASSWORD)
    try:
        validate_password(new_password, user)
    except ValidationError as error:
        raise AccountRefused(AccountRefusal.WEAK_PASSWORD, " ".join(error.messages)) from error
    user.set_password(new_password)
    user.save(update_fields=["password"])
    record_event(name="people.password_changed", subject="user", subject_id=user.pk, at=at, by_id=user.pk)
    return user

"""Accounts and their roles; persons and their households."""

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from piutempo.records.sealed import SealedTextField


class UserManager(BaseUserManager["User"]):
    """Creates accounts."""

    def create_user(self, username: str, password: str | None = None, **fields: object) -> "User":
        """Create an account; without a password nobody can sign in with one."""
        user = self.model(username=username, **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user


class User(AbstractBaseUser):
    """
    An account. Rights come only from ``RoleGrant``.

    A door for OIDC: ``external_id`` holds the identity provider's subject; a second factor hangs on this table later.
    """

    username = models.CharField(_("nome utente"), max_length=150, unique=True)
    full_name = models.CharField(_("nome e cognome"), max_length=200)
    email = models.EmailField(blank=True)
    external_id = models.CharField(max_length=200, null=True, unique=True)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField()

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS = ["full_name"]
    objects = UserManager()

    def __str__(self) -> str:
        return self.full_name or self.username


class Role(models.TextChoices):
    """Who somebody is to the programme."""

    CITIZEN = "citizen", _("cittadino")
    DESK_OPERATOR = "desk_operator", _("operatore di sportello")
    PROVIDER_OPERATOR = "provider_operator", _("operatore dell'ente erogatore")
    CASE_OFFICER = "case_officer", _("istruttore")
    PROGRAMME_MANAGER = "programme_manager", _("responsabile del programma")
    ACCOUNTING_OFFICER = "accounting_officer", _("ufficio contabilità")
    AUTHORITY_READER = "authority_reader", _("autorità di gestione")
    AUDITOR = "auditor", _("revisore")
    ADMINISTRATOR = "administrator", _("amministratore")


class Scope(models.TextChoices):
    """What a role is limited to. ``BODY`` is a provider (with all its sites) for a provider operator."""

    ALL = "all", _("ovunque")
    PROGRAMME = "programme", _("programma")
    DESK = "desk", _("sportello")
    SITE = "site", _("sede")
    BODY = "body", _("ente")


class RoleGrant(models.Model):
    """A role given to an account in a scope and period; ``scope_id``: id of the programme, desk, site or provider."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="grants")
    role = models.CharField(max_length=20, choices=Role)
    scope = models.CharField(max_length=10, choices=Scope, default=Scope.ALL)
    scope_id = models.BigIntegerField(null=True)
    valid_from = models.DateField()
    valid_until = models.DateField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "role", "scope", "scope_id", "valid_from"],
                condition=Q(scope_id__isnull=False),
                name="role_grant_once",
            ),
            models.UniqueConstraint(
                fields=["user", "role", "valid_from"],
                condition=Q(scope_id__isnull=True),
                name="role_grant_once_anywhere",
            ),
            models.CheckConstraint(
                condition=Q(scope=Scope.ALL, scope_id__isnull=True) | (~Q(scope=Scope.ALL) & Q(scope_id__isnull=False)),
                name="role_grant_scope",
            ),
        ]


class Municipality(models.Model):
    """An Italian municipality. The code is the cadastral one (Belfiore), as in the codice fiscale."""

    code = models.CharField(max_length=4, primary_key=True)
    name = models.CharField(max_length=120)
    province = models.CharField(max_length=2, db_index=True)
    postal_code = models.CharField(max_length=5, blank=True)
    latitude = models.FloatField(null=True)
    longitude = models.FloatField(null=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return f"{self.name} ({self.province})"


class Gender(models.TextChoices):
    """As the codice fiscale states it."""

    FEMALE = "F", _("donna")
    MALE = "M", _("uomo")


class Person(models.Model):
    """Somebody with a codice fiscale: who applies, who lives with them, who is cared for."""

    fiscal_code = models.CharField(_("codice fiscale"), max_length=16, unique=True)
    given_name = models.CharField(_("nome"), max_length=100)
    family_name = models.CharField(_("cognome"), max_length=100)
    birth_date = models.DateField(_("data di nascita"))
    gender = models.CharField(_("sesso"), max_length=1, choices=Gender)
    municipality = models.ForeignKey(Municipality, on_delete=models.PROTECT, null=True, related_name="+")
    address = models.CharField(_("indirizzo"), max_length=200, blank=True)
    phone = models.CharField(_("telefono"), max_length=30, blank=True)
    email = models.EmailField(_("posta elettronica"), blank=True)
    user = models.OneToOneField(User, on_delete=models.PROTECT, null=True, related_name="person")

    class Meta:
        indexes = [models.Index(fields=["family_name", "given_name"], name="person_name")]

    def __str__(self) -> str:
        return f"{self.given_name} {self.family_name}"


class Relation(models.TextChoices):
    """What a member is to the applicant."""

    APPLICANT = "applicant", _("richiedente")
    PARTNER = "partner", _("coniuge o convivente")
    CHILD = "child", _("figlio o figlia")
    PARENT = "parent", _("genitore")
    OTHER = "other", _("altro familiare")


class Household(models.Model):
    """People who live together, as declared."""

    created_at = models.DateTimeField()
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    desk_id = models.BigIntegerField(null=True, help_text="the desk that created it (network.Desk)")


class Member(models.Model):
    """A person in a household for a period."""

    household = models.ForeignKey(Household, on_delete=models.PROTECT, related_name="members")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="memberships")
    relation = models.CharField(max_length=10, choices=Relation)
    is_cohabiting = models.BooleanField(default=True)
    valid_from = models.DateField()
    valid_until = models.DateField(null=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["household", "person", "valid_from"], name="member_once"),
            models.UniqueConstraint(
                fields=["household"],
                condition=Q(relation=Relation.APPLICANT, valid_until__isnull=True),
                name="one_applicant_a_household",
            ),
            models.CheckConstraint(
                condition=Q(valid_until__isnull=True) | Q(valid_until__gt=F("valid_from")), name="member_period"
            ),
        ]


class CareNeed(models.Model):
    """A member's need of care: health data, apart and encrypted; read only by those who decide."""

    member = models.OneToOneField(Member, on_delete=models.CASCADE, related_name="care_need")
    sealed = SealedTextField(help_text="JSON: is_non_self_sufficient, note")

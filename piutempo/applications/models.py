"""A family's request, what the rules said of it, and who decided."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from piutempo.network.models import Desk
from piutempo.people.models import Household, Person
from piutempo.programmes.models import Programme, ProgrammeVersion
from piutempo.records.models import StoredFile
from piutempo.records.sealed import SealedTextField


class Status(models.TextChoices):
    """Where a request stands. A waiting list is a state of the award, not of the request."""

    DRAFT = "draft", _("bozza")
    SUBMITTED = "submitted", _("presentata")
    APPROVED = "approved", _("approvata")
    REFUSED = "refused", _("respinta")
    WITHDRAWN = "withdrawn", _("ritirata")


class Channel(models.TextChoices):
    """How a request reached the office."""

    ONLINE = "online", _("in rete")
    DESK = "desk", _("allo sportello")
    PAPER = "paper", _("su carta")


class Application(models.Model):
    """
    A household's request to a programme. ``number`` is given at submission, per programme, without gaps.

    It is also the place in a first-come order. ``decision`` is the one in force; a review leaves the earlier ones.
    """

    programme = models.ForeignKey(Programme, on_delete=models.PROTECT, related_name="+")
    number = models.PositiveIntegerField(null=True)
    household = models.ForeignKey(Household, on_delete=models.PROTECT, related_name="+")
    applicant = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    desk = models.ForeignKey(Desk, on_delete=models.PROTECT, null=True, related_name="+")
    status = models.CharField(max_length=10, choices=Status, default=Status.DRAFT)
    facts = SealedTextField(help_text="JSON fact sheet as declared (programmes.facts)")
    facts_hash = models.CharField(max_length=64)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    submitted_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True, help_text="decided or withdrawn")
    channel = models.CharField(max_length=10, choices=Channel, default=Channel.ONLINE)
    decision = models.OneToOneField(
        "Decision", on_delete=models.PROTECT, null=True, related_name="+", help_text="the one in force"
    )
    assigned_to = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["programme", "number"], name="application_number_once"),
            models.UniqueConstraint(
                fields=["programme", "household"],
                condition=Q(status__in=["submitted", "approved"]),
                name="one_application_a_household",
            ),
            models.UniqueConstraint(
                fields=["programme", "applicant"],
                condition=Q(status__in=["submitted", "approved"]),
                name="one_application_an_applicant",
            ),
            models.CheckConstraint(
                condition=Q(status="draft") | Q(submitted_at__isnull=False, number__isnull=False),
                name="application_numbered_when_submitted",
            ),
        ]
        indexes = [models.Index(fields=["programme", "status", "submitted_at"], name="application_queue")]

    @property
    def resume_step(self) -> str:
        """The step at which a draft was left; the first one if it was never left. Select ``bookmark`` with it."""
        bookmark: Bookmark | None = getattr(self, "bookmark", None)
        return bookmark.step if bookmark else "who"


class Counter(models.Model):
    """The next application number of a programme: locked last, so that numbers have no gaps."""

    programme = models.OneToOneField(Programme, on_delete=models.PROTECT, related_name="+")
    last = models.PositiveIntegerField(default=0)


class Outcome(models.TextChoices):
    """What a criterion, or a whole rule set, says."""

    YES = "yes", _("sì")
    NO = "no", _("no")
    MISSING = "missing", _("manca un dato")


class Decision(models.Model):
    """
    Approved or refused, once per application and round, under one version of the programme. Append-only.

    ``round`` is 1 for the first decision, one more for each review that reopened the case.
    ``proposed_by`` prepared it, ``decided_by`` signed it.
    """

    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="decisions")
    round = models.PositiveSmallIntegerField(default=1)
    version = models.ForeignKey(ProgrammeVersion, on_delete=models.PROTECT, related_name="+")
    is_approved = models.BooleanField()
    proposed = models.CharField(max_length=10, choices=Outcome, help_text="what the rules alone said")
    months = models.PositiveSmallIntegerField(default=0)
    first_month = models.DateField(null=True)
    note = models.TextField(blank=True)
    decided_at = models.DateTimeField()
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["application", "round"], name="decision_once_a_round")]


class CriterionResult(models.Model):
    """One line of the explanation stored with a decision. An overruled line keeps both outcomes."""

    decision = models.ForeignKey(Decision, on_delete=models.PROTECT, related_name="criteria")
    code = models.CharField(max_length=60)
    group = models.CharField(max_length=60, blank=True, help_text="alternatives share a group: one yes is enough")
    outcome = models.CharField(max_length=10, choices=Outcome)
    overruled = models.CharField(max_length=10, choices=Outcome, blank=True, help_text="the officer's outcome")
    overrule_reason = models.TextField(blank=True)
    value = models.CharField(max_length=300, blank=True, help_text="what was read, without names")
    sentence = models.TextField(help_text="the Italian reason shown to the citizen")
    source = models.CharField(max_length=200, help_text="the norm")
    is_decisive = models.BooleanField(default=False)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["decision", "code"], name="criterion_once_a_decision")]
        indexes = [models.Index(fields=["code", "outcome"], name="criterion_code")]


class Overrule(models.Model):
    """An officer's outcome for one criterion before the decision is taken, with a reason."""

    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="overrules")
    code = models.CharField(max_length=60)
    outcome = models.CharField(max_length=10, choices=Outcome)
    reason = models.TextField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ["id"]


class Proposal(models.Model):
    """
    What an officer proposes to decide, where the programme wants another person's signature. One open at a time.

    ``signed_at`` closes it with a decision, ``returned_at`` sends it back with a reason.
    """

    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="proposals")
    is_approval = models.BooleanField()
    note = models.TextField(blank=True)
    proposed_at = models.DateTimeField()
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    signed_at = models.DateTimeField(null=True)
    returned_at = models.DateTimeField(null=True)
    closed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    return_reason = models.TextField(blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["application"],
                condition=Q(signed_at__isnull=True, returned_at__isnull=True),
                name="one_open_proposal",
            ),
            models.CheckConstraint(
                condition=Q(signed_at__isnull=True) | ~Q(closed_by=F("proposed_by")), name="proposal_signed_by_another"
            ),
        ]


class Review(models.Model):
    """
    A family asks to look again at a decision, with its reasons; an officer reopens the case or says why not.

    The decision asked about stays in force until the next round decides. Files are ``Attachment`` with its id.
    """

    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="reviews")
    decision = models.ForeignKey(Decision, on_delete=models.PROTECT, related_name="+")
    text = SealedTextField(help_text="the family's words")
    asked_at = models.DateTimeField()
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    is_reopened = models.BooleanField(null=True, help_text="null: nobody has answered yet")
    answered_at = models.DateTimeField(null=True)
    answered_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    answer = models.TextField(blank=True, help_text="why the case was, or was not, opened again")

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["application"], condition=Q(answered_at__isnull=True), name="one_open_review"
            ),
            models.CheckConstraint(
                condition=Q(answered_at__isnull=True, is_reopened__isnull=True)
                | Q(answered_at__isnull=False, is_reopened__isnull=False),
                name="review_answered_whole",
            ),
        ]


class EvidenceWay(models.TextChoices):
    """How a criterion is proved."""

    UPLOAD = "upload", _("documento allegato")
    DECLARATION = "declaration", _("autocertificazione")
    HELD = "held", _("lo ha già un ufficio pubblico")


class Evidence(models.Model):
    """How the family proves one criterion; an upload has its files in ``Attachment``."""

    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="evidence")
    code = models.CharField(max_length=60, help_text="the criterion")
    way = models.CharField(max_length=12, choices=EvidenceWay)
    note = SealedTextField(blank=True, help_text="which office holds it, or what is declared")
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["application", "code"], name="evidence_once_a_criterion")]


class AttachmentKind(models.TextChoices):
    """What a file is to the case."""

    EVIDENCE = "evidence", _("prova di un requisito")
    PAPER = "paper", _("domanda su carta")
    MANDATE = "mandate", _("delega")
    ANSWER = "answer", _("risposta a una richiesta")
    REVIEW = "review", _("richiesta di riesame")
    CHANGE = "change", _("cambiamento")


class Attachment(models.Model):
    """
    A file of a case. ``code`` is the criterion it proves, if any; ``ref_id`` the step, change or review it answers.

    ``removed_at`` hides it while the request is a draft; after that nothing is removed.
    """

    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="attachments")
    kind = models.CharField(max_length=10, choices=AttachmentKind)
    code = models.CharField(max_length=60, blank=True)
    ref_id = models.BigIntegerField(null=True)
    file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    removed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["id"]


class ConflictKind(models.TextChoices):
    """Why two requests cannot both be right."""

    SAME_FAMILY = "same_family", _("la stessa famiglia ha già una domanda")
    TWO_HOUSEHOLDS = "two_households", _("una persona è in due nuclei")
    SAME_CHILD = "same_child", _("un altro contributo per la stessa persona negli stessi mesi")


class Conflict(models.Model):
    """Something found at submission that an officer has to look at, with its reason. It never decides by itself."""

    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="conflicts")
    kind = models.CharField(max_length=16, choices=ConflictKind)
    other = models.ForeignKey(Application, on_delete=models.PROTECT, null=True, related_name="+")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, related_name="+")
    data = models.JSONField(default=dict, help_text="what the sentence needs: months, benefit code, never names")
    found_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)
    settled_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    settlement = models.TextField(blank=True, help_text="the officer's words")

    class Meta:
        ordering = ["id"]


class Identification(models.Model):
    """A person without digital identity, recognised at a desk by a document."""

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    desk = models.ForeignKey(Desk, on_delete=models.PROTECT, related_name="+")
    document_kind = models.CharField(max_length=60)
    document_number = SealedTextField()
    expires_on = models.DateField()
    checked_at = models.DateTimeField()
    checked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["-id"]


class Mandate(models.Model):
    """A person's signed mandate (*delega*) to a desk. Without one in force the desk does not act for the person."""

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    desk = models.ForeignKey(Desk, on_delete=models.PROTECT, related_name="+")
    file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, related_name="+")
    signed_on = models.DateField()
    valid_until = models.DateField(null=True)
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]


class Ranking(models.Model):
    """
    The ordered list of one cut-off, frozen when drawn up. Published under codes only. Append-only but for its end.

    ``sha256`` is the hash of its canonical rows: drawn up again from the same requests, it is the same. It ends
    published, or sent back with a reason by who would have published it: then another may be drawn up.
    """

    programme = models.ForeignKey(Programme, on_delete=models.PROTECT, related_name="+")
    version = models.ForeignKey(ProgrammeVersion, on_delete=models.PROTECT, related_name="+")
    cut_off = models.CharField(max_length=40)
    drawn_at = models.DateTimeField()
    drawn_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    sha256 = models.CharField(max_length=64)
    published_at = models.DateTimeField(null=True)
    published_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    returned_at = models.DateTimeField(null=True)
    returned_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    return_reason = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["programme", "cut_off"], condition=Q(returned_at__isnull=True), name="ranking_once_a_cut_off"
            ),
            models.CheckConstraint(
                condition=Q(returned_at__isnull=True) | Q(published_at__isnull=True), name="ranking_ends_once"
            ),
        ]


class Place(models.Model):
    """One request's place in a ranking: position (null: not admissible), points and keys that gave it. Append-only."""

    ranking = models.ForeignKey(Ranking, on_delete=models.PROTECT, related_name="places")
    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="+")
    code = models.CharField(max_length=12, help_text="what is published instead of the name")
    position = models.PositiveIntegerField(null=True)
    points = models.IntegerField(default=0)
    lines = models.JSONField(default=list, help_text="[[code, points], …] then the tie-break values read")

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["ranking", "application"], name="place_once_a_request"),
            models.UniqueConstraint(fields=["ranking", "position"], name="place_once_a_position"),
            models.UniqueConstraint(fields=["ranking", "code"], name="place_code_once"),
        ]


class ChangeKind(models.TextChoices):
    """What changed. The rules read the fact sheet, never the kind."""

    BIRTH = "birth", _("è nato o arrivato un figlio")
    SEPARATION = "separation", _("ci siamo separati")
    JOINED = "joined", _("una persona è entrata nella famiglia")
    LEFT = "left", _("una persona è uscita dalla famiglia")
    JOB_FOUND = "job_found", _("ho trovato lavoro")
    JOB_LOST = "job_lost", _("ho perso il lavoro")
    CARE = "care", _("qualcuno ha, o non ha più, bisogno di assistenza")
    INCOME = "income", _("è cambiato il reddito (ISEE)")
    OTHER = "other", _("altro")


class ChangeStatus(models.TextChoices):
    """Declared by the family, then applied or refused by a person."""

    DECLARED = "declared", _("comunicato")
    APPLIED = "applied", _("applicato")
    REFUSED = "refused", _("non accolto")


class Change(models.Model):
    """
    A change of circumstances from a date: a birth, a separation, a job found.

    ``kind`` is a ``ChangeKind``. ``facts`` is the whole fact sheet from ``happened_on`` on. ``effect`` is the
    difference in months and cents, by product, frozen when applied.
    """

    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="changes")
    kind = models.CharField(max_length=20)
    happened_on = models.DateField()
    facts = SealedTextField(help_text="JSON fact sheet from that day")
    note = SealedTextField(blank=True)
    status = models.CharField(max_length=10, choices=ChangeStatus, default=ChangeStatus.DECLARED)
    declared_at = models.DateTimeField()
    declared_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    closed_at = models.DateTimeField(null=True)
    closed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    reason = models.TextField(blank=True, help_text="why it was not accepted")
    effect = models.JSONField(default=list)

    class Meta:
        ordering = ["id"]


class Bookmark(models.Model):
    """
    Where a draft was left: the step, and what was typed there that is not whole yet. Gone at submission.

    ``left`` is the JSON of field name -> texts as typed; what was well formed is in the fact sheet already.
    """

    application = models.OneToOneField(Application, on_delete=models.CASCADE, related_name="bookmark")
    step = models.CharField(max_length=12)
    left = SealedTextField(blank=True)
    at = models.DateTimeField()


class CheckOutcome(models.TextChoices):
    """What an outside source says of a declared datum."""

    CONFIRMED = "confirmed", _("corrisponde")
    DIFFERENT = "different", _("è diverso")
    FLAWED = "flawed", _("ha omissioni o difformità")
    EXPIRED = "expired", _("non vale più")
    NOT_FOUND = "not_found", _("non risulta")


class SourceCheck(models.Model):
    """
    One question to an outside source (``source``: isee) about a criterion's datum, and its answer. Append-only.

    ``data`` is the JSON of what was asked and answered. It decides nothing: the officer reads it beside the criterion.
    """

    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="source_checks")
    source = models.CharField(max_length=20)
    code = models.CharField(max_length=60, help_text="the criterion")
    outcome = models.CharField(max_length=10, choices=CheckOutcome)
    data = SealedTextField()
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["id"]

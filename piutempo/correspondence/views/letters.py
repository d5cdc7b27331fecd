"""The office's letters: the list, one letter, signing, posting, trying again."""

import io
import zipfile

from django.contrib import messages
from django.forms import Form
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from piutempo.correspondence import services
from piutempo.correspondence.adapters import get_adapter
from piutempo.correspondence.forms import FileSignatureForm, HandSignatureForm, RetryForm
from piutempo.correspondence.kinds import get_kind, list_kinds
from piutempo.correspondence.messages import REFUSALS
from piutempo.correspondence.models import Letter, LetterState
from piutempo.correspondence.selectors import count_waiting, list_failed_notices, list_office_letters
from piutempo.correspondence.services import LetterRefused, attachment_of
from piutempo.correspondence.transports import is_configured
from piutempo.correspondence.views.scope import OFFICE, READERS, programmes_of
from piutempo.people.access import PiuRequest, role_required
from piutempo.people.models import Role
from piutempo.records.messages import FILE_REFUSALS
from piutempo.records.selectors import list_events
from piutempo.records.services import FileRefused, store_file
from piutempo.records.serving import bytes_response
from piutempo.ui.tables import Column, Filter, Table

TAGS = {
    LetterState.TO_SIGN: "waiting",
    LetterState.QUEUED: "plain",
    LetterState.SENT: "good",
    LetterState.FAILED: "bad",
    LetterState.PAPER: "waiting",
}
#: More letters than this are not signed or printed with one click.
MANY = 200
EVENTS = {
    "correspondence.letter_signed": _("Firma registrata"),
    "correspondence.letter_posted": _("Segnata come spedita"),
    "correspondence.letter_retried": _("Rimessa in partenza"),
    "correspondence.letter_printed": _("Passata alla carta"),
    "correspondence.letter_notified": _("Passata a SEND"),
}


#: The page of what a letter is about, by its subject; a smaller installation may not have it.
PAGES = {"applications.application": "applications:case", "correspondence.message": "correspondence:message"}


def address_of(subject: str, subject_id: int) -> str:
    """Return the office's page of what a letter is about; empty when there is none."""
    try:
        return reverse(PAGES[subject], args=[subject_id])
    except (KeyError, NoReverseMatch):
        return ""


def kind_title(code: str) -> str:
    """Return what a kind is called; its code when no context declares it any more."""
    try:
        return str(get_kind(code).title)
    except KeyError:
        return code


@role_required(*READERS)
@require_GET
def letters(request: PiuRequest) -> HttpResponse:
    """List the letters; those to sign and to post can be ticked."""
    ids = programmes_of(request, READERS)
    may_act = request.roles.has(*OFFICE)
    table = Table(
        request,
        list_office_letters(ids),
        caption=_("Lettere"),
        empty=_("Nessuna lettera. Nascono da sole con i passi delle domande: richieste, decisioni, promemoria."),
        columns=[
            Column("title", _("Oggetto"), url=lambda x: reverse("correspondence:letter", args=[x.pk])),
            Column("to_name", _("A chi")),
            Column("created_at", _("Data"), kind="day"),
            Column("entry", _("Protocollo"), value=lambda x: str(x.entry or ""), order="entry__id"),
            Column("kind", _("Tipo"), value=lambda x: kind_title(x.kind)),
            Column("channel", _("Come"), value=lambda x: x.get_channel_display(), order=""),
            Column(
                "state",
                _("Stato"),
                value=lambda x: x.get_state_display(),
                tag=lambda x: TAGS[LetterState(x.state)],
                order="",
            ),
        ],
        filters=[
            Filter(
                "q",
                _("Cerca per nome, oggetto o protocollo"),
                ["to_name__icontains", "title__icontains", "entry__number__icontains"],
            ),
            Filter("stato", _("Stato"), "state", choices=LetterState.choices),
            Filter("tipo", _("Tipo"), "kind", choices=lambda: [(k.code, k.title) for k in list_kinds()]),
            Filter("dal", _("Dal"), "created_at__date__gte", kind="date"),
            Filter("al", _("Al"), "created_at__date__lte", kind="date"),
        ],
        check="lettera" if may_act else "",
        check_form="scelte",
    )
    if file := table.export():
        return file
    context = {
        "table": table,
        "waiting": [(LetterState(state).label, state, count) for state, count in count_waiting(ids).items() if count],
        "notices": list_failed_notices() if may_act and ids is None else [],
        "may_act": may_act,
        "may_sign": request.roles.has(Role.PROGRAMME_MANAGER),
        "mail_waits": not is_configured(),
    }
    return render(request, "correspondence/letters.html", context)


def _letter_or_404(request: PiuRequest, letter_id: int, roles: tuple[Role, ...] = READERS) -> Letter:
    return get_object_or_404(list_office_letters(programmes_of(request, roles)), pk=letter_id)


def _chosen(request: PiuRequest, roles: tuple[Role, ...]) -> list[Letter]:
    """Return the ticked letters that the user may handle, the oldest first."""
    given = request.POST if request.method == "POST" else request.GET
    ids = {int(pk) for pk in given.getlist("lettera") if pk.isascii() and pk.isdigit() and len(pk) < 16}
    rows = list_office_letters(programmes_of(request, roles)).filter(pk__in=sorted(ids)[:MANY])
    return list(rows.order_by("pk"))


@role_required(*READERS)
@require_GET
def letter(request: PiuRequest, letter_id: int) -> HttpResponse:
    """Show one letter: what it says, where it is, what can be done."""
    return _show(request, _letter_or_404(request, letter_id))


def _show(request: PiuRequest, found: Letter, form: Form | None = None, which: str = "") -> HttpResponse:
    today = timezone.localdate(request.now)
    said = {"signer": request.user.full_name, "signed_on": today}
    may_act = request.roles.has(*OFFICE)
    forms: dict[str, Form] = {}
    if found.state == LetterState.TO_SIGN and request.roles.has(Role.PROGRAMME_MANAGER):
        forms = {
            "file": FileSignatureForm(initial=said, prefix="file"),
            "hand": HandSignatureForm(initial=said, prefix="hand"),
        }
    if found.state == LetterState.FAILED and may_act:
        forms = {"retry": RetryForm(initial={"to_email": found.to_email})}
    if form is not None and which in forms:
        forms[which] = form
    context = {
        "letter": found,
        "kind": kind_title(found.kind),
        "about": address_of(found.subject, found.subject_id),
        "tag": TAGS[LetterState(found.state)],
        "outbox": getattr(found, "outbox", None),
        "signature": getattr(found, "signature", None),
        "forms": forms,
        "may_act": may_act,
        "may_send": may_act
        and get_adapter() is not None
        and found.person_id is not None
        and found.state in {LetterState.PAPER, LetterState.FAILED},
        "events": [
            (EVENTS.get(e.name, e.name), e.happened_at)
            for e in list_events(subject="correspondence.letter", subject_id=found.pk)
        ],
    }
    return render(request, "correspondence/letter.html", context, status=422 if form and form.errors else 200)


@role_required(*READERS)
@require_GET
def letter_pdf(request: PiuRequest, letter_id: int) -> HttpResponse:
    """Open what the letter's reader gets: the PDF, or the signed file."""
    name, media_type, content = attachment_of(_letter_or_404(request, letter_id))
    return bytes_response(content, name=name, media_type=media_type, inline=True)


@role_required(*READERS)
@require_GET
def letters_zip(request: PiuRequest) -> HttpResponse:
    """Give the ticked letters as one archive of PDFs, to print them together."""
    rows = _chosen(request, READERS)
    if not rows:
        messages.error(request, _t("Scegli almeno una lettera nella tabella, poi scarica i PDF."))
        return redirect("correspondence:letters")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        for row in rows:
            name, _media_type, content = attachment_of(row)
            archive.writestr(f"{row.pk}-{name}", content)
    return bytes_response(packed.getvalue(), name="lettere.zip", media_type="application/zip")


@role_required(Role.PROGRAMME_MANAGER)
@require_POST
def sign(request: PiuRequest, letter_id: int, how: str) -> HttpResponse:
    """Record the signature of one letter: a signed file, or a signature on paper."""
    found = _letter_or_404(request, letter_id, (Role.PROGRAMME_MANAGER,))
    by_hand = how == "mano"
    form = (
        HandSignatureForm(request.POST, prefix="hand")
        if by_hand
        else FileSignatureForm(request.POST, request.FILES, prefix="file")
    )
    if form.is_valid():
        try:
            file = None
            if not by_hand:
                upload = form.cleaned_data["file"]
                file = store_file(
                    name=upload.name, content=upload.read(), at=request.now, by_id=request.user.pk, allow_signed=True
                )
            services.record_signature(
                letter=found,
                at=request.now,
                by=request.user,
                by_hand=by_hand,
                file=file,
                signer=form.cleaned_data["signer"],
                signed_on=form.cleaned_data["signed_on"],
            )
        except FileRefused as refused:
            form.add_error("file", str(FILE_REFUSALS[refused.code]))
        except LetterRefused as refused:
            form.add_error(None, str(REFUSALS[refused.code]))
        else:
            messages.success(request, _t("Firma registrata: la lettera può partire."))
            return redirect("correspondence:letter", found.pk)
    return _show(request, _letter_or_404(request, letter_id), form, "hand" if by_hand else "file")


@role_required(Role.PROGRAMME_MANAGER)
@require_http_methods(["GET", "POST"])
def sign_many(request: PiuRequest) -> HttpResponse:
    """Record one person's signature, on paper, of the ticked letters."""
    rows = [x for x in _chosen(request, (Role.PROGRAMME_MANAGER,)) if x.state == LetterState.TO_SIGN]
    today = timezone.localdate(request.now)
    form = HandSignatureForm(
        request.POST if request.method == "POST" else None,
        initial={"signer": request.user.full_name, "signed_on": today},
    )
    if request.method == "POST" and form.is_valid():
        try:
            services.record_signatures(
                letters=rows,
                at=request.now,
                by=request.user,
                by_hand=True,
                signer=form.cleaned_data["signer"],
                signed_on=form.cleaned_data["signed_on"],
            )
        except LetterRefused as refused:
            form.add_error(None, str(REFUSALS[refused.code]))
        else:
            messages.success(
                request,
                ngettext("Firma registrata su %(n)s lettera.", "Firma registrata su %(n)s lettere.", len(rows))
                % {"n": len(rows)},
            )
            return redirect("correspondence:letters")
    context = {"letters": rows, "form": form, "many": MANY}
    return render(request, "correspondence/sign.html", context, status=422 if form.errors else 200)


@role_required(*OFFICE)
@require_POST
def posted(request: PiuRequest) -> HttpResponse:
    """Record that the ticked letters were posted or handed over."""
    count = services.mark_posted(letters=_chosen(request, OFFICE), at=request.now, by=request.user)
    if count:
        said = ngettext("%(n)s lettera segnata come spedita.", "%(n)s lettere segnate come spedite.", count)
        messages.success(request, said % {"n": count})
    else:
        messages.error(request, _t("Nessuna lettera da stampare fra quelle scelte: sceglila nella tabella e riprova."))
    back = request.POST.get("torna", "")
    if back.isascii() and back.isdigit() and len(back) < 16:
        return redirect("correspondence:letter", int(back))
    return redirect("correspondence:letters")


@role_required(*OFFICE)
@require_POST
def handle(request: PiuRequest, letter_id: int, what: str) -> HttpResponse:
    """Try a letter again, send it on paper, or notify it through SEND."""
    found = _letter_or_404(request, letter_id, OFFICE)
    try:
        if what == "riprova":
            form = RetryForm(request.POST)
            if not form.is_valid():
                return _show(request, found, form, "retry")
            services.retry_letter(letter=found, at=request.now, by=request.user, to_email=form.cleaned_data["to_email"])
            messages.success(request, _t("La lettera è di nuovo in partenza."))
        elif what == "carta":
            services.print_letter(letter=found, at=request.now, by=request.user)
            messages.success(request, _t("La lettera è fra quelle da stampare."))
        elif what == "send":
            services.notify_through_send(letter=found, at=request.now, by=request.user)
            messages.success(request, _t("La lettera parte con SEND, la notifica con valore legale."))
        else:
            raise Http404(what)
    except LetterRefused as refused:
        messages.error(request, str(REFUSALS[refused.code]))
    return redirect("correspondence:letter", found.pk)


@role_required(*OFFICE)
@require_POST
def retry_notice(request: PiuRequest, message_id: int) -> HttpResponse:
    """Try a failed notice again."""
    if programmes_of(request, OFFICE) is not None:
        raise Http404(str(message_id))
    found = get_object_or_404(list_failed_notices(), pk=message_id)
    services.retry_message(message=found, at=request.now, by=request.user)
    messages.success(request, _t("Il messaggio è di nuovo in partenza."))
    return redirect("correspondence:letters")

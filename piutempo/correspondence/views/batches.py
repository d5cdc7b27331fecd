"""Letters to many persons: writing one, following it."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods

from piutempo.correspondence import services
from piutempo.correspondence.forms import NoticeForm
from piutempo.correspondence.messages import REFUSALS, sentence_for
from piutempo.correspondence.models import LetterBatch, LetterState
from piutempo.correspondence.recipients import list_targets
from piutempo.correspondence.selectors import count_states, list_batches, list_office_letters
from piutempo.correspondence.services import LetterRefused
from piutempo.correspondence.views.letters import TAGS, kind_title
from piutempo.correspondence.views.scope import READERS, programmes_of
from piutempo.people.access import PiuRequest, role_required
from piutempo.people.models import Role
from piutempo.ui.tables import Column, Table


def _progress(batch: LetterBatch) -> str:
    if batch.finished_at:
        return _t("pronto")
    return _t("%(done)s di %(total)s preparate") % {"done": batch.done, "total": batch.total}


@role_required(*READERS)
@require_GET
def batches(request: PiuRequest) -> HttpResponse:
    """List the letters to many persons, with their progress."""
    table = Table(
        request,
        list_batches(programmes_of(request, READERS)),
        caption=_("Invii a molte persone"),
        empty=_("Nessun invio. Con «Scrivi a molte persone» ne prepari uno."),
        columns=[
            Column("title", _("Oggetto"), url=lambda b: reverse("correspondence:batch", args=[b.pk])),
            Column("kind", _("Tipo"), value=lambda b: kind_title(b.kind)),
            Column("created_at", _("Creato"), kind="moment"),
            Column("created_by", _("Da"), value=lambda b: str(b.created_by or ""), order=""),
            Column("total", _("Lettere"), kind="count"),
            Column(
                "progress",
                _("A che punto è"),
                value=_progress,
                tag=lambda b: "good" if b.finished_at else "waiting",
                order="",
            ),
        ],
    )
    if file := table.export():
        return file
    may_write = request.roles.has(Role.PROGRAMME_MANAGER)
    return render(request, "correspondence/batches.html", {"table": table, "may_write": may_write})


@role_required(*READERS)
@require_GET
def batch(request: PiuRequest, batch_id: int) -> HttpResponse:
    """Show one of them: how many are ready, sent, failed, and its letters."""
    ids = programmes_of(request, READERS)
    found = get_object_or_404(list_batches(ids), pk=batch_id)
    table = Table(
        request,
        list_office_letters(ids).filter(batch=found),
        caption=_("Lettere dell'invio"),
        empty=_("Nessuna lettera: erano già state inviate tutte."),
        columns=[
            Column("to_name", _("A chi"), url=lambda x: reverse("correspondence:letter", args=[x.pk])),
            Column("entry", _("Protocollo"), value=lambda x: str(x.entry or ""), order="entry__id"),
            Column("channel", _("Come"), value=lambda x: x.get_channel_display(), order=""),
            Column(
                "state",
                _("Stato"),
                value=lambda x: x.get_state_display(),
                tag=lambda x: TAGS[LetterState(x.state)],
                order="",
            ),
        ],
    )
    if file := table.export():
        return file
    context = {
        "batch": found,
        "kind": kind_title(found.kind),
        "table": table,
        "states": [(LetterState(state).label, count) for state, count in count_states(found).items()],
    }
    return render(request, "correspondence/batch.html", context)


@role_required(Role.PROGRAMME_MANAGER)
@require_http_methods(["GET", "POST"])
def notice(request: PiuRequest) -> HttpResponse:
    """Write one notice to a group of persons: first the summary, then the confirmation."""
    targets = {
        f"{target.programme_id}-{target.code}": (target, source)
        for target, source in list_targets(programmes_of(request, (Role.PROGRAMME_MANAGER,)))
    }
    form = NoticeForm(
        request.POST if request.method == "POST" else None,
        targets=[(key, f"{target.label} ({target.count})") for key, (target, _source) in targets.items()],
    )
    chosen = None
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        target, source = targets[said["recipients"]]
        try:
            services.check_notice(said["title"], said["text"], said["next_step"])
            if "conferma" not in request.POST:
                chosen = target
            else:
                made = services.write_to_many(
                    person_ids=source.person_ids(target),
                    title=said["title"],
                    text=said["text"],
                    next_step=said["next_step"],
                    programme_id=target.programme_id,
                    key=said["request_key"],
                    at=request.now,
                    by=request.user,
                )
                messages.success(
                    request,
                    ngettext(
                        "%(n)s lettera protocollata: parte da sola fra poco.",
                        "%(n)s lettere protocollate: partono da sole, un gruppo alla volta.",
                        made.total,
                    )
                    % {"n": made.total},
                )
                return redirect("correspondence:batch", made.pk)
        except LetterRefused as refused:
            for fault in refused.faults:
                form.add_error(None, sentence_for(fault))
            if not refused.faults:
                form.add_error(None, str(REFUSALS[refused.code]))
    context = {"form": form, "chosen": chosen, "has_targets": bool(targets)}
    return render(request, "correspondence/notice.html", context, status=422 if form.errors else 200)

"""Editing a draft: place by place or as text, then publishing it from a day."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from django.contrib import messages
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from piutempo.people.access import PiuRequest, role_required
from piutempo.people.models import Role
from piutempo.programmes.forms.drafts import NoteForm, PlaceForm, PublishForm, TextForm
from piutempo.programmes.messages import problem_text, sentence_for
from piutempo.programmes.models import Programme, ProgrammeVersion, VersionStatus
from piutempo.programmes.rules.editing import NoSuchPlace, add, find, remove, replace
from piutempo.programmes.rules.problems import ProgrammeRefused
from piutempo.programmes.rules.reading import parse_toml, read_terms
from piutempo.programmes.rules.shape import PROGRAMME, Table
from piutempo.programmes.rules.writing import write_toml
from piutempo.programmes.services import VersionRefused, compare, create_draft, drop_draft, publish_version, save_draft
from piutempo.programmes.views.manager import programme_or_404, version_or_404

SECTIONS = (
    "windows",
    "funds",
    "products",
    "services",
    "eligibility",
    "procedure",
    "ranking",
    "checks",
    "networks",
    "acts",
    "desks",
    "providers",
)


def _draft_or_404(request: HttpRequest, code: str, number: int) -> tuple[Programme, ProgrammeVersion]:
    programme = programme_or_404(request, code, Role.PROGRAMME_MANAGER)
    draft = version_or_404(programme, number)
    if draft.status != VersionStatus.DRAFT:
        raise Http404(str(number))
    return programme, draft


def _tell(form: Form, refused: ProgrammeRefused | VersionRefused) -> None:
    """Put what was refused at the top of a form."""
    if isinstance(refused, VersionRefused):
        form.add_error(None, sentence_for(refused))
        return
    for problem in refused.problems:
        line = _("riga %(line)s") % {"line": problem.line} + ", " if problem.line else ""
        place = f"{problem.path}: " if problem.path else ""
        form.add_error(None, f"{line}{place}{problem_text(problem)}")


def title_of(item: Mapping[str, Any]) -> str:
    """Return what an item of the file is called."""
    for name in ("title", "name", "max_price", "code"):
        if item.get(name):
            start = f", dal {'/'.join(reversed(item['valid_from'].split('-')))}" if name == "max_price" else ""
            return f"{item[name]} €{start}" if name == "max_price" else str(item[name])
    return _("voce")


def children_of(data: Mapping[str, Any], path: str) -> list[dict[str, Any]]:
    """Return the lists below a place, each with its items and their paths."""
    value, table, _key = find(data, path)
    found = []
    for key in table.keys:
        if key.table is None:
            continue
        where = f"{path}.{key.name}" if path else key.name
        inner = value.get(key.name) or ([] if key.kind == "tables" else {})
        items = (
            [{"title": title_of(i), "path": f"{where}[{n}]"} for n, i in enumerate(inner)]
            if key.kind == "tables"
            else []
        )
        found.append(
            {"label": key.meaning.rstrip("."), "path": where, "is_list": key.kind == "tables", "entries": items}
        )
    return found


@role_required(Role.PROGRAMME_MANAGER)
@require_POST
def create(request: HttpRequest, code: str) -> HttpResponse:
    """Open a draft from the last published version."""
    asked = cast(PiuRequest, request)
    programme = programme_or_404(request, code, Role.PROGRAMME_MANAGER)
    form = NoteForm(request.POST)
    note = form.cleaned_data["note"] if form.is_valid() else ""
    draft = create_draft(programme=programme, at=asked.now, by=asked.user, note=note)
    messages.success(request, _("Bozza %(n)s aperta: cambia quello che serve, poi pubblicala.") % {"n": draft.number})
    return redirect("programmes:draft", code=code, number=draft.number)


@role_required(Role.PROGRAMME_MANAGER)
@require_safe
def draft(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """Show a draft: what it changes and where to change more."""
    programme, shown = _draft_or_404(request, code, number)
    return render(request, "programmes/manager/draft.html", _draft_context(programme, shown, PublishForm()))


def _draft_context(programme: Programme, shown: ProgrammeVersion, form: Form) -> dict[str, Any]:
    places = {entry["path"]: entry for entry in children_of(shown.data, "")}
    return {
        "programme": programme,
        "draft": shown,
        "sections": [places[name] for name in SECTIONS],
        "differences": compare(shown.based_on, shown) if shown.based_on else [],
        "form": form,
    }


def _place_url(programme: Programme, shown: ProgrammeVersion, path: str) -> str:
    return reverse("programmes:draft_place", args=[programme.code, shown.number]) + f"?voce={path}"


@role_required(Role.PROGRAMME_MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
def place(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """Change one place of the draft: ``?voce=services[3]`` (empty: the programme's own data)."""
    asked = cast(PiuRequest, request)
    programme, shown = _draft_or_404(request, code, number)
    path = request.GET.get("voce", "")
    try:
        value, table, key = find(shown.data, path)
    except NoSuchPlace:
        raise Http404(path) from None
    if isinstance(value, list):
        raise Http404(path)
    form = PlaceForm(request.POST if request.method == "POST" else None, table=table, draft=shown.data, current=value)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                save_draft(draft=shown, data=replace(shown.data, path, form.values()), at=asked.now, by=asked.user)
            except (ProgrammeRefused, VersionRefused) as refused:
                _tell(form, refused)
            else:
                messages.success(request, _("Salvato nella bozza."))
                return redirect(_place_url(programme, shown, path))
    context = {
        "programme": programme,
        "draft": shown,
        "form": form,
        "path": path,
        "title": programme.title if key is None else title_of(value) if path.endswith("]") else key.meaning.rstrip("."),
        "children": children_of(shown.data, path) if path else [],
        "is_item": path.endswith("]"),
        "parent": _parent_of(path),
    }
    return render(request, "programmes/manager/place.html", context, status=status)


def _parent_of(path: str) -> str:
    """Return the page above a place: the item that holds it, or "" for the draft."""
    return path.rpartition(".")[0] if "." in path else ""


def _inner_lists(table: Table) -> list[tuple[str, Table]]:
    return [(key.name, key.table) for key in table.keys if key.kind == "tables" and key.table and key.is_required]


@role_required(Role.PROGRAMME_MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
def add_place(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """
    Add one item to a list of the draft, with the first item of the lists that it needs (a service with its ceiling).
    """
    asked = cast(PiuRequest, request)
    programme, shown = _draft_or_404(request, code, number)
    path = request.GET.get("voce", "")
    try:
        value, table, key = find(shown.data, path)
    except NoSuchPlace:
        raise Http404(path) from None
    if key is None or not isinstance(value, list):
        raise Http404(path)
    labels = {below.name: below.meaning.rstrip(".") for below in table.keys}
    sent = request.POST if request.method == "POST" else None
    form = PlaceForm(sent, table=table, draft=shown.data)
    inner = {name: PlaceForm(sent, table=below, draft=shown.data, prefix=name) for name, below in _inner_lists(table)}
    status = 200
    if request.method == "POST":
        status = 422
        if all([form.is_valid(), *(below.is_valid() for below in inner.values())]):
            item = form.values()
            for name, below in inner.items():
                item[name] = [{k: v for k, v in below.values().items() if v is not None}]
            try:
                save_draft(draft=shown, data=add(shown.data, path, item), at=asked.now, by=asked.user)
            except (ProgrammeRefused, VersionRefused) as refused:
                _tell(form, refused)
            else:
                messages.success(request, _("Aggiunto alla bozza."))
                return redirect(_place_url(programme, shown, f"{path}[{len(value)}]"))
    context = {
        "programme": programme,
        "draft": shown,
        "form": form,
        "inner": [(labels[name], below) for name, below in inner.items()],
        "label": key.meaning.rstrip("."),
        "parent": _parent_of(path),
    }
    return render(request, "programmes/manager/place_add.html", context, status=status)


@role_required(Role.PROGRAMME_MANAGER)
@require_POST
def remove_place(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """Take one item out of the draft."""
    asked = cast(PiuRequest, request)
    programme, shown = _draft_or_404(request, code, number)
    path = request.POST.get("voce", "")
    try:
        save_draft(draft=shown, data=remove(shown.data, path), at=asked.now, by=asked.user)
    except NoSuchPlace:
        raise Http404(path) from None
    except ProgrammeRefused as refused:
        text = "; ".join(f"{p.path}: {problem_text(p)}" for p in refused.problems)
        messages.error(request, _("Non si può togliere: %(why)s") % {"why": text})
        return redirect(_place_url(programme, shown, path))
    except VersionRefused as refused:
        messages.error(request, sentence_for(refused))
    else:
        messages.success(request, _("Tolto dalla bozza."))
    parent = _parent_of(path)
    return redirect(
        _place_url(programme, shown, parent) if parent else reverse("programmes:draft", args=[code, number])
    )


@role_required(Role.PROGRAMME_MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
def text(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """Change the whole draft as TOML, typed or uploaded."""
    asked = cast(PiuRequest, request)
    programme, shown = _draft_or_404(request, code, number)
    form = TextForm(
        request.POST if request.method == "POST" else None,
        request.FILES or None,
        initial={"text": write_toml(shown.data)},
    )
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            upload = form.cleaned_data.get("file")
            content: bytes | str = upload.read() if upload else form.cleaned_data["text"]
            name = upload.name if upload else _("bozza")
            try:
                data, lines = parse_toml(content, name)
                read_terms(data, file=name, lines=lines)
                save_draft(draft=shown, data=data, at=asked.now, by=asked.user)
            except (ProgrammeRefused, VersionRefused) as refused:
                _tell(form, refused)
            else:
                messages.success(request, _("Salvato nella bozza."))
                return redirect("programmes:draft", code=code, number=number)
    context = {"programme": programme, "draft": shown, "form": form, "keys": PROGRAMME.keys}
    return render(request, "programmes/manager/text.html", context, status=status)


@role_required(Role.PROGRAMME_MANAGER)
@require_POST
def publish(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """Publish the draft from a day."""
    asked = cast(PiuRequest, request)
    programme, shown = _draft_or_404(request, code, number)
    form = PublishForm(request.POST)
    if form.is_valid():
        day = form.cleaned_data["valid_from"]
        try:
            publish_version(draft=shown, valid_from=day, at=asked.now, by=asked.user)
        except (ProgrammeRefused, VersionRefused) as refused:
            _tell(form, refused)
        else:
            today = timezone.localdate(asked.now)
            told = (
                _("Versione %(n)s pubblicata: è in vigore.")
                if day <= today
                else _("Versione %(n)s pubblicata: varrà da quel giorno.")
            )
            messages.success(request, told % {"n": number})
            return redirect("programmes:version", code=code, number=number)
    return render(request, "programmes/manager/draft.html", _draft_context(programme, shown, form), status=422)


@role_required(Role.PROGRAMME_MANAGER)
@require_POST
def drop(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """Throw the draft away."""
    asked = cast(PiuRequest, request)
    _programme, shown = _draft_or_404(request, code, number)
    try:
        drop_draft(draft=shown, at=asked.now, by=asked.user)
    except VersionRefused as refused:
        messages.error(request, sentence_for(refused))
    else:
        messages.success(request, _("Bozza %(n)s eliminata.") % {"n": number})
    return redirect("programmes:versions", code=code)

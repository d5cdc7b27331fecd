"use strict";
// The menu on small screens: a button that shows and hides the list. Without this script the list is always shown.
(() => {
  const toggle = document.querySelector(".pt-nav-toggle");
  if (!toggle) return;
  const menu = document.getElementById(toggle.getAttribute("aria-controls"));
  toggle.hidden = false;
  menu.classList.add("is-collapsible");
  const set = (open) => {
    toggle.setAttribute("aria-expanded", String(open));
    menu.classList.toggle("is-open", open);
  };
  toggle.addEventListener("click", () => set(toggle.getAttribute("aria-expanded") !== "true"));
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && toggle.getAttribute("aria-expanded") === "true") {
      set(false);
      toggle.focus();
    }
  });
})();

// A form is sent once: its buttons stop answering after the first click (and answer again when the page is shown from the cache).
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method.toLowerCase() !== "post" || form.hasAttribute("data-many")) return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "yes";
  // After the browser has read the form, so that the button's own value is sent too.
  setTimeout(() => {
    for (const button of form.querySelectorAll("button[type=submit]")) {
      button.disabled = true;
      button.setAttribute("aria-busy", "true");
    }
  });
});
const release = (form) => {
  delete form.dataset.sent;
  for (const button of form.querySelectorAll("button[type=submit][aria-busy]")) {
    button.disabled = false;
    button.removeAttribute("aria-busy");
  }
};
window.addEventListener("pageshow", (event) => {
  if (event.persisted) document.querySelectorAll("form[data-sent]").forEach(release);
});
document.addEventListener("htmx:afterRequest", (event) => {
  const form = event.target.closest ? event.target.closest("form") : null;
  if (form) release(form);
});

// The list of errors takes the focus, so that it is read first.
const focusErrors = (root) => {
  const summary = root.querySelector(".pt-error-summary");
  if (summary) summary.focus();
};
document.addEventListener("DOMContentLoaded", () => focusErrors(document));
document.addEventListener("htmx:afterSettle", (event) => focusErrors(event.target));
if (document.readyState !== "loading") focusErrors(document);

// A link of the error list puts the focus in the field, also in a group of radio buttons.
document.addEventListener("click", (event) => {
  const link = event.target.closest ? event.target.closest(".pt-error-summary a[href^='#']") : null;
  if (!link) return;
  const target = document.getElementById(link.hash.slice(1));
  if (!target) return;
  event.preventDefault();
  const field = target.matches("input, select, textarea") ? target : target.querySelector("input, select, textarea") || target;
  field.focus();
});

// Printing, and choosing every row of a table.
document.addEventListener("click", (event) => {
  if (event.target.closest && event.target.closest("[data-print]")) window.print();
});
document.addEventListener("change", (event) => {
  const all = event.target;
  if (!all.matches || !all.matches("[data-check-all]")) return;
  document.querySelectorAll(`input[type=checkbox][name="${all.dataset.checkAll}"]`).forEach((box) => {
    box.checked = all.checked;
  });
});

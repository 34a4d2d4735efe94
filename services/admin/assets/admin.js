// What makes the panel quicker to use. Every page and form works without it.
"use strict";

const typing = (target) => target.closest("input, textarea, select, [contenteditable]");
const rows = () => [...document.querySelectorAll("main tbody tr")].filter((row) => row.querySelector("a, input"));
const rowLink = (row) => row?.querySelector("a[href]") ?? row?.querySelector("input, button");
let afterG = -Infinity;

const go = (event) => {
  const link = document.querySelector(`[data-go="${CSS.escape(event.key)}"]`);
  if (link) location.assign(link.href);
  return Boolean(link);
};

const step = (by) => {
  const all = rows();
  const now = all.findIndex((row) => row.contains(document.activeElement));
  const row = all[now < 0 ? (by > 0 ? 0 : all.length - 1) : Math.min(Math.max(now + by, 0), all.length - 1)];
  rowLink(row)?.focus();
  row?.scrollIntoView({ block: "nearest" });
};

const keys = {
  "/": () => document.querySelector("#find")?.focus(),
  "?": () => location.assign("/admin/keys"),
  f: () => document.querySelector(".toolbar input:not([type=hidden]), .toolbar select")?.focus(),
  j: () => step(1),
  k: () => step(-1),
  x: () => document.activeElement.closest("tr")?.querySelector("input[type=checkbox]")?.click(),
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (event.key === "Escape") {
    document.querySelectorAll("details.menu[open]").forEach((menu) => { menu.open = false; menu.querySelector("summary").focus(); });
    if (typing(event.target)) event.target.blur();
    return;
  }
  // A checkbox takes no letters: rows stay within reach after one is ticked.
  if (typing(event.target) && event.target.type !== "checkbox") return;
  if (document.documentElement.dataset.letters === "off") return;
  const second = event.timeStamp - afterG < 1500;
  afterG = event.key === "g" ? event.timeStamp : -Infinity;
  if (second ? go(event) : keys[event.key]) {
    event.preventDefault();
    if (!second) keys[event.key]();
  }
});

// One menu at a time, and none when one clicks beside it.
document.addEventListener("click", (event) => {
  document.querySelectorAll("details.menu[open]").forEach((menu) => { if (!menu.contains(event.target)) menu.open = false; });
});

document.addEventListener("submit", (event) => {
  const form = event.target;
  const question = event.submitter?.dataset.confirm ?? form.dataset.confirm;
  if (question && !confirm(question)) return event.preventDefault();
  // A second click sends nothing; a page that comes back from the browser's memory can be used again. What leaves the page where it is, a file or
  // another window, may be asked for again.
  const stays = "again" in (event.submitter?.dataset ?? {}) || "again" in form.dataset || event.submitter?.formTarget === "_blank";
  if (form.method === "post" && !event.defaultPrevented && !stays) {
    if (form.dataset.sent) return event.preventDefault();
    form.dataset.sent = "yes";
    setTimeout(() => delete form.dataset.sent, 4000);
  }
});
addEventListener("pageshow", () => document.querySelectorAll("form[data-sent]").forEach((form) => delete form.dataset.sent));

// Bulk actions: a box that ticks all, and how many are ticked.
const count = (form) => {
  const boxes = [...form.querySelectorAll("tbody input[type=checkbox]")];
  const ticked = boxes.filter((box) => box.checked).length;
  form.querySelectorAll("[data-count]").forEach((place) => { place.textContent = ticked; });
  form.classList.toggle("has-selection", ticked > 0);
  const all = form.querySelector("[data-select-all]");
  if (all) { all.checked = ticked > 0 && ticked === boxes.length; all.indeterminate = ticked > 0 && ticked < boxes.length; }
};
document.addEventListener("change", (event) => {
  const form = event.target.closest("form.bulk");
  if (event.target.matches("[data-select-all]")) {
    form.querySelectorAll("tbody input[type=checkbox]").forEach((box) => { box.checked = event.target.checked; });
  }
  if (form) count(form);
  if (event.target.matches("[data-autosubmit]")) event.target.form.requestSubmit();
});
document.querySelectorAll("form.bulk").forEach(count);

// Ids that one pastes elsewhere.
document.querySelectorAll("[data-copy]").forEach((button) => { button.hidden = !navigator.clipboard; });
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  await navigator.clipboard.writeText(button.dataset.copy);
  button.textContent = "copied";
  setTimeout(() => { button.textContent = "copy"; }, 2000);
});

// Files may be dropped where they can be chosen.
for (const place of document.querySelectorAll("[data-drop]")) {
  const over = (event, is) => { event.preventDefault(); place.classList.toggle("dropping", is); };
  place.addEventListener("dragover", (event) => over(event, true));
  place.addEventListener("dragleave", (event) => over(event, false));
  place.addEventListener("drop", (event) => {
    over(event, false);
    const input = place.querySelector("input[type=file]");
    if (!event.dataTransfer.files.length) return;
    input.files = event.dataTransfer.files;
    input.form.requestSubmit();
  });
}

// Takes over the parts of this page that have changed, elements with an id and data-live-part; the page as it is now.
const refresh = async () => {
  const answer = await fetch(location.href, { headers: { "x-live": "1" } });
  if (answer.redirected) return void location.reload();
  if (!answer.ok) return null;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const part of document.querySelectorAll("[data-live-part]")) {
    const fresh = page.getElementById(part.id);
    // What somebody opened stays open.
    const opened = [...part.querySelectorAll("details")].map((one) => one.open);
    fresh?.querySelectorAll("details").forEach((one, at) => { one.open = opened[at] ?? one.open; });
    if (fresh && fresh.innerHTML !== part.innerHTML && !part.contains(document.activeElement)) part.innerHTML = fresh.innerHTML;
  }
  return page;
};

// A page that is told of news.
const live = document.querySelector("[data-live]");
if (live) {
  let waiting = null;
  const now = () => {
    clearTimeout(waiting);
    waiting = null;
    return refresh();
  };
  // Many events within a second are one refresh.
  const news = new EventSource(live.dataset.live);
  news.addEventListener("news", () => { waiting ??= setTimeout(now, document.hidden ? 30000 : 1000); });
  document.addEventListener("visibilitychange", () => { if (waiting && !document.hidden) now(); });
  // The session has ended: what it showed goes, too.
  news.addEventListener("end", () => { news.close(); location.reload(); });
}

// A page of something that is under way, until it is over: then all of the page is another.
const underway = document.querySelector("[data-live-every]");
if (underway) {
  const again = setInterval(async () => {
    const page = document.hidden ? null : await refresh();
    if (!page || page.querySelector("[data-live-every]")) return;
    clearInterval(again);
    location.reload();
  }, 1000 * underway.dataset.liveEvery);
}

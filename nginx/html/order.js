// /orders/{id}?token=…: one order, for the guest who holds its token or for the customer who signs in.

import { byId, call, element, keepToken, money, onSubmit, Problem, say, takeToken } from "./page.js";

const path = `/api${location.pathname}`;
const [shown, signIn, again, dialog] = [byId("order"), byId("sign-in"), byId("again"), byId("confirm")];

// Either the token of the link or, for as long as the page is open, an access token.
const token = takeToken();
let proof = token === null ? null : { "X-Order-Token": token };

const WORDS = {
  status: { pending: "Waiting for payment", confirmed: "Confirmed", completed: "Completed", cancelled: "Cancelled" },
  payment_status: {
    unpaid: "Not paid yet",
    authorized: "Being taken",
    paid: "Paid",
    partially_refunded: "Partly paid back",
    refunded: "Paid back",
    failed: "Declined",
  },
  fulfillment_status: {
    unfulfilled: "Not sent yet",
    partially_shipped: "Partly on its way",
    shipped: "On its way",
    delivered: "Delivered",
    returned: "Returned",
  },
  actor: { customer: "You", guest: "You", staff: "The shop", system: "The shop", stripe: "The payment provider" },
};

const word = (kind, name) => WORDS[kind][name] ?? String(name).replaceAll("_", " ");

const when = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

function setTime(place, at) {
  place.dateTime = at;
  place.textContent = when.format(new Date(at));
  return place;
}

function address({ name, line1, line2, city, region, postal_code, country }) {
  return [name, line1, line2, `${postal_code} ${city}`, region, country].filter(Boolean).join("\n");
}

function line({ title, sku, options, quantity, unit_price }) {
  const chosen = Object.entries(options ?? {}).map(([name, value]) => `${name}: ${value}`);
  const price = { ...unit_price, amount: unit_price.amount * quantity };
  const each = quantity > 1 ? [element("span", { class: "small" }, `${money(unit_price)} each`)] : [];
  return element(
    "tr",
    {},
    element("th", { scope: "row" }, title, element("span", { class: "small" }, [...chosen, sku].join(" · "))),
    element("td", { class: "number" }, String(quantity)),
    element("td", { class: "number" }, money(price), ...each),
  );
}

function sums(order) {
  const row = (label, text) =>
    element("tr", {}, element("th", { scope: "row", colspan: "2" }, label), element("td", { class: "number" }, text));
  const { subtotal, discount, coupon, shipping, tax, total } = order;
  const rows = [row("Items", money(subtotal))];
  if (discount.amount > 0) rows.push(row(coupon ? `Discount (${coupon})` : "Discount", money({ ...discount, amount: -discount.amount })));
  rows.push(row("Shipping", money(shipping)));
  if (tax.amount > 0) rows.push(row("Tax", money(tax)));
  return [...rows, row("Total", money(total))];
}

function happened({ at, actor, message }) {
  const by = element("span", { class: "small" }, setTime(element("time"), at), ` · ${word("actor", actor)}`);
  return element("li", {}, message, by);
}

function parcel({ carrier, tracking_number, tracking_url, status, shipped_at, delivered_at }) {
  const number = tracking_url?.startsWith("https://")
    ? element("a", { href: tracking_url, rel: "noreferrer", target: "_blank" }, tracking_number)
    : tracking_number;
  const [state, at] = status === "delivered" ? ["Arrived", delivered_at] : ["Sent", shipped_at];
  return element("li", {}, `${carrier}: `, number, element("span", { class: "small" }, `${state} · `, setTime(element("time"), at)));
}

function hint({ status, payment_status }) {
  if (status !== "pending") return "";
  if (payment_status === "authorized") return "Your payment is being taken. This may last a minute.";
  const declined = payment_status === "failed" ? "Your payment was declined. " : "";
  return `${declined}Please pay in the shop where you placed the order. What is not paid in time is cancelled.`;
}

function show(order, events) {
  document.title = `Order ${order.number} · Mercato`;
  document.querySelector("h1").textContent = `Order ${order.number}`;
  byId("order-status").textContent = word("status", order.status);
  byId("payment-status").textContent = word("payment_status", order.payment_status);
  byId("fulfillment-status").textContent = word("fulfillment_status", order.fulfillment_status);
  setTime(byId("placed-at"), order.placed_at);
  byId("hint").textContent = hint(order);
  byId("hint").hidden = hint(order) === "";
  byId("cancel").hidden = !order.next_steps.includes("cancel");
  byId("items").replaceChildren(...order.items.map(line));
  byId("sums").replaceChildren(...sums(order));
  byId("parcels").hidden = order.shipments.length === 0;
  byId("parcel-list").replaceChildren(...order.shipments.map(parcel));
  byId("shipping-address").textContent = address(order.shipping_address);
  byId("billing-address").textContent = address(order.billing_address);
  byId("mails-to").textContent = order.email;
  byId("timeline").replaceChildren(...events.map(happened));
  last = events.at(-1)?.id ?? null;
  signIn.hidden = true;
  shown.hidden = false;
}

function askToSignIn(text, kind) {
  say(text, kind);
  following.abort();
  proof = null;
  shown.hidden = true;
  signIn.hidden = false;
}

/** Fetches and shows the order. Throws what the person can do nothing about here. */
async function load() {
  const [order, events] = await Promise.all([
    call("GET", path, { headers: proof }),
    call("GET", `${path}/events`, { headers: proof }),
  ]);
  show(order, events.data);
}

// What is shown is the order until this entry of its timeline.
let last = null;
let following = new AbortController();

/** Shows what happens while the page is open. Without it the page still shows how things stood. */
async function follow() {
  following.abort();
  const { signal } = (following = new AbortController());
  while (!signal.aborted) {
    try {
      const headers = last === null ? proof : { ...proof, "Last-Event-ID": last };
      const response = await fetch(`${path}/events/stream`, { headers, signal, cache: "no-store", credentials: "omit" });
      if (!response.ok) return;
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      for (let text = ""; ; ) {
        const { done, value } = await reader.read();
        if (done) break;
        const messages = (text + value).split("\n\n");
        text = messages.pop();
        if (messages.some((message) => /^event: *end$/m.test(message))) return;
        if (messages.some((message) => /^data:/m.test(message)) && !dialog.open) await load();
      }
    } catch {
      // The connection broke, or the page no longer needs it.
    }
    await new Promise((resume) => setTimeout(resume, 2000));
  }
}

/** `load`, and what it means if that fails. */
async function open() {
  again.hidden = true;
  try {
    await load();
    say("");
    follow();
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    again.hidden = !problem.passes;
    if (problem.passes) {
      say(problem.text, "bad");
    } else if ("X-Order-Token" in proof) {
      keepToken(null);
      askToSignIn("This link does not open an order. If the order belongs to your account, sign in.", "bad");
    } else if (problem.status === 401) {
      askToSignIn("Please sign in again.");
    } else {
      askToSignIn("Your account has no such order. Perhaps it belongs to another one of yours.", "bad");
    }
  }
}

/** The session is as short as the page's life: nobody else could ever end it. */
function signOut() {
  if (proof?.Authorization) call("POST", "/api/auth/logout", { headers: proof, keepalive: true }).catch(() => {});
}

onSubmit(signIn, async ({ email, password }) => {
  const answer = await call("POST", "/api/auth/login", { body: { email, password } });
  signIn.elements.password.value = "";
  if (!answer.tokens) {
    say("Your account asks for a second factor, which this page cannot. Please see the order in the shop.", "bad");
    return;
  }
  proof = { Authorization: `Bearer ${answer.tokens.access_token}` };
  await open();
});

onSubmit(
  byId("confirm-form"),
  async ({ reason }) => {
    const body = reason.trim() === "" ? {} : { reason: reason.trim() };
    await call("PUT", `${path}/cancel`, { headers: proof, body });
    dialog.close();
    await open();
    if (!shown.hidden) say("The order is cancelled.", "good");
  },
  {
    // Somebody else was faster, a parcel for one: show how it stands now.
    refused(problem) {
      if (problem.errors.length > 0 || problem.passes) return false;
      dialog.close();
      open().then(() => say(problem.text, "bad"));
      return true;
    },
    tell: (text) => (byId("confirm-error").textContent = text),
  },
);

byId("cancel").querySelector("button").addEventListener("click", () => {
  byId("confirm-error").textContent = "";
  dialog.showModal();
});
byId("keep").addEventListener("click", () => dialog.close());
again.querySelector("button").addEventListener("click", open);
// Who comes back to this tab, from paying in another one perhaps, sees how the order stands then. A failure may wait for the next time.
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible" && !shown.hidden && !dialog.open) load().catch(() => {});
});
addEventListener("pagehide", ({ persisted }) => {
  if (!persisted) signOut();
});

if (proof === null) {
  askToSignIn("");
} else {
  keepToken(token);
  say("One moment…");
  await open();
}

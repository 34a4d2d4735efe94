// What the pages behind links of mails share. Whatever comes from outside enters a page as text, never as HTML.

export const byId = (id) => document.getElementById(id);

/** An element with attributes and with children, which are elements or text. */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [attribute, value] of Object.entries(attributes)) made.setAttribute(attribute, value);
  made.append(...children);
  return made;
}

// The digits of minor units as the API counts them; browsers count some currencies as people use them.
const DIGITS = { CLP: 0, ISK: 0, JPY: 0, KRW: 0, KWD: 3 };

/** An amount as the API has it, for people. */
export function money({ amount, currency }) {
  const digits = DIGITS[currency] ?? 2;
  const style = { style: "currency", currency, minimumFractionDigits: digits, maximumFractionDigits: digits };
  return new Intl.NumberFormat(undefined, style).format(amount / 10 ** digits);
}

/** Says how things stand; `kind` is "good", "bad" or nothing. */
export function say(text, kind = "") {
  const status = byId("status");
  status.className = `notice ${kind}`.trim();
  status.textContent = text;
}

// The token lives in this tab, for this path: a reload works, and neither the address bar nor the history shows it.
const drawer = () => `token:${location.pathname}`;

/** The token of the link, which leaves the address bar; or the one kept from before a reload. */
export function takeToken() {
  const given = new URLSearchParams(location.search).get("token");
  if (location.search) history.replaceState(history.state, "", location.pathname);
  // What is no token at all is not worth asking for, and could not be sent as a header.
  if (given !== null) return /^[\w-]{1,200}$/.test(given) ? given : null;
  try {
    return sessionStorage.getItem(drawer());
  } catch {
    return null;
  }
}

/** Keeps the token for a reload, or forgets it (`null`). A browser that refuses to keep things only loses the reload. */
export function keepToken(token) {
  try {
    if (token === null) sessionStorage.removeItem(drawer());
    else sessionStorage.setItem(drawer(), token);
  } catch {
    // As said.
  }
}

/** A call that failed: the API's problem, or none that could be read (`status` 0: not even an answer). */
export class Problem extends Error {
  constructor(status, problem, retryAfter) {
    super(problem?.detail ?? problem?.title ?? (status === 0 ? "The shop could not be reached. Are you online?" : "Something went wrong here."));
    this.status = status;
    this.code = problem?.code;
    this.requestId = problem?.request_id;
    this.errors = Array.isArray(problem?.errors) ? problem.errors : [];
    this.retryAfter = retryAfter;
  }

  /** Whether the same call may succeed later. */
  get passes() {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }

  /** What to tell the person. */
  get text() {
    if (this.status === 429) return `That was too often. Please try again in ${this.retryAfter ?? "a few"} seconds.`;
    return this.status >= 500 && this.requestId ? `${this.message}\nIf it stays like this, tell the shop: ${this.requestId}` : this.message;
  }
}

/** Asks the API. Answers its JSON (nothing for 204) or throws a `Problem`. */
export async function call(method, path, { headers = {}, body, keepalive = false } = {}) {
  let response, answer;
  try {
    response = await fetch(path, {
      method,
      headers: body === undefined ? headers : { ...headers, "Content-Type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
      cache: "no-store",
      // The panel's cookies are none of these pages' business.
      credentials: "omit",
      keepalive,
    });
    answer = await response.text();
  } catch {
    throw new Problem(0);
  }
  let json;
  try {
    json = answer === "" ? undefined : JSON.parse(answer);
  } catch {
    // Not the API's answer: a proxy's page, say.
  }
  if (!response.ok || (answer !== "" && json === undefined)) {
    throw new Problem(response.ok ? 500 : response.status, json, response.headers.get("Retry-After") ?? undefined);
  }
  return json;
}

/** Removes what an earlier try complained about. */
function clearErrors(form) {
  for (const place of form.querySelectorAll(".error")) place.textContent = "";
  for (const field of form.elements) field.removeAttribute("aria-invalid");
}

/** Shows each error at its field. Answers those that have no field here, as sentences. */
function showErrors(form, errors) {
  const rest = [];
  let first;
  for (const { field, message } of errors) {
    const input = form.elements.namedItem(field);
    const place = input && form.querySelector(`#${input.id}-error`);
    if (!place) {
      rest.push(`${field}: ${message}`);
      continue;
    }
    const label = form.querySelector(`label[for="${input.id}"]`).textContent;
    place.append(`${place.textContent === "" ? "" : "\n"}${label}: ${message}.`);
    input.setAttribute("aria-invalid", "true");
    first ??= input;
  }
  first?.focus();
  return rest;
}

/**
 * Lets a form do `send(values)`. Errors of its fields are shown at the fields; every other problem goes to `refused(problem)`, or else to `tell(text)`.
 * While it is under way the form takes no second one.
 */
export function onSubmit(form, send, { refused = () => false, tell = (text) => say(text, "bad") } = {}) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = form.querySelector("button:not([type=button])");
    if (button.disabled) return;
    clearErrors(form);
    const empty = [...form.elements].filter((field) => field.required && field.value === "");
    if (empty.length > 0) {
      showErrors(form, empty.map((field) => ({ field: field.name, message: "must be given" })));
      return;
    }
    button.disabled = true;
    try {
      await send(Object.fromEntries(new FormData(form)));
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      if (refused(problem)) return;
      const rest = problem.errors.length > 0 ? showErrors(form, problem.errors) : [problem.text];
      tell(rest.join("\n"));
    } finally {
      button.disabled = false;
    }
  });
}

// What happens in the shop before staff look at it: people register, sellers offer, customers buy.
import { randomBytes } from "node:crypto";
import { eventually, signIn, status } from "./stack.mjs";

const PASSWORD = "walnut-harbour-drifts-eleven";

const ADDRESS = { name: "Emma Fischer", line1: "Gneisenaustraße 41", city: "Berlin", postal_code: "10961", country: "DE" };

/// Never used before: the shop has a past.
export const unique = () => randomBytes(6).toString("hex");

async function ask(method, path, { token, body, headers = {} } = {}) {
  const response = await fetch(new URL(path, status.base_url), {
    method,
    headers: {
      ...(token && { authorization: `Bearer ${token}` }),
      ...(body && { "content-type": "application/json" }),
      ...headers,
    },
    body: body && JSON.stringify(body),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
  return text ? JSON.parse(text) : null;
}

async function session(path, body) {
  const { user, tokens } = await ask("POST", path, { body });
  return { id: user.id, name: user.name, email: user.email, password: body.password, token: tokens.access_token };
}

export const register = (name) =>
  session("/api/auth/register", { email: `${name.toLowerCase()}-${unique()}@example.com`, password: PASSWORD, name });

export const logIn = ({ email, password }) => session("/api/auth/login", { email, password });

/// What is made once for all tasks of a run.
const once = new Map();
function only(name, make) {
  if (!once.has(name)) once.set(name, make());
  return once.get(name);
}

export const admin = () => only("admin", () => logIn(signIn("admin")));
export const customer = () => only("customer", () => register("Emma"));

/// Somebody new with that role.
export async function somebody(role) {
  const person = await register(role[0].toUpperCase() + role.slice(1));
  await ask("PATCH", `/api/users/${person.id}`, { token: (await admin()).token, body: { role } });
  // The role is in the token.
  return { ...person, ...(await logIn(person)) };
}

const seller = () => only("seller", () => somebody("seller"));

/// A product that waits for its approval.
export async function submitted() {
  const { token } = await seller();
  const name = unique();
  const body = {
    title: `Walnut Tray ${name}`,
    description: "A tray that carries breakfast for two and hangs on a nail for the rest of the day.",
    price: { amount: 1999, currency: "EUR" },
    sku: `TRAY-${name.toUpperCase()}`,
    stock: 1000,
    attributes: { material: "walnut" },
  };
  const product = await ask("POST", "/api/products", { token, body });
  return ask("POST", `/api/products/${product.id}/submit`, { token });
}

/// How many units of a product's first variant lie anywhere.
export async function onHand(product) {
  const stock = await ask("GET", `/api/products/${product.id}/stock`, { token: (await admin()).token });
  return stock.data[0].on_hand;
}

export const onSale = () =>
  only("product", async () => {
    const product = await submitted();
    return ask("POST", `/api/products/${product.id}/approve`, { token: (await admin()).token });
  });

/// An order of two trays that is paid and confirmed.
export async function bought() {
  const [{ token }, product] = [await customer(), await onSale()];
  await ask("POST", "/api/cart", { token, body: { variant_id: product.variants[0].id, quantity: 2 } });
  const headers = { "idempotency-key": unique() };
  const order = await ask("POST", "/api/orders", { token, headers, body: { shipping_address: ADDRESS } });
  await ask("POST", `/api/orders/${order.id}/payment`, {
    token,
    body: { method: "card", test_payment_method: "pm_card_visa" },
  });
  return eventually("the order is confirmed", async () => {
    const now = await ask("GET", `/api/orders/${order.id}`, { token });
    return now.status === "confirmed" && now;
  });
}

/// The same, sent and arrived.
export async function delivered() {
  const [{ token }, order] = [await admin(), await bought()];
  const parcel = { carrier: "DHL", tracking_number: unique() };
  const shipment = await ask("POST", `/api/orders/${order.id}/shipments`, { token, body: parcel });
  await ask("POST", `/api/shipments/${shipment.id}/deliver`, { token });
  return order;
}

/// What a buyer says of what they bought, as soon as it is known that they did.
export const reviewed = () =>
  only("review", async () => {
    const [{ token }, { id }] = [await customer(), await onSale()];
    await delivered();
    const body = { rating: 2, title: `Cracked ${unique()}`, body: "There was a crack in one of the trays." };
    const write = () => ask("POST", `/api/products/${id}/reviews`, { token, body });
    return eventually("the review is written", () => write().catch((error) => (/not_a_buyer/.test(error.message) ? null : Promise.reject(error))));
  });

/// A question to support.
export async function asked(subject) {
  const { token } = await customer();
  return ask("POST", "/api/messages", { token, body: { to: "support", subject, body: "It was to be here on Monday." } });
}

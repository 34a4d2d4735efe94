// What every page of the panel costs in the running shop: `cargo xtask scale measure`. One request after the other, to the admin service
// itself; each kind of page with up to twenty different ids, and lists with each of their filters. The time is what the service says in its
// log. Prints tables for docs/measurements.md, and fails if a page is slower or larger than it may be.
import { readFileSync, statSync, openSync, readSync, closeSync, readdirSync } from "node:fs";
import { loadavg } from "node:os";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { kind, MORE, QUESTIONS } from "./pages.mjs";
import { signIn, sql, status } from "./stack.mjs";

const base = status.services.admin.public;
const LOG = join(dirname(process.env.MERCATO_STATUS), "logs", "admin.log");
const argument = (name) => (process.argv.includes(name) ? process.argv[process.argv.indexOf(name) + 1] : undefined);
const wanted = Number(argument("--requests")) || 100;
/// Only pages whose address has this in it.
const only = argument("--only") ?? "";
const cookies = new Map();
const SLOW = 50;
const LARGE = 60;

async function ask(path, form) {
  const headers = { cookie: [...cookies].map((pair) => pair.join("=")).join("; "), origin: base };
  const response = await fetch(new URL(path, base), {
    method: form ? "POST" : "GET",
    redirect: "manual",
    headers,
    body: form && new URLSearchParams(form),
  });
  // Of a file, only that it begins: how long all of it takes is another question.
  const file = (response.headers.get("content-type") ?? "").startsWith("text/csv");
  let body = "";
  if (file) {
    const reader = response.body.getReader();
    await reader.read();
    await reader.cancel();
  } else {
    body = await response.text();
  }
  for (const cookie of response.headers.getSetCookie()) {
    const [, name, value] = cookie.match(/^([^=]+)=([^;]*)/);
    cookies.set(name, value);
  }
  return { response, body, id: response.headers.get("x-request-id") };
}

async function enter() {
  const { body } = await ask("/admin/login");
  const { email, password } = signIn("admin");
  const { response } = await ask("/admin/login", { csrf: body.match(/name="csrf" value="([^"]+)"/)[1], email, password });
  if (response.status !== 303) throw new Error(`signing in: ${response.status}`);
}

/// What the service's log says of requests, by their id: `{ milliseconds, statements }`.
async function answered(ids, from) {
  for (let attempt = 0; attempt < 50; attempt += 1) {
    const size = statSync(LOG).size;
    const buffer = Buffer.alloc(size - from);
    const file = openSync(LOG, "r");
    readSync(file, buffer, 0, buffer.length, from);
    closeSync(file);
    const found = new Map();
    for (const line of buffer.toString().split("\n")) {
      if (!line.includes("answered")) continue;
      const [, milliseconds] = line.match(/milliseconds=([\d.e-]+)/) ?? [];
      const [, statements] = line.match(/sql_statements=(\d+)/) ?? [];
      const [, id] = line.match(/request_id="([^"]+)"/) ?? [];
      if (id) found.set(id, { milliseconds: Number(milliseconds), statements: Number(statements) });
    }
    if (ids.every((id) => found.has(id))) return ids.map((id) => found.get(id));
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`${LOG} does not tell of all requests`);
}

/// Every kind of page with up to twenty of its addresses, from different lists, and every question of a list.
async function discover() {
  const kinds = new Map([["/admin", ["/admin"]]]);
  for (const path of [...MORE, ...QUESTIONS]) kinds.set(path, [path]);
  for (const [name, paths] of kinds) {
    if (paths[0].includes(".csv")) continue;
    for (const path of paths) {
      const { response, body } = await ask(path);
      if (!(response.headers.get("content-type") ?? "").startsWith("text/html")) continue;
      const found = new Map();
      for (const [, href] of body.replaceAll("&amp;", "&").matchAll(/<a [^>]*href="(\/admin[^"#]*)"/g)) {
        const url = new URL(href, base);
        const own = kind(url);
        // The next page of a list is a question of its own.
        const key = url.searchParams.has("cursor") ? `${own}?cursor` : own;
        const known = kinds.get(key);
        if (!known) kinds.set(key, [href]);
        if (!key.includes(":id") || known?.includes(href)) continue;
        const many = (found.get(key) ?? 0) + 1;
        found.set(key, many);
        if (known && known.length < 20 && many <= 3) known.push(href);
      }
    }
  }
  return kinds;
}

const at = (sorted, share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
const rows = async (database, table) => (await sql(database, `SELECT count(*)::integer AS n FROM ${table}`))[0].n.toLocaleString("en");

await enter();
const faults = [];
console.log(
  `${await rows("order_db", "orders")} orders, ${await rows("product_db", "products")} products, ${await rows("auth_db", "users")} accounts; ` +
    `${wanted} requests each; load ${loadavg()[0].toFixed(1)} at the start\n`,
);
console.log(`| page | p50 ms | p95 ms | SQL statements | KB of HTML |\n|---|---|---|---|---|`);
for (const [name, paths] of await discover()) {
  if (!name.includes(only)) continue;
  const first = await ask(paths[0]);
  const type = first.response.headers.get("content-type") ?? "";
  if (first.response.status !== 200) {
    if (first.response.status >= 400) faults.push(`${name}: ${first.response.status}`);
    // Without a session there is nothing to measure.
    if (first.response.headers.get("location")?.startsWith("/admin/login")) faults.push(`${name}: signed out`);
    continue;
  }
  const file = type.startsWith("text/csv");
  if (!file && !type.startsWith("text/html")) continue;
  for (const path of paths) await ask(path);
  const from = statSync(LOG).size;
  const ids = [];
  let [bytes, failed] = [0, 0];
  for (let request = 0; request < (file ? Math.min(wanted, 20) : wanted); request += 1) {
    const { response, body, id } = await ask(paths[request % paths.length]);
    ids.push(id);
    bytes = Math.max(bytes, Buffer.byteLength(body));
    if (response.status !== 200) failed += 1;
  }
  const told = await answered(ids, from);
  const times = told.map(({ milliseconds }) => milliseconds).sort((a, b) => a - b);
  const statements = Math.max(...told.map(({ statements }) => statements));
  const [p95, size] = [at(times, 0.95), bytes / 1024];
  console.log(
    `| \`${name}\`${failed ? ` (${failed} failed)` : ""} | ${at(times, 0.5).toFixed(1)} | ${p95.toFixed(1)} | ${statements} | ${file ? "file" : size.toFixed(1)} |`,
  );
  if (p95 > SLOW) faults.push(`${name}: p95 ${p95.toFixed(0)} ms`);
  if (size > LARGE) faults.push(`${name}: ${size.toFixed(0)} KB`);
  if (failed) faults.push(`${name}: ${failed} of ${wanted} failed`);
}
const assets = join(import.meta.dirname, "../../services/admin/assets");
for (const ending of [".js", ".css"]) {
  const files = readdirSync(assets).filter((name) => name.endsWith(ending));
  const sizes = files.map((name) => readFileSync(join(assets, name)));
  const kb = (bytes) => (bytes.reduce((sum, one) => sum + one.length, 0) / 1024).toFixed(1);
  console.log(`\n${files.join(", ")}: ${kb(sizes)} KB, ${kb(sizes.map((one) => gzipSync(one)))} KB compressed`);
}
console.log(`\nload ${loadavg()[0].toFixed(1)} at the end`);
for (const fault of faults) console.error(fault);
process.exitCode = faults.length > 0 ? 1 : 0;

// What every page of the panel costs in the running shop: `node scale.mjs --requests 100`. One request after the other, to the admin
// service itself; each kind of page with up to twenty different ids. Prints a table for docs/measurements.md.
import { kind, MORE } from "./pages.mjs";
import { signIn, sql, status } from "./stack.mjs";

const base = status.services.admin.public;
const wanted = Number(process.argv[process.argv.indexOf("--requests") + 1]) || 100;
const cookies = new Map();

async function ask(path, form) {
  const headers = { cookie: [...cookies].map((pair) => pair.join("=")).join("; "), origin: base };
  const began = performance.now();
  const response = await fetch(new URL(path, base), {
    method: form ? "POST" : "GET",
    redirect: "manual",
    headers,
    body: form && new URLSearchParams(form),
  });
  const body = await response.text();
  const milliseconds = performance.now() - began;
  for (const cookie of response.headers.getSetCookie()) {
    const [, name, value] = cookie.match(/^([^=]+)=([^;]*)/);
    cookies.set(name, value);
  }
  return { response, body, milliseconds };
}

async function enter() {
  const { body } = await ask("/admin/login");
  const { email, password } = signIn("admin");
  const { response } = await ask("/admin/login", { csrf: body.match(/name="csrf" value="([^"]+)"/)[1], email, password });
  if (response.status !== 303) throw new Error(`signing in: ${response.status}`);
}

/// So many statements the service has sent, without those that begin and end transactions.
async function statements() {
  const [row] = await sql(
    "admin_db",
    `SELECT coalesce(sum(calls), 0)::integer AS calls FROM pg_stat_statements JOIN pg_roles ON pg_roles.oid = userid
      WHERE rolname = 'admin_service' AND query !~* '^\\s*(begin|commit|rollback|start|set|savepoint|release)'`,
  );
  return row.calls;
}

/// The fewest of some tries: jobs of the service ask too.
async function statementsOf(path) {
  let fewest = Infinity;
  for (let attempt = 0; attempt < 5; attempt += 1) {
    const before = await statements();
    await ask(path);
    fewest = Math.min(fewest, (await statements()) - before);
  }
  return fewest;
}

/// Every kind of page with some of its addresses.
async function discover() {
  const kinds = new Map([["/admin", ["/admin"]]]);
  for (const [name, paths] of kinds) {
    for (const path of paths.slice(0, 3)) {
      const { response, body } = await ask(path);
      if (!(response.headers.get("content-type") ?? "").startsWith("text/html")) continue;
      for (const [, href] of body.replaceAll("&amp;", "&").matchAll(/<a [^>]*href="(\/admin[^"#]*)"/g)) {
        const url = new URL(href, base);
        const own = kind(url);
        // The next page of a list is a question of its own.
        const key = url.searchParams.has("cursor") ? `${own}?cursor` : own;
        const known = kinds.get(key);
        if (!known) kinds.set(key, [href]);
        else if (key.includes(":id") && known.length < 20 && !known.includes(href)) known.push(href);
      }
    }
  }
  for (const path of MORE) kinds.set(path, [path]);
  return kinds;
}

const at = (sorted, share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];

await sql("admin_db", "CREATE EXTENSION IF NOT EXISTS pg_stat_statements");
await enter();
console.log(`| page | p50 ms | p95 ms | SQL statements | KB of HTML |\n|---|---|---|---|---|`);
for (const [name, paths] of await discover()) {
  const first = await ask(paths[0]);
  const type = first.response.headers.get("content-type") ?? "";
  if (first.response.status !== 200 || !type.startsWith("text/html")) continue;
  for (const path of paths) await ask(path);
  const times = [];
  let [bytes, failed] = [0, 0];
  for (let request = 0; request < wanted; request += 1) {
    const { response, body, milliseconds } = await ask(paths[request % paths.length]);
    times.push(milliseconds);
    bytes = Math.max(bytes, Buffer.byteLength(body));
    if (response.status !== 200) failed += 1;
  }
  times.sort((a, b) => a - b);
  const cells = [at(times, 0.5).toFixed(1), at(times, 0.95).toFixed(1), await statementsOf(paths[0]), (bytes / 1024).toFixed(1)];
  console.log(`| \`${name}\`${failed ? ` (${failed} failed)` : ""} | ${cells.join(" | ")} |`);
}

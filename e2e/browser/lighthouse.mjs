// Lighthouse's judgement of the main pages, or of those that are named, signed in, on a fast desktop: `cargo xtask lighthouse [path…]`.
// Prints a table and fails below 95.
// One audit is left out: no search engine may list the panel, and Lighthouse takes points off for that.
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { launch, Panel } from "./panel.mjs";
import { MAIN } from "./pages.mjs";
import { origin } from "./stack.mjs";

const PORT = 9333;
const LEAST = 95;

const require = createRequire(join(process.env.MERCATO_TEST_TOOLS, "lighthouse", "package.json"));
const { default: lighthouse, desktopConfig } = await import(pathToFileURL(require.resolve("lighthouse")).href);

const browser = await launch([`--remote-debugging-port=${PORT}`, "--ignore-certificate-errors"]);
let low = 0;
try {
  const panel = await Panel.open(browser, { role: "admin" });
  const cookies = await panel.context.cookies();
  const Cookie = cookies.map(({ name, value }) => `${name}=${value}`).join("; ");
  const named = process.argv.slice(2);
  const order = await panel.page.goto("/admin/orders").then(() => panel.page.locator("tbody a[href^='/admin/orders/']").first().getAttribute("href"));
  let header = true;
  for (const path of named.length > 0 ? named : ["/admin/login", ...MAIN, order]) {
    const { lhr } = await lighthouse(
      new URL(path, origin).href,
      { port: PORT, logLevel: "error", extraHeaders: path === "/admin/login" ? {} : { Cookie } },
      { ...desktopConfig, settings: { ...desktopConfig.settings, skipAudits: ["is-crawlable"] } },
    );
    const titles = Object.values(lhr.categories).map(({ title }) => title);
    if (header) console.log(`| page | ${titles.join(" | ")} |\n|---${"|---".repeat(titles.length)}|`);
    header = false;
    const scores = Object.values(lhr.categories).map(({ score }) => Math.round(score * 100));
    console.log(`| \`${path.replaceAll(/[0-9a-f-]{36}/g, ":id")}\` | ${scores.join(" | ")} |`);
    for (const { auditRefs, id, score } of Object.values(lhr.categories)) {
      if (score * 100 >= LEAST) continue;
      low += 1;
      const lost = auditRefs.filter(({ id, weight }) => weight > 0 && (lhr.audits[id].score ?? 1) < 1);
      console.error(`${path}: ${id}: ${lost.map(({ id }) => `${id} (${lhr.audits[id].title})`).join("; ")}`);
    }
  }
} finally {
  await browser.close();
}
process.exitCode = low > 0 ? 1 : 0;

// Looks at every page of the panel: both themes, wide and as on a phone, for people who cannot see or point well.
import { DESKTOP, PHONE, Panel } from "./panel.mjs";
import { ANSWERS, ERRORS, kind, MORE, PUBLIC } from "./pages.mjs";
import { somebody } from "./shop.mjs";
import { origin } from "./stack.mjs";

/// What may be the most: of a page as it is, of scripts as they travel.
const LONGEST_PAGE = 60 * 1024;
const LONGEST_SCRIPTS = 30 * 1024;

/// The same as `judge` of a page with an address.
async function look(panel, path, expected) {
  return judge(panel, expected, () => panel.page.goto(path));
}

/// The same of a page that only a form leads to.
async function lookAtAnswer(panel, { path, fill = {}, tick, press, status }) {
  const { page } = panel;
  await page.goto(path);
  if (tick) await page.locator(tick).first().check();
  for (const [field, text] of Object.entries(fill)) await page.locator(`main ${field}`).first().fill(text);
  // What the browser would not send is the service's to refuse.
  await page.evaluate(() => [...document.forms].forEach((form) => (form.noValidate = true)));
  return judge(panel, status, async () => {
    const answer = page.waitForResponse((response) => response.request().method() === "POST");
    await page.locator(press).first().click();
    return answer;
  });
}

/// What the page that `open` answers with has for a status, what is wrong with it, and where its links lead.
async function judge(panel, expected, open) {
  const { page } = panel;
  const loaded = new Map();
  const note = (response) => loaded.set(response.url(), response);
  page.on("response", note);
  await page.setViewportSize(DESKTOP);
  await page.emulateMedia({ colorScheme: "light" });
  const response = await open();
  await page.waitForLoadState();
  page.off("response", note);

  const [status, problems] = [response.status(), []];
  if (status !== expected) problems.push(`answered ${status}`);
  if (!(response.headers()["content-type"] ?? "").startsWith("text/html")) return { status, problems, links: [] };
  problems.push(...(await weigh(response, loaded)));
  problems.push(...(await page.evaluate(outline)));
  const links = await linked(page);

  // What is folded away is looked at, too; one menu over another would only hide it.
  await page.evaluate(() => {
    for (const folded of document.querySelectorAll("details:not(.menu)")) folded.open = true;
  });
  const seen = new Set();
  const add = (where, found) => {
    for (const one of found) if (!seen.has(one)) seen.add(one) && problems.push(`${where}: ${one}`);
  };
  add("light", await panel.axe());
  const light = await page.evaluate(paint);
  await page.emulateMedia({ colorScheme: "dark" });
  add("dark", await panel.axe());
  const dark = await page.evaluate(paint);
  // The panel's own switch makes the same pictures, whatever the system says.
  const own = await page.evaluate(() => "theme" in document.documentElement.dataset);
  if (own && (await page.evaluate(paint, "light")) !== light) problems.push("chosen light is not the system's light");
  await page.emulateMedia({ colorScheme: "light" });
  if (own && (await page.evaluate(paint, "dark")) !== dark) problems.push("chosen dark is not the system's dark");
  await page.setViewportSize(PHONE);
  add("phone", await panel.axe());
  const overflow = await panel.overflow();
  if (overflow) problems.push(overflow);
  await page.setViewportSize(DESKTOP);
  add("menus", await menus(panel));
  problems.push(...panel.problems.splice(0));
  return { status, problems, links };
}

/// What axe says of each kind of menu while it is open, and whether all of it is on the page.
async function menus(panel) {
  const { page } = panel;
  const problems = [];
  const all = page.locator("details.menu:visible");
  const known = new Set();
  for (let index = 0; index < (await all.count()); index += 1) {
    const menu = all.nth(index);
    const name = (await menu.locator("summary").first().innerText()).trim();
    // The rows of a list have the same menu each.
    if (known.has(name) || known.size >= 4) continue;
    known.add(name);
    await menu.locator("summary").first().click();
    problems.push(...(await panel.axe(menu)));
    const overflow = await panel.overflow();
    if (overflow) problems.push(`menu "${name}" ${overflow}`);
    await menu.evaluate((details) => (details.open = false));
  }
  return problems;
}

/// One stylesheet, little script, a page that is not long.
async function weigh(response, loaded) {
  const problems = [];
  const size = (await response.body()).length;
  if (size > LONGEST_PAGE) problems.push(`${size} bytes of HTML`);
  let [styles, scripts] = [0, 0];
  for (const [url, asset] of loaded) {
    const type = asset.request().resourceType();
    if (type === "stylesheet") styles += 1;
    if (type === "script") scripts += (await asset.request().sizes()).responseBodySize;
    if (new URL(url).origin !== new URL(response.url()).origin) problems.push(`loads ${url}`);
  }
  if (styles !== 1) problems.push(`${styles} stylesheets`);
  if (scripts > LONGEST_SCRIPTS) problems.push(`${scripts} bytes of script`);
  return problems;
}

/// Runs in the page: the colours of all that is on it, under a theme that was chosen in the panel, if one is given.
function paint(theme) {
  const before = document.documentElement.dataset.theme;
  if (theme && before) document.documentElement.dataset.theme = theme;
  const colours = [...document.body.querySelectorAll("*")].map((element) => {
    const style = getComputedStyle(element);
    return `${style.color} ${style.backgroundColor} ${style.borderTopColor} ${style.fill} ${style.stroke}`;
  });
  if (before) document.documentElement.dataset.theme = before;
  return colours.join();
}

/// Runs in the page: its title and headings, and words that a template was to fill in.
function outline() {
  const problems = [];
  if (!document.title) problems.push("no title");
  const first = document.querySelectorAll("h1").length;
  if (first !== 1) problems.push(`${first} headings of the first rank`);
  const leaked = document.body.innerText.match(/\{\{|\}\}|undefined|\bNaN\b|\bSome\(/);
  if (leaked) problems.push(`says "${leaked[0]}"`);
  return problems;
}

/// Where the page's links lead within the panel. Documents are pages for paper, with a style of their own.
async function linked(page) {
  const links = page.locator("a[href]:not([download]):not([type='application/pdf']):not([href*='/documents/'])");
  const hrefs = await links.evaluateAll((all) => all.map(({ href }) => href));
  return hrefs.map((href) => new URL(href)).filter((url) => url.origin === origin && url.pathname.startsWith("/admin"));
}

/// Follows links from the home page to one page of each kind. `open` says what a page answered, what is wrong with it and what it links to.
async function crawl(panel, report, open) {
  const known = new Set(["/admin", "/admin/logout"]);
  const waiting = [{ path: "/admin" }];
  const unknown = (from, links) => {
    const fresh = links.filter((url) => !known.has(kind(url)) && known.add(kind(url)));
    return fresh.map((url) => ({ url, path: url.pathname + url.search, from }));
  };
  while (waiting.length > 0) {
    const { url, path, from } = waiting.shift();
    const { status, problems, links } = await open(path);
    if (status === 404 && from) {
      // Others delete things meanwhile. Who linked to it does not any more, then, but maybe to another of its kind.
      const { links: left } = await open(from);
      if (!left.some(({ href }) => href === url.href)) {
        known.delete(kind(url));
        waiting.unshift(...unknown(from, left));
        continue;
      }
    }
    await report(panel, path, problems);
    waiting.push(...unknown(path, links));
  }
}

/// Every page, one of each kind. `report` gets each with its problems.
export async function everyPage(browser, report) {
  const guest = await Panel.open(browser);
  for (const path of PUBLIC) await report(guest, path, (await look(guest, path, 200)).problems);
  await guest.close();

  const panel = await Panel.open(browser, { role: "admin" });
  await crawl(panel, report, (path) => look(panel, path, 200));
  for (const path of MORE) await report(panel, path, (await look(panel, path, 200)).problems);
  for (const [path, status] of ERRORS) await report(panel, path, (await look(panel, path, status)).problems);
  await panel.close();
}

/// Every page that a form answers with.
export async function everyAnswer(browser, report) {
  // Somebody of its own, for whom an hour passes that passes for nobody else.
  const person = await somebody("admin");
  for (const answer of ANSWERS) {
    const panel = await Panel.open(browser);
    if (!answer.guest) await panel.signIn(person);
    if (answer.late) await panel.age(person);
    await report(panel, `answer of ${answer.path}`, (await lookAtAnswer(panel, answer)).problems);
    await panel.close();
  }
}

/// Nobody is shown a link that they may not follow.
export async function everyLinkOf(browser, role, report) {
  const panel = await Panel.open(browser, { role });
  await crawl(panel, report, async (path) => {
    const status = (await panel.page.goto(path)).status();
    const problems = status === 200 ? [] : [`answered ${status} to ${role}`];
    return { status, problems: [...problems, ...panel.problems.splice(0)], links: await linked(panel.page) };
  });
  await panel.close();
}

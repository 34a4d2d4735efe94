// The admin panel in headless Chromium: signing in, what must hold for every page, pictures.
import { createHmac } from "node:crypto";
import { mkdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { origin, require, signIn, sql } from "./stack.mjs";

const { chromium } = require("playwright-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

/// Where pictures of failures go.
const PICTURES = process.env.MERCATO_PICTURES ?? join(dirname(process.env.MERCATO_STATUS), "browser");

const DESKTOP = { width: 1280, height: 860 };
const PHONE = { width: 360, height: 740 };

export async function launch(more = []) {
  return chromium.launch({
    executablePath: process.env.MERCATO_CHROMIUM ?? "/usr/bin/chromium",
    // The sandbox does not work for root and in most containers; here it shows only our own pages.
    args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking", "--disable-sync", ...more],
  });
}

/// Cookies of who is signed in already, by role.
const signedIn = new Map();

/// A window of the panel. What goes wrong in it without being seen is in `problems`.
export class Panel {
  static async open(browser, { scripts = true, viewport = DESKTOP, theme = "light", role } = {}) {
    const context = await browser.newContext({
      baseURL: origin,
      colorScheme: theme,
      // The certificate of the development stack is its own.
      ignoreHTTPSErrors: true,
      javaScriptEnabled: scripts,
      reducedMotion: "reduce",
      storageState: signedIn.get(role),
      viewport,
    });
    context.setDefaultTimeout(15_000);
    const panel = new Panel(context, await context.newPage());
    if (role && !signedIn.has(role)) {
      await panel.signIn(signIn(role));
      signedIn.set(role, await context.storageState());
    }
    return panel;
  }

  constructor(context, page) {
    this.context = context;
    this.page = page;
    this.problems = [];
    page.on("pageerror", (error) => this.problems.push(`script: ${error.message}`));
    page.on("console", (message) => {
      // What was answered is judged by `response`.
      if (message.type() === "error" && !message.text().startsWith("Failed to load resource")) {
        this.problems.push(`console: ${message.text()}`);
      }
    });
    page.on("response", (response) => {
      const page = response.request().resourceType() === "document";
      if (response.status() >= (page ? 500 : 400)) this.problems.push(`${response.status()} ${response.url()}`);
    });
    // `confirm()` is answered with yes.
    page.on("dialog", (dialog) => dialog.accept());
  }

  /// Types into the form and sends it, without any care.
  async signIn({ email, password }) {
    await this.page.goto("/admin/login");
    await this.page.getByLabel("E-mail").fill(email);
    await this.page.getByLabel("Password").fill(password);
    await this.page.getByRole("button", { name: "Sign in" }).click();
    await this.page.waitForURL((url) => url.pathname !== "/admin/login");
  }

  /// Lets an hour pass since somebody's sign-in: what is dangerous now asks again.
  async age({ id }) {
    await sql("auth_db", "UPDATE sessions SET authenticated_at = authenticated_at - interval '1 hour' WHERE user_id = $1", [id]);
  }

  /// Waits for words on the page.
  async sees(text) {
    await this.page.getByText(text).filter({ visible: true }).first().waitFor();
  }

  /// What axe says against WCAG 2.2 AA and good practice, of the page or of a part of it.
  async axe(part = this.page.locator(":root")) {
    if (!(await this.page.evaluate(() => "axe" in window))) await this.page.evaluate(axe);
    const found = await part.evaluate((element) =>
      // eslint-disable-next-line no-undef
      axe.run(element, {
        resultTypes: ["violations"],
        rules: { "target-size": { enabled: true } },
        runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
      }),
    );
    return found.violations.map(({ id, nodes }) => {
      const where = nodes.slice(0, 3).map(({ target, failureSummary }) => {
        const why = failureSummary.split("\n").slice(1).join(" ").replace(/\s+/g, " ").trim();
        return `      ${target.join(" ")}: ${why.slice(0, 240)}`;
      });
      return `axe ${id} (${nodes.length}):\n${where.join("\n")}`;
    });
  }

  /// What of the page is wider than a phone.
  async overflow() {
    return this.page.evaluate(() => {
      const width = document.documentElement.clientWidth;
      if (document.documentElement.scrollWidth <= width) return null;
      const wide = [...document.body.querySelectorAll("*")].filter((element) => {
        const inScroller = element.parentElement?.closest(".scroll, pre, [tabindex='0']");
        return !inScroller && element.getBoundingClientRect().right > width + 1;
      });
      const names = wide.slice(0, 3).map((element) => `${element.localName}.${element.className}`);
      return `scrolls sideways at ${width} px: ${document.documentElement.scrollWidth} px wide (${names.join(", ")})`;
    });
  }

  /// A picture for whoever has to find out what went wrong; its path.
  async picture(name) {
    mkdirSync(PICTURES, { recursive: true });
    const path = join(PICTURES, `${name.replace(/[^a-z0-9]+/gi, "-").replace(/^-|-$/g, "").slice(0, 100)}.png`);
    await this.page.screenshot({ path, fullPage: true }).catch(() => {});
    return path;
  }

  async close() {
    await this.context.close();
  }
}

export { DESKTOP, PHONE };

/// What an authenticator app shows for a secret, so many steps of 30 seconds from now.
export function totp(secret, steps = 0) {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  const bits = [...secret.replace(/\s/g, "")].map((letter) => alphabet.indexOf(letter).toString(2).padStart(5, "0")).join("");
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => Number.parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + steps));
  const tag = createHmac("sha1", key).update(counter).digest();
  const number = tag.readUInt32BE(tag[19] & 15) & 0x7fffffff;
  return String(number % 1_000_000).padStart(6, "0");
}

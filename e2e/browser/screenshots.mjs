// Takes the pictures of the documents, light and dark: `cargo xtask screenshots`, best of a shop that was seeded a moment ago.
import { mkdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { DESKTOP, launch, Panel, PHONE } from "./panel.mjs";
import { PICTURES } from "./pages.mjs";

const FOLDER = fileURLToPath(new URL("../../docs/images/", import.meta.url));
const LARGEST = 150 * 1024;

/// As good as it can be within the size.
async function shoot(page, name) {
  const session = await page.context().newCDPSession(page);
  for (let quality = 90; quality > 10; quality -= 10) {
    const { data } = await session.send("Page.captureScreenshot", { format: "webp", quality });
    const bytes = Buffer.from(data, "base64");
    if (bytes.length > LARGEST) continue;
    writeFileSync(`${FOLDER}${name}.webp`, bytes);
    console.log(`docs/images/${name}.webp  ${Math.ceil(bytes.length / 1024)} KB`);
    return;
  }
  throw new Error(`${name} does not fit into ${LARGEST} bytes`);
}

/// The address behind a picture: a path, or the first link on a page that leads to such a one.
async function find(page, { path, first }) {
  await page.goto(path);
  if (!first) return;
  const link = page.locator(first).first();
  if ((await link.count()) === 0) throw new Error(`${path} has no ${first}`);
  await page.goto(await link.getAttribute("href"));
}

mkdirSync(FOLDER, { recursive: true });
const browser = await launch();
let failed = 0;
try {
  for (const theme of ["light", "dark"]) {
    for (const picture of PICTURES) {
      const { name, phone, guest, open } = picture;
      const panel = await Panel.open(browser, { theme, viewport: phone ? PHONE : DESKTOP, role: guest ? undefined : "admin" });
      try {
        await find(panel.page, picture);
        if (open) await panel.page.locator(open).first().click();
        await shoot(panel.page, `admin-${name}-${theme}`);
      } catch (error) {
        failed += 1;
        console.error(`admin-${name}-${theme}: ${error.message.split("\n")[0]}`);
      }
      await panel.close();
    }
  }
} finally {
  await browser.close();
}
process.exitCode = failed > 0 ? 1 : 0;

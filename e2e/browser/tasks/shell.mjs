// What surrounds every page: navigation, colours, keys, saved views.
import { PHONE } from "../panel.mjs";
import { unique } from "../shop.mjs";

export default [
  {
    name: "go to the orders on a phone",
    viewport: PHONE,
    async run({ hands, page }) {
      await page.goto("/admin");
      await hands.press(page.getByRole("button", { name: "Navigation" }));
      await hands.press(page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Orders" }));
      await page.waitForURL("/admin/orders");
    },
  },
  {
    name: "choose dark colours",
    async run({ hands, page }) {
      await page.goto("/admin/orders");
      await hands.press(page.locator("summary", { hasText: "Account of" }));
      await hands.press(page.getByRole("button", { name: "dark" }));
      await page.locator("html[data-theme=dark]").waitFor();
      if (new URL(page.url()).pathname !== "/admin/orders") throw new Error("it leads away from the page");
      await page.goto("/admin/customers");
      const ground = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
      const [red, green, blue] = ground.match(/\d+/g).map(Number);
      if (red + green + blue > 200) throw new Error(`the ground is ${ground}`);
    },
  },
  {
    name: "save a view, come back to it, remove it",
    async run({ hands, page }) {
      const name = `Unpaid ${unique()}`;
      await page.goto("/admin/orders?payment_status=unpaid");
      await hands.press(page.locator("summary", { hasText: "Save view" }));
      await hands.type(page.getByLabel("Name", { exact: true }), name);
      await hands.press(page.getByRole("button", { name: "Save", exact: true }));
      await page.getByRole("link", { name }).waitFor();
      await page.goto("/admin/orders");
      await hands.press(page.getByRole("link", { name }));
      await page.waitForURL((url) => url.searchParams.get("payment_status") === "unpaid");
      await hands.press(page.getByRole("button", { name: "Remove view" }));
      await page.getByRole("link", { name }).waitFor({ state: "detached" });
    },
  },
  {
    name: "get about by single keys",
    ways: ["keyboard"],
    async run({ page }) {
      const keys = async (...pressed) => {
        for (const key of pressed) await page.keyboard.press(key);
      };
      await page.goto("/admin");
      await keys("g", "o");
      await page.waitForURL("/admin/orders");
      const rows = await page.locator("main tbody tr").count();
      if (rows < 3) throw new Error(`only ${rows} orders`);
      await keys("j", "j", "j", "k");
      const second = page.locator("main tbody tr").nth(1);
      const focused = await second.evaluate((row) => row.contains(document.activeElement));
      if (!focused) throw new Error("j, j, j, k do not lead to the second row");
      await keys("Enter");
      await page.waitForURL(/orders\/[0-9a-f-]+$/);
      await keys("?");
      await page.getByRole("heading", { name: "Keyboard" }).waitFor();
      await keys("/", "g", "o");
      if ((await page.locator("input:focus").inputValue()) !== "go") throw new Error("keys act while one types");
      await keys("Escape", "g", "h");
      await page.waitForURL("/admin");
    },
  },
];

// What was sold.
import { bought } from "../shop.mjs";

export default [
  {
    name: "look at a quarter by week, then at its best products",
    async run({ hands, page }) {
      await bought();
      await page.goto("/admin/analytics");
      await hands.press(page.getByRole("link", { name: "90 days" }));
      await page.waitForURL((url) => url.searchParams.get("range") === "90");
      await hands.choose(page.locator("select[name=by]"), "week");
      await hands.press(page.getByRole("button", { name: "Show" }));
      await page.waitForURL((url) => url.searchParams.get("by") === "week");
      await hands.press(page.getByRole("navigation", { name: "Analytics" }).getByRole("link", { name: "Products" }));
      await page.waitForURL((url) => url.pathname === "/admin/analytics/products" && url.searchParams.get("range") === "90");
      await hands.press(page.getByRole("link", { name: "Units", exact: true }));
      await page.waitForURL((url) => url.searchParams.get("sort") === "units");
      await page.locator("svg.chart").first().waitFor();
      const [file] = await Promise.all([page.waitForEvent("download"), hands.press(page.getByRole("link", { name: "CSV" }))]);
      if (!file.suggestedFilename().endsWith(".csv")) throw new Error(`the file is called ${file.suggestedFilename()}`);
    },
  },
];

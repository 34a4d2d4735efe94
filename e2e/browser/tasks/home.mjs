// The first page: from what waits to where it is done, and how the days went.
import { bought } from "../shop.mjs";

export default [
  {
    name: "go from what needs somebody to its list",
    async run({ hands, page }) {
      await bought();
      await page.goto("/admin");
      await hands.press(page.getByRole("link", { name: /to ship$/ }));
      await page.waitForURL((url) => url.pathname === "/admin/orders" && url.searchParams.get("fulfillment_status") === "unfulfilled");
    },
  },
  {
    name: "look at the days before, as a chart and as a table",
    async run({ hands, page }) {
      await page.goto("/admin");
      await hands.press(page.getByRole("link", { name: "Week", exact: true }));
      await page.getByRole("heading", { name: "Revenue of 7 days" }).waitFor();
      await hands.press(page.getByRole("link", { name: "Alone", exact: true }));
      await page.waitForURL((url) => url.searchParams.get("compare") === "no" && url.searchParams.get("show") === "week");
      await hands.press(page.getByText("Revenue of 7 days as a table"));
      await page.getByRole("columnheader", { name: "These 7 days" }).waitFor();
    },
  },
];

// Who did what.
import { bought } from "../shop.mjs";

export default [
  {
    name: "find out who tagged an order, and what that changed",
    async run({ hands, page, panel }) {
      const order = await bought();
      await page.goto(`/admin/orders?${new URLSearchParams({ q: order.number })}`);
      await page.getByLabel(`Choose ${order.number}`).check();
      await page.getByLabel("Tag", { exact: true }).filter({ visible: true }).fill("traced");
      await page.getByRole("button", { name: "Add tag" }).click();
      await page.getByRole("row", { name: order.number }).getByText("done", { exact: true }).waitFor();
      await page.goto("/admin/audit");
      await hands.type(page.getByLabel("Target"), `order:${order.id}`);
      await hands.press(page.getByRole("button", { name: "Filter" }));
      await page.waitForURL((url) => url.searchParams.get("target") === `order:${order.id}`);
      await hands.press(page.getByRole("link", { name: "asked" }).first());
      await page.getByRole("heading", { name: "In the chain" }).waitFor();
      await panel.sees("Who and where");
      await hands.press(page.getByRole("link", { name: "All about it" }));
      await page.waitForURL((url) => url.pathname === "/admin/audit");
    },
  },
];

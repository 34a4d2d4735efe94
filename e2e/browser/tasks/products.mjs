// What sellers submit is decided on, and prices are changed in the list.
import { onSale, submitted } from "../shop.mjs";

/// Where a product waits for its approval: those that wait longest come first.
async function waiting(page, product) {
  const one = page.getByRole("region", { name: product.title });
  await page.goto("/admin/products/approvals");
  while ((await one.count()) === 0) await page.goto(await page.getByRole("link", { name: "More that wait" }).getAttribute("href"));
  return one;
}

export default [
  {
    name: "approve a product",
    async run({ hands, page, panel }) {
      const one = await waiting(page, await submitted());
      await hands.press(one.getByRole("button", { name: "Approve" }));
      await panel.sees("The product is public");
    },
  },
  {
    name: "reject a product with a reason",
    async run({ hands, page, panel }) {
      const one = await waiting(page, await submitted());
      await hands.press(one.locator("summary", { hasText: "Reject" }));
      await hands.type(one.getByLabel("Reason"), "The picture shows something else.");
      await hands.press(one.getByRole("button", { name: "Reject" }));
      await panel.sees("the seller sees why");
    },
  },
  {
    name: "find a product, change its price in the list, take that back",
    async run({ hands, page }) {
      const product = await onSale();
      const row = page.getByRole("row", { name: product.title });
      await page.goto("/admin/products");
      await hands.type(page.getByLabel("Title or SKU"), product.title);
      await hands.press(page.getByRole("button", { name: "Filter" }));
      await page.waitForURL((url) => url.searchParams.get("q") === product.title);
      await hands.press(row.getByRole("link", { name: "19.99" }));
      await hands.type(page.getByLabel("Price, EUR"), "24.50");
      await hands.press(page.getByRole("button", { name: "Save", exact: true }));
      await row.getByText("24.50").waitFor();
      await hands.press(page.getByRole("button", { name: "Undo" }));
      await row.getByText("19.99").waitFor();
    },
  },
];

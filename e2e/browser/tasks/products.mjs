// What sellers submit is decided on.
import { submitted } from "../shop.mjs";

/// The product's row in the queue.
async function row(page, product) {
  await page.goto(`/admin/products?${new URLSearchParams({ q: product.title, status: "pending_review" })}`);
  return page.getByRole("row", { name: product.title });
}

export default [
  {
    name: "approve a product",
    async run({ hands, page, panel }) {
      const one = await row(page, await submitted());
      await hands.press(one.getByRole("button", { name: "Approve" }));
      await panel.sees("The product is public");
    },
  },
  {
    name: "reject a product with a reason",
    async run({ hands, page, panel }) {
      const one = await row(page, await submitted());
      await hands.press(one.locator("summary", { hasText: "Reject" }));
      await hands.type(one.getByLabel("Reason"), "The picture shows something else.");
      await hands.press(one.getByRole("button", { name: "Reject" }));
      await panel.sees("the seller sees why");
    },
  },
];

// One box for everything.
import { bought, onSale } from "../shop.mjs";

export default [
  {
    name: "search for an order number, and be there",
    async run({ hands, page }) {
      const order = await bought();
      await page.goto("/admin");
      await hands.type(page.getByLabel("Search everything"), order.number);
      await page.keyboard.press("Enter");
      await page.waitForURL(`/admin/orders/${order.id}`);
    },
  },
  {
    name: "search for part of a title, and open the product",
    async run({ hands, page }) {
      const product = await onSale();
      await page.goto("/admin/orders");
      await hands.type(page.getByLabel("Search everything"), product.title.slice(0, -1));
      await page.keyboard.press("Enter");
      await hands.press(page.getByRole("link", { name: product.title }));
      await page.waitForURL(`/admin/products/${product.id}`);
    },
  },
];

// Coupons, and the bench that prices a cart with one.
import { onSale, unique } from "../shop.mjs";

export default [
  {
    name: "make a coupon and see it work in the bench",
    async run({ hands, page, panel }) {
      const code = `E2E-${unique()}`.toUpperCase().slice(0, 40);
      const product = await onSale();
      await page.goto("/admin/coupons");
      await hands.press(page.getByRole("link", { name: "New coupon" }).first());
      await hands.type(page.getByLabel("Code").first(), code);
      await hands.type(page.getByLabel("Takes off"), "10");
      await hands.press(page.getByRole("button", { name: "Create" }).first());
      await panel.sees("It is created");
      await panel.sees("10% off everything");
      await hands.press(page.getByRole("link", { name: "Try it" }));
      await hands.type(page.getByLabel("Find a product"), product.title);
      await hands.press(page.getByRole("button", { name: "Find" }));
      await hands.press(page.getByRole("link", { name: /^Add / }).first());
      await panel.sees("What it costs");
      await panel.sees(code);
    },
  },
];

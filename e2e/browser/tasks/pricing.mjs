// Coupons, promotions, shipping and taxes, and the benches that try them. Nobody else in the shop sends anything to Antarctica.
import { onSale, submitted, unique } from "../shop.mjs";

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
  {
    name: "make a promotion, switch it off, delete it",
    async run({ hands, page, panel }) {
      const name = `Tray weeks ${unique()}`;
      // For this product alone: others look at what orders cost.
      const product = await submitted();
      await page.goto("/admin/promotions");
      await hands.press(page.getByRole("link", { name: "New promotion" }).first());
      await hands.type(page.getByLabel(/^Name/), name);
      await hands.type(page.getByLabel(/^Takes off/), "15");
      await hands.type(page.getByLabel("Add products by SKU"), product.variants[0].sku);
      await hands.press(page.getByRole("button", { name: "Create" }).first());
      await panel.sees("It is created");
      await page.goto("/admin/promotions");
      await hands.press(page.getByRole("button", { name: `Switch off ${name}` }));
      await panel.sees("It is switched off");
      await hands.press(page.getByRole("link", { name }));
      await hands.press(page.getByRole("button", { name: "Delete" }));
      await panel.sees("It is deleted");
    },
  },
  {
    name: "add a way of sending, try a parcel, take it away",
    async run({ hands, page, panel }) {
      const name = `Icebreaker ${unique()}`;
      await page.goto("/admin/shipping");
      await hands.press(page.getByRole("link", { name: "New method" }).first());
      await hands.type(page.getByLabel(/^Name/), name);
      await hands.type(page.getByLabel(/^Code/), `ice-${unique()}`);
      await hands.type(page.getByLabel(/^Price/), "120");
      await hands.type(page.getByLabel(/^Places/), "AQ");
      await hands.press(page.getByRole("button", { name: "Create" }).first());
      await panel.sees("It is created");
      await page.goto("/admin/shipping/bench");
      await hands.type(page.getByLabel("Country"), "AQ");
      await hands.type(page.getByLabel(/^Goods/), "20");
      await hands.press(page.getByRole("button", { name: "Try it" }));
      await page.getByRole("row", { name: new RegExp(`${name}.*yes.*120\\.00`) }).waitFor();
      await page.goto("/admin/shipping");
      await hands.press(page.getByRole("link", { name }));
      await hands.press(page.getByRole("button", { name: "Delete" }));
      await panel.sees("It is deleted");
    },
  },
  {
    name: "add a tax, try an amount, take it away",
    async run({ hands, page, panel }) {
      const name = `Ice duty ${unique()}`;
      await page.goto("/admin/taxes");
      await hands.press(page.getByRole("link", { name: "New rate" }).first());
      await hands.type(page.getByLabel(/^Name/), name);
      await hands.type(page.getByLabel(/^Rate/), "5");
      await hands.type(page.getByLabel(/^Country/), "AQ");
      await hands.press(page.getByRole("button", { name: "Create" }).first());
      await panel.sees("It is created");
      await page.goto("/admin/taxes/bench");
      await hands.type(page.getByLabel("Country"), "AQ");
      await hands.type(page.getByLabel(/^Amount/), "20");
      await hands.press(page.getByRole("button", { name: "Try it" }));
      await page.getByRole("row", { name: new RegExp(`${name}.*5%`) }).waitFor();
      await page.goto("/admin/taxes");
      await hands.press(page.getByRole("link", { name }));
      await hands.press(page.getByRole("button", { name: "Delete" }));
      await panel.sees("It is deleted");
    },
  },
];

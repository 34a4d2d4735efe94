import { bought, customer } from "../shop.mjs";

export default [
  {
    name: "find a customer, and their orders",
    async run({ hands, page }) {
      const order = await bought();
      const { email } = await customer();
      await page.goto("/admin/customers");
      await hands.type(page.getByLabel("Name or e-mail"), email);
      await hands.press(page.getByRole("button", { name: "Search" }));
      await hands.press(page.getByRole("link", { name: email }));
      await page.getByRole("link", { name: order.number }).waitFor();
    },
  },
];

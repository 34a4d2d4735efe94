import { bought, customer, register } from "../shop.mjs";

export default [
  {
    name: "find a customer, and their orders",
    async run({ hands, page }) {
      const order = await bought();
      const { email } = await customer();
      await page.goto("/admin/customers");
      await hands.type(page.getByLabel("Begins with"), email);
      await hands.press(page.getByRole("button", { name: "Filter" }));
      await hands.press(page.locator("tbody").getByRole("link").first());
      await page.getByRole("heading", { name: "Sessions" }).waitFor();
      await page.getByRole("link", { name: order.number }).first().waitFor();
    },
  },
  {
    name: "disable a customer with a reason, and open the account again",
    async run({ hands, page }) {
      const { email } = await register("Dora");
      await page.goto(`/admin/customers?q=${encodeURIComponent(email)}`);
      await hands.press(page.locator("tbody").getByRole("link").first());
      const shut = page.getByRole("region", { name: "Disable the account" });
      await hands.type(shut.getByLabel("Why"), "Asked to");
      await hands.press(shut.getByRole("button", { name: "Disable the account" }));
      await page.getByText("The account is disabled").waitFor();
      await hands.press(page.getByRole("button", { name: "Enable the account" }));
      await page.getByText("The account is open again").waitFor();
    },
  },
  {
    name: "end a customer's session",
    async run({ hands, page, panel }) {
      const { id } = await register("Dora");
      await page.goto(`/admin/customers/${id}`);
      await hands.press(page.getByRole("button", { name: /^End the session on/ }).first());
      await panel.sees("The session is ended");
    },
  },
  {
    name: "look what a deletion would take",
    async run({ hands, page }) {
      const { email } = await register("Dora");
      await page.goto(`/admin/customers?q=${encodeURIComponent(email)}`);
      await hands.press(page.locator("tbody").getByRole("link").first());
      await hands.press(page.locator(".page-head summary"));
      await hands.press(page.getByRole("link", { name: "Delete and erase" }));
      await page.getByRole("heading", { name: "Stays, and why" }).waitFor();
    },
  },
];

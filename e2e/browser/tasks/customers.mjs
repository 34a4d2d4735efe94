import { bought, customer, register, somebody } from "../shop.mjs";
import { eventually, sql } from "../stack.mjs";

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
  {
    name: "give an account the order that its owner placed as a guest",
    async run({ hands, page, panel }) {
      const [{ id, email }, order] = [await register("Dora"), await bought()];
      await sql("order_db", "UPDATE orders SET user_id = NULL, guest_token_hash = sha256(id::text::bytea), email = $2 WHERE id = $1", [order.id, email]);
      await sql("auth_db", "UPDATE users SET email_verified_at = now() WHERE id = $1", [id]);
      await page.goto(`/admin/customers/${id}/claim`);
      await page.getByRole("row", { name: order.number }).waitFor();
      await hands.press(page.getByRole("button", { name: "Add them to the account" }));
      await panel.sees("The orders belong to this account now");
      await page.getByRole("link", { name: order.number }).first().waitFor();
    },
  },
  {
    name: "take the role of a seller away",
    async run({ hands, page, panel }) {
      const { email } = await somebody("seller");
      await page.goto(`/admin/sellers?q=${encodeURIComponent(email)}`);
      await hands.press(page.locator("tbody").getByRole("link").first());
      await hands.type(page.getByLabel("Why"), "Sells elsewhere now");
      await hands.press(page.getByRole("button", { name: "Make them a customer" }));
      await panel.sees("The role is changed");
      await page.goto(`/admin/sellers?q=${encodeURIComponent(email)}`);
      await panel.sees("No seller matches");
    },
  },
  {
    name: "find the mails that were sent",
    async run({ hands, page }) {
      const { email } = await register("Dora");
      await eventually("a mail is sent", async () => (await sql("admin_db", "SELECT 1 FROM notification.mails WHERE recipient = $1 AND status = 'sent'", [email])).length > 0);
      await page.goto("/admin/mails");
      await hands.choose(page.getByLabel("Status"), "sent");
      await hands.press(page.getByRole("button", { name: "Filter" }));
      await hands.press(page.getByRole("link", { name: email }).first());
      await page.locator("tbody").getByText(email).waitFor();
    },
  },
];

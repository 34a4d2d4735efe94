// An order's way through the hands of staff.
import { bought, delivered, somebody, unique } from "../shop.mjs";
import { eventually } from "../stack.mjs";
import { prove } from "./step-up.mjs";

export default [
  {
    name: "find an order by its number",
    async run({ hands, page }) {
      const order = await bought();
      await page.goto("/admin/orders");
      await hands.type(page.getByLabel(/^Number, e-mail/), order.number);
      await hands.choose(page.locator("select[name=payment_status]"), "paid");
      await hands.press(page.getByRole("button", { name: "Filter", exact: true }));
      await page.waitForURL((url) => url.searchParams.get("q") === order.number);
      await hands.press(page.getByRole("link", { name: order.number }));
      await page.waitForURL(`/admin/orders/${order.id}`);
    },
  },
  {
    name: "tag two orders at once",
    async run({ hands, page }) {
      const orders = [await bought(), await bought()];
      const tag = `gift-${unique()}`;
      await page.goto(`/admin/orders?${new URLSearchParams({ q: orders[0].email })}`);
      for (const { number } of orders) await hands.tick(page.getByLabel(`Choose ${number}`));
      await hands.type(page.getByLabel("Tag", { exact: true }).filter({ visible: true }), tag);
      await hands.press(page.getByRole("button", { name: "Add tag" }));
      for (const { number } of orders) await page.getByRole("row", { name: `${number}` }).getByText("done", { exact: true }).waitFor();
      await page.goto(`/admin/orders?tag=${tag}`);
      for (const { number } of orders) await page.getByRole("link", { name: number }).waitFor();
    },
  },
  {
    name: "ship an order, and mark it as delivered",
    async run({ hands, page, panel }) {
      const order = await bought();
      await page.goto(`/admin/orders/${order.id}`);
      await hands.press(page.getByRole("link", { name: "Ship", exact: true }));
      await hands.type(page.getByLabel("Carrier", { exact: true }), "UPS");
      await hands.type(page.getByLabel("Tracking number"), "1Z999AA10123456784");
      await hands.press(page.getByRole("button", { name: "Ship", exact: true }));
      await panel.sees("The shipment is recorded");
      await panel.sees("1Z999AA10123456784");
      await hands.press(page.getByRole("button", { name: "Mark delivered" }).first());
      await panel.sees("marked as delivered");
    },
  },
  {
    name: "refund a part, after a second look",
    role: null,
    async run(staff) {
      const { hands, page, panel } = staff;
      const [order, person] = [await bought(), await somebody("admin")];
      await panel.signIn(person);
      await panel.age(person);
      await page.goto(`/admin/orders/${order.id}`);
      await hands.press(page.getByRole("link", { name: "Refund", exact: true }));
      await hands.type(page.getByLabel(/^Or an amount/), "5.00");
      await hands.type(page.getByLabel("Reason"), "A scratch");
      await hands.press(page.getByRole("button", { name: "Show what goes back" }));
      await hands.press(page.getByRole("button", { name: /^Refund 5\.00/ }));
      await prove(staff, person);
      await panel.sees("The refund is on its way");
    },
  },
  {
    name: "take a return, and refund what came back",
    role: null,
    async run({ hands, page, panel }) {
      const order = await delivered();
      await panel.signIn(await somebody("admin"));
      await page.goto(`/admin/orders/${order.id}`);
      await hands.press(page.getByRole("link", { name: "Return", exact: true }));
      await hands.type(page.getByLabel(/^Units of/), "1");
      await hands.choose(page.getByLabel("Reason"), "damaged");
      await hands.press(page.getByRole("button", { name: "Ask for the return" }));
      await panel.sees("The return is requested");
      await hands.press(page.locator("summary", { hasText: "Approve" }));
      await hands.press(page.getByRole("button", { name: "Approve", exact: true }));
      await panel.sees("The return is approved");
      await hands.press(page.getByRole("link", { name: "It came back" }));
      await hands.press(page.getByRole("button", { name: "Record it" }));
      await panel.sees("What came back is recorded");
      await hands.press(page.getByRole("link", { name: "Refund what came back" }));
      await panel.sees("goes back to");
      await hands.type(page.getByLabel(/^Or an amount/), "5.00");
      await hands.press(page.getByRole("button", { name: "Show what goes back" }));
      await hands.press(page.getByRole("button", { name: /^Refund 5\.00/ }));
      await panel.sees("The refund is on its way");
    },
  },
  {
    name: "cancel an order",
    async run({ hands, page, panel }) {
      const order = await bought();
      await page.goto(`/admin/orders/${order.id}`);
      await hands.press(page.locator("summary", { hasText: /^More$/ }));
      await hands.type(page.getByLabel("Why cancel?"), "They asked for it");
      await hands.press(page.getByRole("button", { name: "Cancel the order" }));
      await panel.sees("The order is cancelled");
    },
  },
  {
    name: "correct where an order goes",
    async run({ hands, page, panel }) {
      const order = await bought();
      await page.goto(`/admin/orders/${order.id}`);
      await hands.press(page.getByRole("link", { name: "Correct the address" }));
      await hands.type(page.getByLabel("Postal code"), "nowhere");
      await hands.press(page.getByRole("button", { name: "Save the address" }));
      await panel.sees("Nothing is saved yet");
      await hands.type(page.getByLabel("Postal code"), "10115");
      await hands.type(page.getByLabel("Street and number"), "Other Street 5");
      await hands.press(page.getByRole("button", { name: "Save the address" }));
      await panel.sees("The shipping address is corrected");
      await panel.sees("Other Street 5");
    },
  },
  {
    name: "send a mail again",
    async run({ hands, page, panel }) {
      const order = await bought();
      // The mail service hears of the order a moment later, and sends a moment after that.
      const mail = page.getByRole("listitem").filter({ hasText: /^Mail: .*sent/ }).first();
      await eventually("the mail is sent", async () => {
        await page.goto(`/admin/orders/${order.id}`);
        return mail.isVisible();
      });
      await hands.press(mail.getByRole("link", { name: "Open the mail" }));
      await panel.sees(order.number);
      await hands.press(page.getByRole("button", { name: "Send it again" }));
      await panel.sees("on its way to the customer again");
    },
  },
];

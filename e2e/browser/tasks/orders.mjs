// An order's way through the hands of staff.
import { bought, somebody } from "../shop.mjs";
import { prove } from "./step-up.mjs";

export default [
  {
    name: "find an order by its number",
    async run({ hands, page }) {
      const order = await bought();
      await page.goto("/admin/orders");
      await hands.type(page.getByLabel("Number, e-mail or SKU"), order.number);
      await hands.choose(page.getByLabel("Payment"), "paid");
      await hands.press(page.getByRole("button", { name: "Filter" }));
      await page.waitForURL((url) => url.searchParams.get("q") === order.number);
      await hands.press(page.getByRole("link", { name: order.number }));
      await page.waitForURL(`/admin/orders/${order.id}`);
    },
  },
  {
    name: "ship an order, and mark it as delivered",
    async run({ hands, page, panel }) {
      const order = await bought();
      await page.goto(`/admin/orders/${order.id}`);
      await hands.type(page.getByLabel("Carrier"), "UPS");
      await hands.type(page.getByLabel("Tracking number"), "1Z999AA10123456784");
      await hands.press(page.getByRole("button", { name: "Ship all that is left" }));
      await panel.sees("The shipment is recorded");
      await panel.sees("1Z999AA10123456784");
      await hands.press(page.getByRole("button", { name: "Mark delivered" }));
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
      await hands.press(page.locator("summary", { hasText: "Refund" }));
      await hands.type(page.getByLabel("Amount"), "5.00");
      await hands.type(page.locator("form[action$=refund]").getByLabel("Reason"), "A scratch");
      await hands.press(page.locator("form[action$=refund]").getByRole("button", { name: "Refund" }));
      await prove(staff, person);
      await panel.sees("The refund is on its way");
    },
  },
  {
    name: "cancel an order",
    async run({ hands, page, panel }) {
      const order = await bought();
      await page.goto(`/admin/orders/${order.id}`);
      await hands.press(page.locator("summary", { hasText: "Cancel" }));
      await hands.type(page.locator("form[action$=cancel]").getByLabel("Reason"), "They asked for it");
      await hands.press(page.getByRole("button", { name: "Cancel the order" }));
      await panel.sees("The order is cancelled");
    },
  },
];

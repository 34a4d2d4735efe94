// What moves between the services: an event that nobody can process, and what only a person can see to.
import { bought } from "../shop.mjs";
import { eventually, sql } from "../stack.mjs";

const QUEUE = "/admin/events/dead-letters?queue=staff.acted.admin";

/// Publishes an event that its only reader cannot read, and waits until it is dead.
async function buried(page) {
  const id = crypto.randomUUID();
  const envelope = {
    specversion: "1.0", id, type: "staff.acted", source: "mercato/test", subject: `order:${id}`,
    time: new Date().toISOString(), datacontenttype: "application/json", data: {},
  };
  await sql(
    "order_db",
    "WITH written AS (INSERT INTO outbox (id, aggregate, event_type, envelope) VALUES ($1, $2, 'staff.acted', $3)) SELECT pg_notify('outbox', '')",
    [id, envelope.subject, envelope],
  );
  await eventually("it is dead", async () => {
    await page.goto(QUEUE);
    return (await page.getByText(envelope.subject).count()) > 0;
  });
  return envelope.subject;
}

export default [
  {
    name: "look at a dead letter, put it back, drop it when it dies again",
    async run({ hands, page, panel }) {
      const subject = await buried(page);
      await hands.press(page.getByRole("button", { name: `Put back staff.acted ${subject}` }));
      await panel.sees("The event is back in its queue");
      await eventually("it died again", async () => {
        await page.goto(QUEUE);
        return (await page.getByRole("row", { name: subject }).getByText("1 ×").count()) > 0;
      });
      await hands.press(page.getByRole("link", { name: `Look at staff.acted ${subject}` }));
      await panel.sees("It cannot be read.");
      await hands.type(page.getByLabel("Why", { exact: false }), "It was a test");
      await hands.press(page.getByRole("button", { name: "Drop the event" }));
      await panel.sees("The event is dropped");
    },
  },
  {
    name: "read what the provider told, and have it applied again",
    async run({ hands, page, panel }) {
      const order = await bought();
      await page.goto("/admin/events/payments");
      await hands.press(page.getByRole("link", { name: "All", exact: true }));
      const told = page.getByRole("row", { name: order.number });
      await hands.press(told.getByRole("link", { name: "payment_intent.succeeded" }));
      await panel.sees('"object": "event"');
      await hands.press(page.getByRole("button", { name: "Apply it again" }));
      await panel.sees("applied again, within seconds");
    },
  },
  {
    name: "take up an order's step that is stuck",
    async run({ hands, page, panel }) {
      const order = await bought();
      const step = (what) => sql("order_db", `${what} WHERE order_id = $1 AND step = 'stock.take'`, [order.id]);
      // Product is asked a minute later by itself; this one has waited for long.
      await step("UPDATE saga_steps SET created_at = now() - interval '20 minutes', next_try_at = now() + interval '1 hour', error = 'product answered 500'");
      await page.goto("/admin/events/sagas");
      await panel.sees("product answered 500");
      await hands.press(page.getByRole("button", { name: `Resume order ${order.number}` }));
      await panel.sees("All that is open for the order is tried again now");
      await eventually("the stock is taken", async () => (await step("SELECT status FROM saga_steps"))[0].status === "done");
    },
  },
  {
    name: "compare with the payment provider",
    async run({ hands, page, panel }) {
      await bought();
      await page.goto("/admin/events/reconciliations");
      await hands.press(page.getByRole("button", { name: "Compare now" }));
      // Order compares by itself too.
      await panel.sees(/The comparison begins|is running already/);
      await eventually("it is done", async () => {
        await page.goto("/admin/events/reconciliations");
        return (await page.locator("tbody tr").first().getByText("running").count()) === 0;
      });
      await hands.press(page.locator("tbody").getByRole("link").first());
      await page.getByRole("heading", { level: 1 }).waitFor();
    },
  },
  {
    name: "see to a work item",
    async run({ hands, page, panel }) {
      const order = await bought();
      const id = crypto.randomUUID();
      await sql(
        "order_db",
        `INSERT INTO work_items (id, kind, subject, order_id, details, raised_at, last_seen_at)
         VALUES ($1, 'charged_twice', 'test:' || gen_random_uuid(), $2, '{"says": "The card was charged twice.", "ours": {"amount": 1}, "theirs": {"amount": 2}}', now(), now())`,
        [id, order.id],
      );
      await page.goto("/admin/events/work-items");
      await hands.press(page.locator(`a[href="/admin/events/work-items/${id}"]`));
      await hands.type(page.getByLabel("Note"), "Gave one back");
      await hands.press(page.getByRole("button", { name: "Seen to" }));
      await panel.sees("The work item is resolved");
      await panel.sees("Gave one back");
    },
  },
];

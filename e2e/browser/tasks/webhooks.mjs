// Third parties that are told of events.
import { unique } from "../shop.mjs";
import { eventually } from "../stack.mjs";

/// Adds an endpoint that hears of one event, and opens its page.
async function listening({ hands, page, panel }) {
  const address = `https://hooks.example.com/${unique()}`;
  await page.goto("/admin/webhooks/new");
  await page.getByLabel("Address", { exact: true }).fill(address);
  await page.getByRole("group").getByRole("checkbox").first().check();
  await page.getByRole("button", { name: "Save" }).click();
  await panel.sees("whsec_");
  await page.goto("/admin/webhooks");
  await hands.press(page.getByRole("link", { name: address }));
  return address;
}

export default [
  {
    name: "add an endpoint, switch it off",
    async run({ hands, page, panel }) {
      const address = `https://hooks.example.com/${unique()}`;
      await page.goto("/admin/webhooks");
      await hands.press(page.getByRole("link", { name: "New endpoint" }).first());
      await hands.type(page.getByLabel("Address", { exact: true }), address);
      await hands.tick(page.getByRole("group").getByRole("checkbox").first());
      await hands.press(page.getByRole("button", { name: "Save" }));
      await panel.sees("whsec_");
      await page.goto("/admin/webhooks");
      await hands.press(page.getByRole("link", { name: address }));
      await hands.press(page.getByRole("button", { name: "Switch off" }));
      await panel.sees("The endpoint is switched off");
    },
  },
  {
    name: "change what an endpoint hears, make a new secret, remove it",
    async run({ hands, page, panel }) {
      const address = await listening({ hands, page, panel });
      await hands.press(page.getByRole("link", { name: "Change" }));
      await hands.tick(page.getByRole("group").getByRole("checkbox").nth(1));
      await hands.press(page.getByRole("button", { name: "Save" }));
      await panel.sees("The endpoint is changed");
      await hands.press(page.getByRole("button", { name: "New secret" }));
      await panel.sees("whsec_");
      await page.goto("/admin/webhooks");
      await hands.press(page.getByRole("link", { name: address }));
      await hands.press(page.getByRole("button", { name: "Remove the endpoint" }));
      await panel.sees("The endpoint is removed");
    },
  },
  {
    name: "send a test, see why it did not arrive, send it again",
    async run({ hands, page, panel }) {
      await listening({ hands, page, panel });
      await hands.press(page.getByRole("button", { name: "Send a test" }));
      await page.getByRole("heading", { name: "Tries" }).waitFor();
      await eventually("it was tried", async () => {
        await page.reload();
        return (await page.getByText("Request", { exact: true }).count()) > 0;
      });
      await hands.press(page.getByRole("button", { name: "Send again" }));
      await panel.sees("It is on its way again");
    },
  },
];

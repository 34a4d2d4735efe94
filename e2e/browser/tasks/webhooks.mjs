// Third parties that are told of events.
import { unique } from "../shop.mjs";

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
];

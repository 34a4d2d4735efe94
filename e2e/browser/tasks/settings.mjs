// What holds for the whole shop.
import { unique } from "../shop.mjs";

export default [
  {
    name: "change a threshold, and see who did it",
    async run({ hands, page, panel }) {
      const hours = String(40 + (Number.parseInt(unique(), 16) % 1000));
      await page.goto("/admin/settings");
      const field = page.getByLabel("Late orders");
      const before = await field.inputValue();
      await hands.type(field, "soon");
      await hands.press(page.getByRole("button", { name: "Save" }));
      await panel.sees("A whole number from 1 to 8760.");
      await hands.type(field, hours);
      await hands.press(page.getByRole("button", { name: "Save" }));
      await panel.sees("The settings are saved");
      await page.getByRole("region", { name: "Last changes" }).getByText(hours).first().waitFor();
      // The next one begins where this one began.
      await field.fill(before);
      await page.getByRole("button", { name: "Save" }).click();
      await panel.sees("The settings are saved");
    },
  },
];

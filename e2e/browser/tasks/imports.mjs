// Many products from a file.
import { unique } from "../shop.mjs";
import { eventually } from "../stack.mjs";

export default [
  {
    name: "bring products from a file, and read what was refused",
    async run({ hands, page, panel, scripts }) {
      const name = unique();
      const row = (which, price) => `${which}-${name},Walnut Bowl ${which},draft,,,${which}-${name},${price},5\n`;
      const file = `handle,title,status,option1_name,option1_value,sku,price,stock\n${row("good", "19.99")}${row("bad", "cheap")}`;
      await page.goto("/admin/imports");
      await page.getByLabel("File").setInputFiles({ name: "bowls.csv", mimeType: "text/csv", buffer: Buffer.from(file) });
      await hands.press(page.getByRole("button", { name: "Import" }));
      await panel.sees("The file is taken in");
      await eventually("it is applied", async () => {
        const over = (await page.getByText("finished", { exact: true }).count()) > 0;
        // With scripts the page does that by itself.
        if (!over && !scripts) await hands.press(page.getByRole("link", { name: "Look again" }));
        return over;
      });
      await page.getByRole("heading", { name: "What was refused" }).waitFor();
      await page.getByRole("row", { name: `bad-${name}` }).waitFor();
      await hands.press(page.getByRole("link", { name: "Import and export" }).last());
      await page.getByRole("heading", { name: "Imports", exact: true }).waitFor();
    },
  },
];

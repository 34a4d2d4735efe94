// A product from its first draft to the shelf; categories; the count of what is there.
import { onHand, onSale, submitted, unique } from "../shop.mjs";

export default [
  {
    name: "create a product, give it a second variant, approve it",
    async run({ hands, page, panel }) {
      const name = unique();
      await page.goto("/admin/products/new");
      await hands.type(page.getByLabel("Title").first(), `Oak Stool ${name}`);
      await hands.type(page.getByLabel("Description").first(), "It carries whoever reads at the kitchen table.");
      await hands.type(page.getByLabel("SKU").first(), `STOOL-${name.toUpperCase()}`);
      await hands.type(page.getByLabel("Price", { exact: true }).first(), "49.00");
      await hands.press(page.getByRole("button", { name: "Create as a draft" }));
      await panel.sees("The product is a draft now");
      await hands.press(page.getByRole("link", { name: "Sell it in several variants" }));
      await hands.type(page.getByLabel("Name of the new option"), "height");
      await hands.type(page.getByLabel("Value of the new option").first(), "45 cm");
      // The SKU that is known does not change: only the new row asks for one.
      await hands.type(page.getByLabel("SKU"), `STOOL-${name.toUpperCase()}-H`);
      await hands.type(page.getByLabel("Value of the new option").nth(1), "60 cm");
      await hands.type(page.getByLabel("Price", { exact: true }).nth(1), "59.00");
      await hands.press(page.getByRole("button", { name: "Save", exact: true }).first());
      await panel.sees("The product is saved");
      await page.getByRole("cell", { name: `STOOL-${name.toUpperCase()}-H`, exact: true }).waitFor();
      await hands.press(page.getByRole("button", { name: "Approve" }));
      await panel.sees("The product is public");
    },
  },
  {
    name: "say what is wrong with a product, and keep what was typed",
    async run({ hands, page, panel }) {
      const product = await onSale();
      await page.goto(`/admin/products/${product.id}`);
      await hands.type(page.getByLabel("Description").first(), "Words that must not be lost.");
      await hands.type(page.getByLabel("Price", { exact: true }).first(), "much");
      await hands.press(page.getByRole("button", { name: "Save", exact: true }).first());
      await panel.sees("Nothing is saved yet");
      if ((await page.getByLabel("Description").first().inputValue()) !== "Words that must not be lost.") throw new Error("what was typed is lost");
    },
  },
  {
    name: "create a category, rename it, delete it",
    async run({ hands, page, panel }) {
      const name = `Stools ${unique()}`;
      await page.goto("/admin/categories");
      await hands.type(page.getByLabel("Name", { exact: true }), name);
      await hands.press(page.getByRole("button", { name: "Create" }));
      await panel.sees("The category is created");
      if (new URL(page.url()).pathname === "/admin/categories") await hands.press(page.getByRole("link", { name }));
      await hands.type(page.getByLabel("Name", { exact: true }), `${name}, all`);
      await hands.press(page.getByRole("button", { name: "Save", exact: true }));
      await panel.sees("The category is changed");
      await page.getByRole("heading", { name: `${name}, all` }).waitFor();
      await hands.press(page.getByRole("button", { name: "Delete" }));
      await panel.sees("The category is deleted");
    },
  },
  {
    name: "give a product a picture, say what it shows, remove it",
    async run({ hands, page, panel }) {
      const product = await submitted();
      await page.goto(`/admin/products/${product.id}`);
      const pictures = page.locator("#images");
      await pictures.getByLabel("Add pictures").setInputFiles({ name: "tray.png", mimeType: "image/png", buffer: await page.screenshot() });
      await hands.press(pictures.getByRole("button", { name: "Upload" }));
      await panel.sees("The picture is there");
      await hands.type(pictures.getByLabel("What it shows"), "A tray of walnut");
      await hands.press(pictures.getByRole("button", { name: "Save" }));
      await panel.sees("The pictures are changed");
      await pictures.getByRole("img", { name: "A tray of walnut" }).waitFor();
      await hands.press(pictures.getByRole("button", { name: "Remove" }));
      await panel.sees("The picture is removed");
    },
  },
  {
    name: "count the stock from a file",
    async run({ hands, page }) {
      // Its own: nobody sells of it meanwhile.
      const product = await submitted();
      const sku = product.variants[0].sku;
      const file = { name: "count.csv", mimeType: "text/csv", buffer: Buffer.from(`sku,counted\n${sku},990\nNO-SUCH-${unique()},1\n`) };
      await page.goto("/admin/inventory");
      // No page can open the window that chooses a file.
      await page.getByLabel("File").setInputFiles(file);
      await hands.press(page.getByRole("button", { name: "Send" }));
      await page.getByRole("heading", { name: "What the stock-take would change" }).waitFor();
      await page.getByRole("heading", { name: "Refused" }).waitFor();
      await page.getByRole("row", { name: /NO-SUCH/ }).waitFor();
      if ((await onHand(product)) !== 1000) throw new Error("looking has changed the stock");
      await hands.press(page.getByRole("link", { name: "Back" }));
      await page.waitForURL("/admin/inventory");
      await hands.choose(page.getByLabel("What to do"), "write it");
      await page.getByLabel("File").setInputFiles(file);
      await hands.press(page.getByRole("button", { name: "Send" }));
      await page.getByRole("heading", { name: "Stock-take", exact: true }).waitFor();
      if ((await onHand(product)) !== 990) throw new Error("the stock is not what was counted");
    },
  },
];

// /products/{slug}: where mails about a wish list lead to, in a shop without a storefront of its own.

import { byId, call, money, say } from "./page.js";

try {
  const product = await call("GET", `/api/products/${location.pathname.split("/").at(-1)}`);
  document.title = `${product.title} · Mercato`;
  byId("title").textContent = product.title;
  const { min, max } = product.price;
  const price = min.amount === max.amount ? money(min) : `${money(min)} – ${money(max)}`;
  byId("facts").textContent = `${price} · ${product.in_stock ? "in stock" : "not in stock"}`;
  byId("description").textContent = product.description;
  byId("product").hidden = false;
} catch (problem) {
  if (!("passes" in problem)) throw problem;
  say(problem.passes ? problem.text : "This is not sold at the moment.", problem.passes ? "bad" : "");
}

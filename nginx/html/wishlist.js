// /wishlist?token=…: a list that somebody shares. The token leaves the address bar, as on all pages behind secret links.

import { byId, call, element, keepToken, money, onSubmit, say, takeToken } from "./page.js";

const token = takeToken();
const items = byId("items");
const more = byId("more");
let cursor = null;

/** One thing: its name leads to its page. */
function item({ product, price_now: price, in_stock: inStock }) {
  const link = element("a", { href: `/products/${encodeURIComponent(product.slug)}` }, product.title);
  const facts = [price === null ? "no longer sold" : money(price), inStock ? "in stock" : "not in stock"];
  return element("li", {}, link, ` · ${price === null ? facts[0] : facts.join(" · ")}`);
}

async function show() {
  const after = cursor === null ? "" : `&cursor=${encodeURIComponent(cursor)}`;
  const page = await call("GET", `/api/wishlist/shared/${encodeURIComponent(token)}?limit=50${after}`);
  if (page.name !== null) byId("title").textContent = `Wish list of ${page.name}`;
  items.append(...page.data.map(item));
  cursor = page.next_cursor;
  more.hidden = cursor === null;
  if (items.children.length === 0) say("There is nothing on this list at the moment.");
}

/** What went wrong, in words. */
function failed(problem) {
  if (!("passes" in problem)) throw problem;
  if (problem.passes) {
    say(problem.text, "bad");
    return true;
  }
  keepToken(null);
  items.replaceChildren();
  more.hidden = true;
  say("This list is not shared any more, or the link is not complete.", "bad");
  return true;
}

onSubmit(more, show, { refused: failed });

if (token === null) {
  say("This link is not complete. Please copy all of it.", "bad");
} else {
  keepToken(token);
  show().catch(failed);
}

// The pages of the panel that nothing links to, or that are worth a look with another question. Every other page is found by
// following links from the home page: one page of each kind, that is of each path without its ids.

/// A line per page.
export const MORE = [
  "/admin/orders?status=confirmed&fulfillment_status=unfulfilled",
  "/admin/orders?q=nothing-like-this",
  "/admin/products?status=active&stock=low",
  "/admin/products?q=nothing-like-this",
  "/admin/customers?q=nobody-like-this",
  "/admin/search",
  "/admin/search?q=example.com",
  "/admin/search?q=nothing-like-this",
  "/admin/events/sagas?show=all",
  "/admin/coupons?q=nothing-like-this",
  "/admin/promotions/new?kind=tiered_quantity",
  "/admin/promotions/new?kind=buy_x_get_y",
  "/admin/bench?q=a&sku=nothing-like-this&quantity=1",
  "/admin/shipping/new?kind=by_weight",
  "/admin/shipping/bench?subtotal=20&grams=500",
  "/admin/taxes/bench?country=DE&amount=20",
];

/// Friendly pages of errors, with their status.
export const ERRORS = [
  ["/admin/no-such-page", 404],
  ["/admin/orders/018f0000-0000-7000-8000-000000000000", 404],
];

/// Without a session.
export const PUBLIC = ["/admin/login"];

/// What kind of page it is: its path without ids.
export function kind(url) {
  return url.pathname.replace(/\/[^/]*\d[^/]*/g, "/:id").replace(/\/$/, "");
}

/// What staff look at most, for Lighthouse.
export const MAIN = ["/admin", "/admin/orders", "/admin/products", "/admin/customers"];

/// The pictures of the documents: of a page, or of the page that the first link of a kind leads to.
export const PICTURES = [
  { name: "sign-in", path: "/admin/login", guest: true },
  { name: "home", path: "/admin" },
  { name: "orders", path: "/admin/orders" },
  { name: "orders-phone", path: "/admin/orders", phone: true },
  { name: "order", path: "/admin/orders?status=confirmed&fulfillment_status=unfulfilled", first: "tbody a[href^='/admin/orders/']" },
  { name: "products", path: "/admin/products" },
  { name: "approvals", path: "/admin/products/approvals" },
  { name: "analytics", path: "/admin/analytics?range=90" },
  { name: "webhooks", path: "/admin/webhooks/new" },
  { name: "customers", path: "/admin/customers" },
];

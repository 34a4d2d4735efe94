// The pages of the panel that nothing links to, or that are worth a look with another question. Every other page is found by
// following links from the home page: one page of each kind, that is of each path without its ids.

/// A line per page.
export const MORE = [
  "/admin/orders?returns=received",
  "/admin/orders?status=confirmed&fulfillment_status=unfulfilled",
  "/admin/orders?q=nothing-like-this",
  "/admin/products?status=active&stock=low",
  "/admin/products?q=nothing-like-this",
  "/admin/customers?q=nobody-like-this",
  "/admin/search",
  "/admin/search?q=example.com",
  "/admin/search?q=nothing-like-this",
  "/admin/events/sagas?show=all",
  "/admin/events/payments?show=all",
  "/admin/coupons?q=nothing-like-this",
  "/admin/promotions/new?kind=tiered_quantity",
  "/admin/promotions/new?kind=buy_x_get_y",
  "/admin/bench?q=a&sku=nothing-like-this&quantity=1",
  "/admin/shipping/new?kind=by_weight",
  "/admin/shipping/bench?subtotal=20&grams=500",
  "/admin/taxes/bench?country=DE&amount=20",
];

/// Lists with each of their filters by itself, and files: what is measured besides. Values that few or no rows have are the hardest, and words that most have.
export const QUESTIONS = [
  ...["pending", "confirmed", "completed", "cancelled"].map((status) => `/admin/orders?status=${status}`),
  ...["unpaid", "authorized", "paid", "partially_refunded", "refunded", "failed"].map((status) => `/admin/orders?payment_status=${status}`),
  ...["unfulfilled", "partially_shipped", "shipped", "delivered", "returned"].map((status) => `/admin/orders?fulfillment_status=${status}`),
  "/admin/orders?from=2025-03-01&until=2025-03-02",
  "/admin/orders?until=2025-01-31",
  "/admin/orders?min_total=2000",
  "/admin/orders?min_total=100000",
  "/admin/orders?max_total=6",
  "/admin/orders?coupon=SAVE-0",
  "/admin/orders?coupon=SAVE-399",
  "/admin/orders?country=DE",
  "/admin/orders?country=JP",
  "/admin/orders?country=ZA",
  "/admin/orders?method=express",
  "/admin/orders?method=none",
  "/admin/orders?tag=gift",
  "/admin/orders?tag=recall-7",
  "/admin/orders?tag=none",
  "/admin/orders?note=true",
  ...["requested", "approved", "received"].map((status) => `/admin/orders?returns=${status}`),
  "/admin/orders?unpaid_hours=24",
  "/admin/orders?unpaid_hours=2000",
  "/admin/orders?q=customer-77",
  "/admin/orders?q=B-4711",
  ...["draft", "pending_review", "active", "rejected", "archived"].map((status) => `/admin/products?status=${status}`),
  "/admin/products?stock=low",
  "/admin/products?stock=out",
  "/admin/products?q=B-4711",
  "/admin/products?q=balovard",
  "/admin/products?q=m4",
  "/admin/products?q=zq",
  ...["open", "waiting", "closed"].map((status) => `/admin/messages?status=${status}`),
  ...["pending", "hidden", "published"].map((status) => `/admin/reviews?status=${status}`),
  "/admin/reviews?rating=1",
  "/admin/reviews?q=balomir",
  "/admin/reviews?q=mir",
  "/admin/reviews?q=b",
  "/admin/reviews?q=nothing-like-this",
  "/admin/customers?q=customer-77",
  "/admin/customers?q=ada",
  "/admin/customers?q=liam",
  ...["customer", "seller", "support", "admin"].map((role) => `/admin/customers?role=${role}`),
  ...["disabled", "unverified", "leaving"].map((status) => `/admin/customers?status=${status}`),
  ...["yes", "no"].map((orders) => `/admin/customers?orders=${orders}`),
  "/admin/customers?from=2025-03-01&to=2025-03-02",
  "/admin/customers?to=2025-01-31",
  "/admin/audit?who=staff-3%40example.com",
  "/admin/audit?who=01900000-0000-7014-8000-000000000003",
  "/admin/audit?who=01900000-0000-7014-8000-00000000ffff",
  "/admin/audit?action=order.refund",
  "/admin/audit?target=settings%3Anone",
  ...["asked", "done", "changed", "refused"].map((outcome) => `/admin/audit?outcome=${outcome}`),
  "/admin/audit?from=2025-03-01&to=2025-03-02",
  "/admin/audit/export.csv",
  ...["sales", "products", "categories", "sellers", "coupons", "countries", "taxes", "stock", "customers"].flatMap((tab) =>
    ["range=7", "range=90", "range=12m&compare=on"].map((range) => `/admin/analytics/${tab}?${range}`),
  ),
  ...["units", "refunds"].map((sort) => `/admin/analytics/products?range=90&sort=${sort}`),
  "/admin/analytics/products.csv?range=12m",
  "/admin/analytics/sales.csv?range=12m",
];

/// Friendly pages of errors, with their status.
export const ERRORS = [
  ["/admin/no-such-page", 404],
  ["/admin/orders/018f0000-0000-7000-8000-000000000000", 404],
];

/// Pages that only a form leads to. `fill` is what is typed, by field; `tick` what is chosen; `press` sends it. Nothing is sold or paid by them.
/// `late`: an hour after the sign-in.
export const ANSWERS = [
  { path: "/admin/login", guest: true, fill: { "[name=email]": "nobody@example.com", "[name=password]": "not the password" }, press: "main button.primary", status: 401 },
  { path: "/admin/orders", tick: "tbody input[name=order]", press: "button[value=ship]", status: 200 },
  { path: "/admin/orders", tick: "tbody input[name=order]", fill: { "form.bulk [name=tag]": "looked-at" }, press: "button[value=tag]", status: 200 },
  { path: "/admin/products/new", press: "main form button.primary", status: 422 },
  { path: "/admin/coupons/new", press: "main form button.primary", status: 422 },
  { path: "/admin/promotions/new?kind=buy_x_get_y", press: "main form button.primary", status: 422 },
  { path: "/admin/shipping/new?kind=by_weight", press: "main form button.primary", status: 422 },
  { path: "/admin/taxes/new", press: "main form button.primary", status: 422 },
  { path: "/admin/webhooks/new", fill: { "[name=url]": "http://127.0.0.1/" }, press: "main form button.primary", status: 422 },
  { path: "/admin/webhooks/new", fill: { "[name=url]": "https://example.com/hook" }, tick: "input[name=events]", press: "main form button.primary", status: 200 },
  { path: "/admin/settings", fill: { "[name=mail_address]": "nobody" }, press: "main form button.primary", status: 422 },
  { path: "/admin/settings", late: true, press: "main form button.primary", status: 401 },
];

/// Without a session.
export const PUBLIC = ["/admin/login"];

/// What kind of page it is: its path without ids.
export function kind(url) {
  return url.pathname.replace(/\/(?:evt_\w+|[^/]*\d[^/]*)/g, "/:id").replace(/\/$/, "");
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

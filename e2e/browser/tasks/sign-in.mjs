// Signing in and out, with and without a second factor.
import { totp } from "../panel.mjs";
import { somebody } from "../shop.mjs";
import { signIn } from "../stack.mjs";

async function credentials({ hands, page }, { email, password }) {
  await hands.type(page.getByLabel("E-mail"), email);
  await hands.type(page.getByLabel("Password"), password);
  await hands.press(page.getByRole("button", { name: "Sign in" }));
}

export default [
  {
    name: "sign in where one wanted to go, and out again",
    role: null,
    async run(staff) {
      const { hands, page, panel } = staff;
      await page.goto("/admin/orders?status=confirmed");
      await credentials(staff, { ...signIn("admin"), password: "not this one" });
      await panel.sees("do not belong to a member of staff");
      await hands.type(page.getByLabel("Password"), signIn("admin").password);
      await hands.press(page.getByRole("button", { name: "Sign in" }));
      await page.waitForURL("/admin/orders?status=confirmed");
      await signOut(staff);
      await page.goto("/admin/orders");
      await page.waitForURL((url) => url.pathname === "/admin/login");
    },
  },
  {
    name: "set up an authenticator app, and sign in with its code",
    role: null,
    async run(staff) {
      const { hands, page, panel } = staff;
      const person = await somebody("support");
      await page.goto("/admin/security");
      await credentials(staff, person);
      await hands.press(page.getByRole("button", { name: "Set it up" }));
      const secret = await page.locator("code.secret").textContent();
      const code = page.getByLabel("The code that the app shows");
      await hands.type(code, "000000");
      await hands.press(page.getByRole("button", { name: "Confirm" }));
      await hands.type(code, totp(secret));
      await hands.press(page.getByRole("button", { name: "Confirm" }));
      await page.getByRole("heading", { name: "Your recovery codes" }).waitFor();
      const codes = await page.locator("ol.codes code").allTextContents();
      if (new Set(codes).size !== 10) throw new Error(`not ten recovery codes: ${codes}`);
      await signOut(staff);
      await page.goto("/admin/login");
      await credentials(staff, person);
      await hands.type(page.getByLabel("Code"), codes[0]);
      await hands.press(page.getByRole("button", { name: "Sign in" }));
      await page.waitForURL("/admin");
      await signOut(staff);
      await page.goto("/admin/login");
      await credentials(staff, person);
      // Each code is good once: this is the next one, as from a phone whose clock is ahead.
      await hands.type(page.getByLabel("Code"), totp(secret, 1));
      await hands.press(page.getByRole("button", { name: "Sign in" }));
      await page.waitForURL("/admin");
      await page.goto("/admin/security");
      await panel.sees("9 left");
    },
  },
];

export async function signOut({ hands, page }) {
  await hands.press(page.locator("summary", { hasText: "Account of" }));
  await hands.press(page.getByRole("button", { name: "Sign out" }));
  await page.waitForURL((url) => url.pathname === "/admin/login");
}

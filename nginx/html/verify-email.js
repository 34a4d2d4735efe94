// /verify-email?token=…: confirms the address as soon as the page is open.

import { byId, call, keepToken, Problem, say, takeToken } from "./page.js";

const CONFIRMED = "Your address is confirmed. You may close this page.";

const token = takeToken();
const again = byId("again");

async function verify() {
  again.hidden = true;
  say("One moment…");
  try {
    await call("POST", "/api/auth/email/verify", { body: { token } });
    keepToken(null);
    // The link works once; a reload should still tell how it ended.
    history.replaceState({ confirmed: true }, "");
    say(CONFIRMED, "good");
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    again.hidden = !problem.passes;
    if (problem.passes) {
      say(problem.text, "bad");
    } else {
      keepToken(null);
      say(`${problem.text}\nIf your address is not confirmed yet, sign in to the shop and ask for another mail.`, "bad");
    }
  }
}

again.querySelector("button").addEventListener("click", verify);

if (token !== null) {
  keepToken(token);
  await verify();
} else if (history.state?.confirmed) {
  say(CONFIRMED, "good");
} else {
  say("This link is not complete. Please open it from the mail again, or copy all of it.", "bad");
}

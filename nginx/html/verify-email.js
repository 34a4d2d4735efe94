// /verify-email?token=…: confirms the address as soon as the page is open; another mail where the link does not work any more.

import { byId, call, keepToken, onSubmit, Problem, say, takeToken } from "./page.js";

const CONFIRMED = "Your address is confirmed. You may close this page.";

const token = takeToken();
const [again, resend] = [byId("again"), byId("resend")];

function offerNewLink(why) {
  keepToken(null);
  say(why, "bad");
  resend.hidden = false;
}

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
      offerNewLink(`${problem.text}\nIf your address is not confirmed yet, get another mail here.`);
    }
  }
}

again.querySelector("button").addEventListener("click", verify);

onSubmit(resend, async ({ email }) => {
  await call("POST", "/api/auth/email/resend", { body: { email } });
  resend.hidden = true;
  say("If this address waits to be confirmed, a mail with a new link is on its way.", "good");
});

if (token !== null) {
  keepToken(token);
  await verify();
} else if (history.state?.confirmed) {
  say(CONFIRMED, "good");
} else {
  offerNewLink("This link is not complete. Please open it from the mail again, or get another mail here.");
}

// /verify-email?token=…: confirms the address; another mail where the link does not work any more. Nothing happens before the
// button is pressed: programs that look into mails open links, too, and would give an address to whoever typed it somewhere.

import { byId, call, keepToken, onSubmit, Problem, say, takeToken } from "./page.js";

const CONFIRMED = "Your address is confirmed. You may close this page.";

const token = takeToken();
const [confirm, resend] = [byId("confirm"), byId("resend")];

function offerNewLink(why) {
  keepToken(null);
  say(why, "bad");
  resend.hidden = false;
}

async function verify() {
  confirm.hidden = true;
  say("One moment…");
  try {
    await call("POST", "/api/auth/email/verify", { body: { token } });
    keepToken(null);
    // The link works once; a reload should still tell how it ended.
    history.replaceState({ confirmed: true }, "");
    say(CONFIRMED, "good");
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    confirm.hidden = !problem.passes;
    if (problem.passes) {
      say(problem.text, "bad");
    } else {
      offerNewLink(`${problem.text}\nIf your address is not confirmed yet, get another mail here.`);
    }
  }
}

confirm.querySelector("button").addEventListener("click", verify);

onSubmit(resend, async ({ email }) => {
  await call("POST", "/api/auth/email/resend", { body: { email } });
  resend.hidden = true;
  say("If this address waits to be confirmed, a mail with a new link is on its way.", "good");
});

if (token !== null) {
  keepToken(token);
  confirm.hidden = false;
  say("Did you open an account with this address? Then confirm that it is yours. If it was somebody else, close this page.");
} else if (history.state?.confirmed) {
  say(CONFIRMED, "good");
} else {
  offerNewLink("This link is not complete. Please open it from the mail again, or get another mail here.");
}

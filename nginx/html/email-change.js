// /approve-email-change?token=… (from the mail to the current address) and /confirm-email-change?token=… (from the one to the new
// address). Nothing happens before the button is pressed: programs that look into mails open links, too.

import { byId, call, keepToken, onSubmit, say, takeToken } from "./page.js";

const STEPS = {
  "/approve-email-change": {
    path: "/api/auth/email/change/approve",
    question: "Shall your account get the new e-mail address that our mail names? If you did not ask for it, close this page and change your password.",
    yes: "I agree",
    done: "Thank you. The new address counts as soon as it is confirmed, too: by the link in our mail to it.",
  },
  "/confirm-email-change": {
    path: "/api/auth/email/change/confirm",
    question: "Is the address that got our mail yours, and shall it be the address of your account?",
    yes: "Confirm my new address",
    done: "Thank you, your new address is confirmed. It counts as soon as the change is agreed to, too: by the link in our mail to your former address.",
  },
};

const step = STEPS[location.pathname];
const token = takeToken();
const agree = byId("agree");

function over(why) {
  keepToken(null);
  agree.hidden = true;
  say(`${why}\nTo change your address, sign in to the shop and ask for it again.`, "bad");
}

byId("question").textContent = step.question;
byId("yes").textContent = step.yes;

onSubmit(
  agree,
  async () => {
    say("");
    await call("POST", step.path, { body: { token } });
    keepToken(null);
    // The link works once; a reload should still tell how it ended.
    history.replaceState({ done: true }, "");
    agree.hidden = true;
    say(step.done, "good");
  },
  {
    refused(problem) {
      if (!problem.passes) over(problem.text);
      return !problem.passes;
    },
  },
);

if (token !== null) {
  keepToken(token);
  agree.hidden = false;
} else if (history.state?.done) {
  say(step.done, "good");
} else {
  say("This link is not complete. Please open it from the mail again, or copy all of it.", "bad");
}

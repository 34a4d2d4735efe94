// /approve-email-change?token=… (from the mail to the present address) and /confirm-email-change?token=… (from the one to the new
// address). Nothing happens before the button is pressed: programs that look into mails open links, too.

import { byId, call, keepToken, onSubmit, say, takeToken } from "./page.js";

const STEPS = {
  "/approve-email-change": {
    path: "/api/auth/email/change/approve",
    question: "Shall your account get the new e-mail address that our mail names? If you did not ask for it, close this page and change your password.",
    yes: "I agree",
  },
  "/confirm-email-change": {
    path: "/api/auth/email/change/confirm",
    question: "Is the address that got our mail yours, and shall it be the address of your account?",
    yes: "Confirm my new address",
  },
};

// How it ended, by what the API still waits for.
const ENDS = {
  nothing: "Your address is changed. Use the new one the next time you sign in.",
  old_address: "Thank you. One step is left: agree to the change by the link in our mail to your present address.",
  new_address: "Thank you. One step is left: confirm the new address by the link in our mail to it.",
};

const step = STEPS[location.pathname];
const token = takeToken();
const agree = byId("agree");

byId("question").textContent = step.question;
byId("yes").textContent = step.yes;

onSubmit(
  agree,
  async () => {
    say("");
    const waits = await call("POST", step.path, { body: { token } });
    const end = waits?.waiting_for ?? "nothing";
    keepToken(null);
    // The link works once; a reload should still tell how it ended.
    history.replaceState({ end }, "");
    agree.hidden = true;
    say(ENDS[end], "good");
  },
  {
    refused(problem) {
      if (problem.passes) return false;
      keepToken(null);
      agree.hidden = true;
      say(`${problem.text}\nTo change your address, sign in to the shop and ask for it again.`, "bad");
      return true;
    },
  },
);

if (token !== null) {
  keepToken(token);
  agree.hidden = false;
} else if (history.state?.end in ENDS) {
  say(ENDS[history.state.end], "good");
} else {
  say("This link is not complete. Please open it from the mail again, or copy all of it.", "bad");
}

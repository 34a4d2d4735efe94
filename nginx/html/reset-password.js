// /reset-password?token=…: a new password by the link; a new link where the old one does not work any more.

import { byId, call, keepToken, onSubmit, say, takeToken } from "./page.js";

const token = takeToken();
const [reset, forgot] = [byId("reset"), byId("forgot")];

function offerNewLink(why) {
  keepToken(null);
  say(why, "bad");
  reset.hidden = true;
  forgot.hidden = false;
}

byId("show").addEventListener("change", ({ target }) => {
  byId("password").type = target.checked ? "text" : "password";
});

onSubmit(
  reset,
  async ({ password }) => {
    say("");
    await call("POST", "/api/auth/password/reset", { body: { token, password } });
    keepToken(null);
    history.replaceState({ done: true }, "");
    reset.reset();
    reset.hidden = true;
    say("Your password is changed. Use it the next time you sign in.", "good");
  },
  {
    refused(problem) {
      if (problem.code === "invalid_token") offerNewLink(problem.text);
      return problem.code === "invalid_token";
    },
  },
);

onSubmit(forgot, async ({ email }) => {
  await call("POST", "/api/auth/password/forgot", { body: { email } });
  forgot.hidden = true;
  say("If there is an account with this address, a mail with a new link is on its way.", "good");
});

if (token !== null) {
  keepToken(token);
  reset.hidden = false;
} else if (history.state?.done) {
  say("Your password is changed. Use it the next time you sign in.", "good");
} else {
  offerNewLink("This link is not complete. Please open it from the mail again, or get a new one here.");
}

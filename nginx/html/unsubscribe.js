// /unsubscribe?token=… from the mails about a wish list. Nothing happens before the button is pressed: programs that look into mails open
// links, too.

import { byId, call, keepToken, onSubmit, say, takeToken } from "./page.js";

const token = takeToken();
const end = byId("end");

onSubmit(
  end,
  async () => {
    say("");
    await call("POST", `/api/wishlist/unsubscribe?token=${encodeURIComponent(token)}`);
    end.hidden = true;
    say("Done: you get no more mails about your wish list. In the shop, you can turn them on again.", "good");
  },
  {
    refused(problem) {
      if (problem.passes) return false;
      keepToken(null);
      end.hidden = true;
      say("This link is not one of ours, or its account is gone. To end these mails, use the link in a newer one.", "bad");
      return true;
    },
  },
);

if (token !== null) {
  keepToken(token);
  end.hidden = false;
} else {
  say("This link is not complete. Please open it from the mail again, or copy all of it.", "bad");
}

// What customers write, and what staff answer.
import { asked, unique } from "../shop.mjs";

export default [
  {
    name: "take a conversation, answer it, note something, close it",
    async run({ hands, page, panel }) {
      const subject = `Where is it? ${unique()}`;
      await asked(subject);
      await page.goto("/admin/messages");
      await hands.press(page.getByRole("link", { name: subject }));
      await hands.press(page.getByRole("button", { name: "Take it" }));
      await panel.sees("The conversation has changed hands");
      await hands.type(page.getByLabel("Your answer"), "It left this morning.");
      await hands.press(page.getByRole("button", { name: "Send answer" }));
      await panel.sees("The answer is sent");
      await panel.sees("It left this morning.");
      await hands.type(page.getByLabel("Your answer"), "They called twice.");
      await hands.press(page.getByRole("button", { name: "Keep as a note for staff" }));
      await panel.sees("Only staff see it");
      await hands.press(page.getByRole("button", { name: "Close", exact: true }));
      await panel.sees("The conversation is changed");
      await page.goto("/admin/messages?status=closed");
      await page.getByRole("link", { name: subject }).waitFor();
    },
  },
  {
    name: "see what is new, and mark it as read",
    async run({ hands, page, panel }) {
      await asked(`A question ${unique()}`);
      await page.goto("/admin");
      await hands.press(page.getByRole("link", { name: /^Notifications/ }).first());
      await page.waitForURL("/admin/notifications");
      await hands.press(page.getByRole("button", { name: "Mark all as read" }));
      await panel.sees("All notifications are read");
    },
  },
];

// What buyers say, and whether everybody reads it.
import { reviewed } from "../shop.mjs";

export default [
  {
    name: "hide a review with a reason, answer it, show it again",
    async run({ hands, page, panel }) {
      const { title } = await reviewed();
      await page.goto("/admin/reviews");
      await hands.type(page.getByLabel("Words"), title);
      await hands.press(page.getByRole("button", { name: "Filter" }));
      const review = page.getByRole("article", { name: title });
      await hands.press(review.locator("summary", { hasText: /^Hide$/ }));
      await hands.type(review.getByLabel("Reason"), "It names a neighbour");
      await hands.press(review.getByRole("button", { name: "Hide" }));
      await panel.sees("The review is hidden");
      await hands.press(review.locator("summary", { hasText: /nswer/ }));
      await hands.type(review.getByLabel("Answer of the shop"), "We have sent another one.");
      await hands.press(review.getByRole("button", { name: "Save" }));
      await panel.sees("The answer is changed");
      await hands.press(review.getByRole("button", { name: "Publish" }));
      await panel.sees("The review is public");
    },
  },
];

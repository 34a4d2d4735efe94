// What a dangerous act asks for when the sign-in is long ago.
export async function prove({ hands, page, panel }, { password }) {
  await page.getByRole("heading", { name: "Is it you?" }).waitFor();
  await hands.type(page.getByLabel("Password"), "not this one");
  await hands.press(page.getByRole("button", { name: "Go on" }));
  await panel.sees("That is wrong");
  await hands.type(page.getByLabel("Password"), password);
  await hands.press(page.getByRole("button", { name: "Go on" }));
}

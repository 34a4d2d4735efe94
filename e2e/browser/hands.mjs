// The ways in which staff use a page. A task is written once, for whatever hands they have.

/// How many stops of the Tab key may be before what somebody wants.
const STOPS = 300;

/// Clicks, and types into what was clicked.
export class Mouse {
  constructor(page) {
    this.page = page;
  }

  async press(target) {
    await target.click();
  }

  async type(target, text) {
    await target.click();
    await target.fill("");
    await target.pressSequentially(text);
  }

  /// An option of a list, by what it says.
  async choose(target, label) {
    await target.selectOption({ label });
  }

  async tick(target) {
    await target.click();
  }
}

/// Nothing but keys, and what shows where one is.
export class Keyboard {
  constructor(page) {
    this.page = page;
  }

  async press(target) {
    await this.reach(target);
    await this.page.keyboard.press("Enter");
  }

  async type(target, text) {
    await this.reach(target);
    await this.page.keyboard.press("ControlOrMeta+a");
    await this.page.keyboard.type(text);
  }

  async choose(target, label) {
    await this.reach(target);
    const wanted = await target.evaluate(
      (select, text) => [...select.options].findIndex((option) => option.label.trim() === text),
      label,
    );
    if (wanted < 0) throw new Error(`the list has no "${label}"`);
    await this.page.keyboard.press("Home");
    for (let index = 0; index < wanted; index += 1) await this.page.keyboard.press("ArrowDown");
  }

  async tick(target) {
    await this.reach(target);
    await this.page.keyboard.press("Space");
  }

  /// Goes on with Tab until it is there, and it must be seen that it is.
  async reach(target) {
    await target.waitFor();
    const element = await target.elementHandle();
    for (let stops = 0; stops < STOPS; stops += 1) {
      const there = await element.evaluate(look);
      if (there) {
        if (there.problem) throw new Error(`focus on ${target}: ${there.problem}`);
        return;
      }
      await this.page.keyboard.press("Tab");
    }
    throw new Error(`Tab does not reach ${target} within ${STOPS} stops`);
  }
}

/// Runs in the page: nothing if the element has no focus, else what is wrong with how that shows (WCAG 2.4.7 and 2.4.11).
function look(element) {
  if (document.activeElement !== element) return null;
  const style = getComputedStyle(element);
  const outlined = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0;
  if (!element.matches(":focus-visible") || !(outlined || style.boxShadow !== "none")) return { problem: "it does not show" };
  const box = element.getBoundingClientRect();
  // Of a large field the browser shows where one types, not always the middle.
  const bottom = Math.min(box.bottom, innerHeight);
  const top = document.elementFromPoint(box.x + box.width / 2, (Math.max(box.top, 0) + bottom) / 2);
  if (!top) return { problem: "it is outside of the window" };
  const covered = !element.contains(top) && !top.contains(element);
  return { problem: covered ? `it is under <${top.localName} class="${top.className}">` : null };
}

// Uses the panel of the running stack in a browser: `node run.mjs pages`, `node run.mjs answers`, or `node run.mjs tasks orders [words of a task's name]`.
// One line for each step; what failed says why and names a picture.
import { Keyboard, Mouse } from "./hands.mjs";
import { everyAnswer, everyLinkOf, everyPage } from "./look.mjs";
import { launch, Panel } from "./panel.mjs";

const WAYS = {
  mouse: { Hands: Mouse },
  keyboard: { Hands: Keyboard },
  "no script": { Hands: Mouse, scripts: false },
};

let failed = 0;

function say(ok, began, what, reasons = []) {
  const seconds = ((Date.now() - began) / 1000).toFixed(1).padStart(5);
  console.log(`${ok ? "ok    " : "FAILED"} ${seconds} s  ${what}`);
  for (const reason of reasons) console.log(`    ${reason}`);
  if (!ok) failed += 1;
}

/// An error's first lines, without colours.
const plain = (error) => error.message.replace(/\u001b\[\d+m/g, "").split("\n").filter((line) => line.trim()).slice(0, 6);

/// A task in one of the ways in which it is done.
async function attempt(browser, task, way) {
  const { Hands, scripts = true } = WAYS[way];
  const began = Date.now();
  const what = `${task.name} (${way})`;
  const panel = await Panel.open(browser, {
    role: task.role === undefined ? "admin" : task.role,
    scripts,
    viewport: task.viewport,
  });
  try {
    await task.run({ hands: new Hands(panel.page), page: panel.page, panel, scripts });
    if (panel.problems.length > 0) throw new Error(panel.problems.join("\n    "));
    say(true, began, what);
  } catch (error) {
    const picture = await panel.picture(what);
    say(false, began, what, [...plain(error), `at ${panel.page.url()}`, `picture: ${picture}`]);
  }
  await panel.close();
}

const [suite, area, ...words] = process.argv.slice(2);
const browser = await launch();
try {
  if (suite === "pages" || suite === "answers") {
    let began = Date.now();
    const report = async (panel, path, problems) => {
      const notes = problems.length > 0 ? [...problems, `picture: ${await panel.picture(path)}`] : [];
      say(problems.length === 0, began, path, notes);
      began = Date.now();
    };
    if (suite === "answers") {
      await everyAnswer(browser, report);
    } else {
      await everyPage(browser, report);
      await everyLinkOf(browser, "support", report);
    }
  } else {
    const { default: tasks } = await import(`./tasks/${area}.mjs`);
    for (const task of tasks.filter(({ name }) => name.includes(words.join(" ")))) {
      for (const way of task.ways ?? Object.keys(WAYS)) await attempt(browser, task, way);
    }
  }
} finally {
  await browser.close();
}
process.exitCode = failed > 0 ? 1 : 0;

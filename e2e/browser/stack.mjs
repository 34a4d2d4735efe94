// The running stack, and what these scripts need beside it: `MERCATO_STATUS` names what `cargo xtask status --json` says,
// `MERCATO_TEST_TOOLS` the folder with the npm packages.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

function variable(name) {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set; \`cargo xtask test\` does that`);
  return value;
}

/// The packages of package.json, which are installed elsewhere.
export const require = createRequire(join(variable("MERCATO_TEST_TOOLS"), "browser", "package.json"));

export const status = JSON.parse(readFileSync(variable("MERCATO_STATUS"), "utf8"));

/// `https://127.0.0.1:8443`
export const origin = new URL(status.admin_url).origin;

/// E-mail and password of one of the demo shop's accounts.
export function signIn(role) {
  const found = status.signins.find((one) => one.role === role);
  if (!found) throw new Error(`the status has no sign-in of ${role}`);
  return found;
}

/// Asks a database as its administrator, for what no API may do, such as letting time pass.
export async function sql(database, statement, values) {
  const { Client } = require("pg");
  const client = new Client({ connectionString: status.databases[database].url });
  await client.connect();
  try {
    return (await client.query(statement, values)).rows;
  } finally {
    await client.end();
  }
}

/// Asks until the answer is something; what takes its time goes through the broker.
export async function eventually(what, ask, seconds = 30) {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    if (Date.now() > end) throw new Error(`${what}: not within ${seconds} s`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

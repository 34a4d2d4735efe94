// An OpenID provider with Entra's claims, for tests: node server.mjs NODE_MODULES REDIRECT_URI. Prints its issuer when it listens, and
// ends with its standard input.
import { createServer } from "node:http";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [modules, redirectUri] = process.argv.slice(2);
const { default: Provider } = await import(pathToFileURL(join(modules, "oidc-provider/lib/index.js")));

const tenant = "8a1ce3f3-5a34-4d2c-a5b2-7cf4a1d1a0ab";
const base = `/${tenant}/v2.0`;
const audience = "api://shop";

// Anybody who signs in here exists: their name decides what is said of them.
function claimsOf(login) {
  const admin = login.startsWith("admin");
  return {
    oid: `00000000-0000-4000-8000-${Buffer.from(login).toString("hex").padStart(12, "0").slice(-12)}`,
    tid: tenant,
    ver: "2.0",
    name: `${login} of the tenant`,
    preferred_username: `${login}@tenant.example`,
    email: `${login}@example.com`,
    email_verified: true,
    roles: admin ? ["Shop.Admin"] : [],
  };
}

const entra = ["oid", "tid", "ver", "roles"];

function configuration() {
  return {
    clients: [{
      client_id: "shop",
      client_secret: "a secret of forty characters or even more",
      redirect_uris: [redirectUri],
      grant_types: ["authorization_code"],
      response_types: ["code"],
    }],
    pkce: { required: () => true },
    claims: { openid: ["sub", ...entra], profile: ["name", "preferred_username"], email: ["email", "email_verified"] },
    // Entra writes the claims of the scopes into the ID token.
    conformIdTokenClaims: false,
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: `pairwise-${id}`.slice(0, 40), ...claimsOf(id) }) }),
    extraTokenClaims: (_, token) => ({ ...claimsOf(token.accountId), scp: token.scope }),
    features: {
      devInteractions: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => audience,
        useGrantedResource: () => true,
        getResourceServerInfo: () => ({ scope: "shop", audience, accessTokenFormat: "jwt" }),
      },
    },
    ttl: { AccessToken: 600, Grant: 600, IdToken: 300, Interaction: 300, Session: 600 },
    cookies: { keys: ["only in tests"] },
  };
}

const server = createServer();
server.listen(0, "127.0.0.1", () => {
  const origin = `http://127.0.0.1:${server.address().port}`;
  const handle = new Provider(origin + base, configuration()).callback();
  server.on("request", (request, response) => {
    if (!request.url.startsWith(base)) {
      response.writeHead(404).end();
      return;
    }
    // As a framework does that mounts it below a path.
    request.originalUrl = request.url;
    request.url = request.url.slice(base.length);
    handle(request, response);
  });
  console.log(origin + base);
});
process.stdin.resume();
process.stdin.on("end", () => process.exit(0));

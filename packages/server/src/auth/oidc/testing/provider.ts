/** A real OpenID provider in a process of its own: `node provider.ts PORT REDIRECT_URI…`. Whoever types a name is that person. */
import { createServer } from "node:http";
import Provider from "oidc-provider";
import { CLIENT } from "./provider-process.ts";

const [port = "0", ...redirectUris] = process.argv.slice(2);

const GROUPS: Readonly<Record<string, readonly string[]>> = {
  alice: ["flow-admins", "staff"],
  bob: ["staff", "lab-people"],
  eve: ["visitors"],
};

const server = createServer();
server.listen(Number(port), "127.0.0.1", () => {
  const address = server.address();
  const issuer = `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`;
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: CLIENT.id,
        client_secret: CLIENT.secret,
        redirect_uris: redirectUris,
        post_logout_redirect_uris: redirectUris.map((uri) => `${new URL(uri).origin}/`),
      },
    ],
    claims: { openid: ["sub"], profile: ["preferred_username"], groups: ["groups"] },
    cookies: { keys: ["of the test"] },
    pkce: { required: () => true },
    findAccount: (_context, sub) => ({
      accountId: sub,
      claims: () => ({ sub, preferred_username: sub, groups: [...(GROUPS[sub] ?? [])] }),
    }),
  });
  // It says on its standard error that this is for tests only.
  server.on("request", provider.callback());
  process.stdout.write(`${issuer}\n`);
});

/** Keys of signing in by somebody else's word: an OpenID provider's, or that of a proxy in front. */
import { parseCidr } from "@flowtrail/model";
import { field, group, list, text } from "@flowtrail/settings";
import { z } from "zod";
import { GRANT_EXPECTED, grantRule } from "../auth/grant-rules.ts";

const RANGES = "address ranges, such as 10.20.0.0/16";
const range = z.string(`expected ${RANGES}`).refine((value) => parseCidr(value) !== null, `expected ${RANGES}`);

const word = (description: string, value: string) =>
  text({ description, expected: "a text", placeholder: "name", default: value });

/** An HTTP header's name. */
const header = (description: string, value: string) =>
  text({
    description,
    expected: "a name of a header",
    placeholder: "name",
    check: (name) => /^[a-z0-9-]+$/i.test(name),
    default: value,
  });

const oidc = z
  .strictObject({
    issuer: text({
      description: "OpenID provider that people sign in with: its issuer, as its discovery document says it",
      expected: "a URL such as https://login.example.com/realms/main (http on loopback only)",
      placeholder: "url",
      check: isIssuer,
      default: undefined,
    }),
    client_id: text({
      description: "name of this server at the provider",
      expected: "a text",
      placeholder: "name",
      default: undefined,
    }),
    client_secret_file: text({
      description: "file that holds the secret that goes with auth.oidc.client_id",
      expected: "a path",
      placeholder: "file",
      default: undefined,
    }),
    scopes: field(z.array(z.string()).prefault(["openid", "profile", "email", "groups"]), {
      kind: "list",
      repeatable: true,
      description: "what is asked of the provider",
      expected: "names of scopes",
      placeholder: "scope,…",
      defaultText: "openid, profile, email, groups",
    }),
    name: word("how the page calls the provider: Sign in with …", "single sign-on"),
    name_claim: word("claim that is a person's name here", "preferred_username"),
    groups_claim: word("claim that lists a person's groups", "groups"),
  })
  .refine(({ issuer, client_id }) => issuer === undefined || client_id !== undefined, {
    path: ["client_id"],
    error: "expected a text: auth.oidc.issuer needs it",
  })
  .refine(({ issuer, client_secret_file }) => issuer === undefined || client_secret_file !== undefined, {
    path: ["client_secret_file"],
    error: "expected a path: auth.oidc.issuer needs a secret",
  })
  .prefault({} as never);

export const signInShape = {
  oidc,
  proxy: group({
    from: list(range, {
      description:
        "addresses of proxies in front of this server. Only these are believed who signed in (auth.proxy.user_header) and where a request came from (X-Forwarded-For, -Proto, -Host)",
      expected: RANGES,
      placeholder: "cidr,…",
    }),
    user_header: header("header in which such a proxy says who signed in", "Remote-User"),
    groups_header: header("header in which it lists that person's groups, with commas in between", "Remote-Groups"),
  }),
  grants: list(grantRule, {
    description:
      "what people of a group, or one person, may do who sign in by auth.oidc or auth.proxy. Several that match: the highest role, all networks. None: refused",
    expected: GRANT_EXPECTED,
    placeholder: "rule;…",
    separator: ";",
  }),
};

function isIssuer(value: string): boolean {
  const url = URL.parse(value);
  if (url === null || url.username + url.password + url.search + url.hash !== "") return false;
  return url.protocol === "https:" || (url.protocol === "http:" && /^(localhost|127(\.\d+){3}|\[::1\])$/.test(url.hostname));
}

/** `privacy.*`: what is kept of people. All but the key file can be set at run time (Settings → Privacy), and that overrides it. */
import { isDomainPattern } from "@flowtrail/model";
import { group, list, oneOf, text, yesNo } from "@flowtrail/settings";
import { z } from "zod";

const DOMAIN = "expected a domain, such as example.com or *.example.com";

const words = (description: string, placeholder: string) =>
  list(z.string("expected a name").min(1, "expected a name").max(256, "expected at most 256 characters"), {
    description,
    expected: "names, comma between them",
    placeholder: `${placeholder},…`,
  });

export const privacySchema = group({
  key_file: text({
    description:
      "file of the keys of pseudonyms, made by `flowtrail privacy key`: whoever has it can reveal the names, without it nobody can",
    expected: "a path",
    placeholder: "file",
    default: undefined,
    defaultText: "privacy.key in the data directory",
  }),
  pseudonyms: yesNo({ description: "keep names of users and config files under pseudonyms", default: false }),
  external_addresses: oneOf(["full", "truncated"], {
    description: "how much of addresses of the internet is kept: all, or the /24 and /48 that they are in",
    placeholder: "how",
    default: "full",
  }),
  exclude_users: words("users and config files whose flows nobody records", "name"),
  exclude_groups: words("groups of users, and tags, whose flows nobody records", "group"),
  exclude_nodes: words("nodes whose flows nobody records, as either end", "node"),
  exclude_domains: list(z.string(DOMAIN).refine(isDomainPattern, DOMAIN), {
    description: "domains (with all below them, or *.example.com: all below it alone) to which flows are not recorded",
    expected: "domains, comma between them",
    placeholder: "domain,…",
  }),
});

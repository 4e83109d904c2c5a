import { expect, it } from "vitest";
import { grantOf, grantRule } from "./grant-rules.ts";

const rules = (...texts: (string | object)[]) => texts.map((text) => grantRule.parse(text));
const who = { name: "alice", groups: ["staff", "lab"] };

it("reads rules of YAML and of one text", () => {
  expect(rules("group:lab role:viewer networks:corp,lab own:yes")).toEqual(
    rules({ group: "lab", role: "viewer", networks: ["corp", "lab"], own: true }),
  );
  for (const wrong of [
    "role:admin",
    "group:a account:b role:admin",
    "group:a role:king",
    "group:a role:admin networks:corp",
    "group:a role:auditor own:yes",
    "group a",
    { group: "a", role: "viewer", networks: [] },
    { group: "a", role: "viewer", extra: 1 },
    7,
  ])
    expect(grantRule.safeParse(wrong).success, JSON.stringify(wrong)).toBe(false);
});

it("gives the highest role of all rules that match, and nothing where none does", () => {
  const all = rules("group:staff role:viewer", "account:alice role:auditor", "group:others role:admin");
  expect(grantOf(all, who)).toEqual({ role: "auditor", scope: { networks: null, own: null } });
  expect(grantOf(rules("group:others role:admin", "account:staff role:admin"), who)).toBeNull();
  // A person who is called like a group, or a group like a person, is not taken for it.
  expect(grantOf(rules("group:alice role:admin"), who)).toBeNull();
  expect(grantOf([], who)).toBeNull();
});

it("adds networks up, and never gives more than the rules say", () => {
  const scope = (...texts: string[]) => grantOf(rules(...texts), who)?.scope;
  expect(scope("group:staff role:viewer networks:b", "group:lab role:viewer networks:a,b")).toEqual({
    networks: ["a", "b"],
    own: null,
  });
  expect(scope("group:staff role:viewer networks:b", "group:lab role:viewer")).toEqual({ networks: null, own: null });
  expect(scope("group:staff role:viewer own:yes")).toEqual({ networks: null, own: "alice" });
  // One's own traffic in all networks and all traffic of one network are not all traffic of all networks.
  expect(scope("group:staff role:viewer own:yes", "group:lab role:viewer networks:a")).toEqual({ networks: ["a"], own: null });
});

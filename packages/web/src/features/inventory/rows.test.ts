import { expect, it } from "vitest";
import type { ListedEntity } from "../../lib/types-inventory.ts";
import { listed, readChoice, sortedBy, writeChoice } from "./rows.ts";

const entity = (name: string, change: Partial<ListedEntity> = {}): ListedEntity => ({
  name,
  networks: ["corp"],
  addresses: [],
  devices: [],
  groups: [],
  tags: [],
  via: [],
  gateway: false,
  known: true,
  since: null,
  removed: null,
  members: null,
  agent: null,
  bytes: 0,
  connections: 0,
  series: [],
  ...change,
});
const ALL = [
  entity("db-10", { bytes: 5, addresses: ["100.64.0.10"] }),
  entity("db-9", { bytes: "9007199254740993", agent: { version: "1.0", last_seen: "", silent: true, off_by_settings: false } }),
  entity("web", { bytes: 5, tags: ["Office"], agent: { version: "1.0", last_seen: "", silent: false, off_by_settings: false } }),
];
const names = (query: string) => listed(ALL, readChoice(new URLSearchParams(query))).map(({ name }) => name);

it("has those with most traffic first, and names as people count", () => {
  expect(names("")).toEqual(["db-9", "db-10", "web"]);
  expect(names("sort=name")).toEqual(["db-9", "db-10", "web"]);
  expect(names("sort=name&order=desc")).toEqual(["web", "db-10", "db-9"]);
  expect(names("sort=agent")).toEqual(["db-9", "db-10", "web"]);
  // Who is told to record nothing is silent, and not missed.
  const off = entity("off", { agent: { version: "1.0", last_seen: "", silent: true, off_by_settings: true } });
  const byAgent = listed([...ALL, off], readChoice(new URLSearchParams("sort=agent")));
  expect(byAgent.map(({ name }) => name)).toEqual(["db-9", "db-10", "off", "web"]);
  expect(names("sort=nonsense&order=up")).toEqual(names(""));
});

it("finds each word in anything that is known", () => {
  expect(names("find=office")).toEqual(["web"]);
  expect(names("find=100.64 DB")).toEqual(["db-10"]);
  expect(names("find=nobody")).toEqual([]);
});

it("stands in the address, but for what everybody gets", () => {
  const write = (query: string) =>
    writeChoice(readChoice(new URLSearchParams(query)), new URLSearchParams("net=corp&find=x")).toString();
  expect(write("")).toBe("net=corp");
  expect(write("sort=bytes&order=desc")).toBe("net=corp");
  expect(write("find=a b&sort=name&order=desc")).toBe("net=corp&find=a+b&sort=name&order=desc");
  const by = readChoice(new URLSearchParams());
  expect(sortedBy(by, "name")).toMatchObject({ sort: "name", order: "asc" });
  expect(sortedBy(by, "bytes")).toMatchObject({ sort: "bytes", order: "asc" });
});

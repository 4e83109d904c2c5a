import { expect, it } from "vitest";
import { withRecent, withSaved } from "./kept-queries.ts";

it("recent queries are few, the newest first, each once", () => {
  expect(withRecent(["a", "b"], "b")).toEqual(["b", "a"]);
  expect(withRecent(["a"], "")).toEqual(["a"]);
  const many = Array.from({ length: 30 }, (_, i) => `port=${i}`).reduce<readonly string[]>(withRecent, []);
  expect(many).toHaveLength(10);
  expect(many[0]).toBe("port=29");
});

it("saved queries have a name each", () => {
  const saved = withSaved([{ name: "web", q: "port=80" }], { name: "dns", q: "port=53" });
  expect(saved.map(({ name }) => name)).toEqual(["dns", "web"]);
  expect(withSaved(saved, { name: "web", q: "port=443" })).toEqual([
    { name: "dns", q: "port=53" },
    { name: "web", q: "port=443" },
  ]);
});

import { expect, it } from "vitest";
import { Clock } from "../../lib/clock.ts";
import { saidText } from "./alert-words.ts";
import { importText } from "./import-words.ts";

it("names who looks after it", () => {
  const clock = new Clock("UTC");
  const said = (by: string) => saidText({ state: "acknowledged", by, note: "the backup", until: null }, clock);
  expect(said("session ana")).toBe("Acknowledged by ana: “the backup”");
  expect(said("api on-call")).toBe("Acknowledged by on-call (token): “the backup”");
});

it("says what an import would do before it does it", () => {
  const changes = [
    { id: "one", what: "added" },
    { id: "port-scan", what: "changed" },
    { id: "two", what: "added" },
    { id: "same", what: "unchanged" },
  ] as const;
  expect(importText({ changes })).toBe("It adds one, two; changes port-scan; leaves same as it is.");
  expect(importText({ changes: [] })).toBe("There is no rule in it.");
});

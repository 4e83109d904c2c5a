import { expect, it } from "vitest";
import { Clock } from "../../lib/clock.ts";
import { saidText } from "./alert-words.ts";

it("names who looks after it", () => {
  const clock = new Clock("UTC");
  const said = (by: string) => saidText({ state: "acknowledged", by, note: "the backup", until: null }, clock);
  expect(said("session ana")).toBe("Acknowledged by ana: “the backup”");
  expect(said("api on-call")).toBe("Acknowledged by the token on-call: “the backup”");
});

import { expect, it } from "vitest";
import { changeText, whoText } from "./audit-words.ts";

it("says what was changed in people's words", () => {
  expect(changeText({ name: "retention", what: "flows_days 30 → 7, max_size 80% → none" })).toBe(
    "Flows 30 → 7 days, Largest size 80% → none",
  );
  expect(changeText({ name: "retention", what: "nothing different" })).toBe("nothing different");
  expect(changeText({ name: "network", what: "network office: traffic logs on → off" })).toBe("office: traffic logs on → off");
});

it("says who it was", () => {
  expect(whoText("api command line of the server's machine")).toBe("command line of the server's machine (token)");
  expect(whoText("session ana")).toBe("signed in by ana");
  expect(whoText("anybody")).toContain("nobody is asked");
});

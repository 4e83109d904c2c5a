import { expect, it } from "vitest";
import { grantText, grantToSend } from "./grant-words.ts";

it("says what somebody may see", () => {
  const grant = (role: "admin" | "auditor" | "viewer", networks: string[] | null = null, own: string | null = null) =>
    grantText({ role, networks, own });
  expect(grant("admin")).toBe("Administrator: sees and sets everything");
  expect(grant("auditor")).toBe("Auditor: sees everything, sets nothing");
  expect(grant("viewer")).toBe("Viewer: all networks");
  expect(grant("viewer", ["prod", "lab"])).toBe("Viewer: prod, lab");
  expect(grant("viewer", ["prod"], "ana")).toBe("Viewer: prod, traffic of ana only");
  expect(grant("viewer", [])).toBe("Viewer: no network");
});

it("sends a name without the blanks around it, and everybody for none", () => {
  const sent = (own: string | null) => grantToSend({ role: "viewer", networks: null, own }).own;
  expect([" Ana Souza ", " ", "", null].map(sent)).toEqual(["Ana Souza", null, null, null]);
});

import { expect, it } from "vitest";
import { EVERYTHING, type Grant, WHOLE } from "./identity.ts";
import { isWithin } from "./within.ts";

const viewer = (networks: string[] | null, own: string | null = null): Grant => ({ role: "viewer", scope: { networks, own } });

it("nobody has more to give than they have", () => {
  const auditor: Grant = { role: "auditor", scope: WHOLE };
  expect(isWithin(EVERYTHING, EVERYTHING)).toBe(true);
  expect(isWithin(auditor, EVERYTHING)).toBe(true);
  expect(isWithin(EVERYTHING, auditor)).toBe(false);
  expect(isWithin(viewer(null), auditor)).toBe(true);
  expect(isWithin(viewer(["a"]), viewer(["a", "b"]))).toBe(true);
  expect(isWithin(viewer(["a", "c"]), viewer(["a", "b"]))).toBe(false);
  expect(isWithin(viewer(null), viewer(["a"]))).toBe(false);
  expect(isWithin(viewer([]), viewer(["a"]))).toBe(true);
  expect(isWithin(viewer(["a"], "ana"), viewer(["a"]))).toBe(true);
  expect(isWithin(viewer(["a"]), viewer(["a"], "ana"))).toBe(false);
  expect(isWithin(viewer(["a"], "bo"), viewer(["a"], "ana"))).toBe(false);
});

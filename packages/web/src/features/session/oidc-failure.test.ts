import { expect, it } from "vitest";
import { oidcFailure } from "./oidc-failure.ts";

it("has a sentence for what the server says, and shows nothing that others wrote", () => {
  expect(oidcFailure("#signin-error=no_grant")).toMatch(/auth\.grants/);
  expect(oidcFailure("#signin-error=Call_this_number")).toBe("Signing in failed. The server's log says why.");
  expect(oidcFailure("#signin-error=constructor")).toBe("Signing in failed. The server's log says why.");
  expect(oidcFailure("#signin-error=<b>")).toBeNull();
  expect(oidcFailure("#signin=abc")).toBeNull();
  expect(oidcFailure("")).toBeNull();
});

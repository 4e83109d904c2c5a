import { expect, it } from "vitest";
import { initialTexts, isShown, type KindField, readTexts, textsOf } from "./kind-fields.ts";

const FIELDS: readonly KindField[] = [
  { path: "settings.url", label: "URL", type: "text", needed: true },
  { path: "settings.port", label: "Port", type: "number", initial: "514" },
  { path: "settings.to", label: "To", type: "list" },
  { path: "settings.headers", label: "Headers", type: "pairs" },
  { path: "settings.gzip", label: "Gzip", type: "switch", initial: "true" },
  { path: "digest_s", label: "Digest", type: "span" },
  { path: "settings.auth.kind", label: "Auth", type: "choice", initial: "none" },
  { path: "settings.auth.user", label: "User", type: "text", when: { path: "settings.auth.kind", is: ["basic"] } },
  { path: "secrets.token", label: "Token", type: "secret", needed: true },
];
const KNOWN = {
  name: "x",
  digest_s: 300,
  settings: {
    url: "http://a",
    port: 6514,
    to: ["a", "b"],
    headers: { "X-A": "1" },
    gzip: false,
    auth: { kind: "basic", user: "u" },
    other: 1,
  },
};

it("is the same after it was a form, with what no field is of; secrets stay", () => {
  const texts = textsOf(FIELDS, KNOWN);
  expect(texts).toMatchObject({ "settings.to": "a, b", "settings.headers": "X-A: 1", digest_s: "300s", "secrets.token": "" });
  expect(readTexts(FIELDS, texts, KNOWN, ["token"])).toEqual({ body: KNOWN, mistakes: {} });
});

it("says what is needed and what can't be read", () => {
  const texts = { ...initialTexts(FIELDS), "settings.port": "many", "settings.headers": "no colon", digest_s: "soon" };
  expect(Object.keys(readTexts(FIELDS, texts, null, []).mistakes).sort()).toEqual([
    "digest_s",
    "secrets.token",
    "settings.headers",
    "settings.port",
    "settings.url",
  ]);
});

it("sends what is written, and nothing of what is not shown", () => {
  const texts = {
    ...textsOf(FIELDS, KNOWN),
    "secrets.token": "s3",
    digest_s: "5m",
    "settings.auth.kind": "none",
    "settings.to": "",
  };
  expect(isShown(FIELDS[7] as KindField, texts)).toBe(false);
  const { body } = readTexts(FIELDS, texts, KNOWN, []);
  expect(body).toMatchObject({ digest_s: 300, secrets: { token: "s3" } });
  expect(body.settings).toEqual({
    url: "http://a",
    port: 6514,
    headers: { "X-A": "1" },
    gzip: false,
    auth: { kind: "none" },
    other: 1,
  });
});

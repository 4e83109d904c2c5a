import { expect, it } from "vitest";
import { recipientState } from "./recipient-words.ts";

const clock = { dayAndTime: (ms: number) => new Date(ms).toISOString().slice(0, 16) };
const NONE = { last_sent: null, last_error: null, waiting: 0, parked: 0 };
const error = { time: "2026-11-22T10:00:00Z", message: "answered 500" };
const texts = (status: Parameters<typeof recipientState>[0]["status"], enabled = true) =>
  recipientState({ enabled, status }, clock).map(({ text, isBad }) => `${isBad ? "! " : ""}${text}`);

it("says how it goes", () => {
  expect(texts(NONE, false)).toEqual(["Off: it is told nothing.", "Nothing was told yet."]);
  expect(texts({ ...NONE, last_error: error, waiting: 1, parked: 2 })).toEqual([
    "Nothing was told yet.",
    "! Failed 2026-11-22T10:00: answered 500",
    "1 waits to be told.",
    "! 2 could not be told and are given up: try again or drop.",
  ]);
  expect(texts({ ...NONE, last_error: error, last_sent: "2026-11-22T11:00:00Z" })).toEqual(["Told last 2026-11-22T11:00."]);
});

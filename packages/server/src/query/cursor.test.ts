import { describe, expect, it } from "vitest";
import { type Cursor, readCursor, writeCursor } from "./cursor.ts";
import { QueryError } from "./errors.ts";

const text = (content: unknown) => Buffer.from(JSON.stringify(content)).toString("base64url");
const key = { startMs: 3, flowId: "18446744073709551615", reporterId: "ünï" };

describe("a cursor", () => {
  it.each<Cursor>([
    { range: { fromMs: 1, toMs: 2 }, sort: "time", order: "asc", place: { key, toward: "prev", rank: null, looksFromMs: null } },
    { range: { fromMs: 1, toMs: 2 }, sort: "bytes", order: "desc", place: { key, toward: "next", rank: "99", looksFromMs: 1 } },
  ])("is read as it was written, and is fit for a URL", (cursor) => {
    expect(writeCursor(cursor)).toMatch(/^[\w-]+$/);
    expect(readCursor(writeCursor(cursor))).toEqual(cursor);
  });

  it("of a server before this one leads on, newest first", () => {
    const place = { key, toward: "next", rank: null, looksFromMs: null };
    const old = text([1, 1, 2, key.startMs, key.flowId, key.reporterId]);
    expect(readCursor(old)).toEqual({ range: { fromMs: 1, toMs: 2 }, sort: "time", order: "desc", place });
  });

  it.each([
    "",
    "x",
    "bnVsbA",
    text([1, 1, 2, 3, "x", "a"]),
    text([3, 1, 2, 3, "4", "a"]),
    text([2, 1, 2, "time", "desc", "next", 3, "4", "a", "5", null]),
    text([2, 1, 2, "bytes", "desc", "next", 3, "4", "a", null, null]),
    text([2, 1, 2, "name", "desc", "next", 3, "4", "a", null, null]),
  ])("%j is none", (wrong) => expect(() => readCursor(wrong)).toThrow(QueryError));
});

import { expect, it } from "vitest";
import { framed, syslogMessage } from "./syslog.ts";

const message = {
  facility: 16,
  severity: 4,
  timeMs: Date.parse("2026-11-23T06:00:00.123Z"),
  host: "gw.example.com",
  app: "flowtrail",
  procId: "42",
  msgId: "alert",
  data: { "flowtrail@32473": { rule: "port-scan", "labels.src.name": 'a "b" ]\\' } },
  text: "officegw tried 412 ports",
};

it("is a message of RFC 5424", () => {
  expect(syslogMessage(message, 8192).toString()).toBe(
    '<132>1 2026-11-23T06:00:00.123Z gw.example.com flowtrail 42 alert [flowtrail@32473 rule="port-scan" labels.src.name="a \\"b\\" \\]\\\\"] officegw tried 412 ports',
  );
  const { facility, severity, timeMs } = message;
  const least = { facility, severity, timeMs, host: "", app: "", text: "" };
  expect(syslogMessage(least, 8192).toString()).toBe("<132>1 2026-11-23T06:00:00.123Z - - - - - ");
});

it("keeps whatever it is given in its place", () => {
  const evil = "x\r\n<0>1 - evil\u2028 \u0000 \ud800 ] \u0085";
  const made = { ...message, host: evil, app: evil, procId: evil, msgId: evil, data: { [evil]: { [evil]: evil } }, text: evil };
  const text = syslogMessage(made, 8192).toString();
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  expect(text).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028]/);
  // Head, structured data with its parameter, text.
  expect(text).toMatch(/^<132>1 \S+ \S+ \S+ \S+ \S+ \[\S+ \S+="(?:[^"\\\]]|\\["\\\]])*"\] x <0>1 - evil +� \] +$/);
});

it("is cut between two characters", () => {
  const long = { ...message, text: "ä".repeat(5000) };
  for (const max of [2048, 2049]) {
    const bytes = syslogMessage(long, max);
    expect(bytes.length).toBeGreaterThanOrEqual(max - 1);
    expect(bytes.length).toBeLessThanOrEqual(max);
    expect(bytes.toString()).toMatch(/ä$/);
  }
});

it("stands in a stream by its length, or as a line", () => {
  const bytes = syslogMessage({ ...message, text: "ä" }, 8192);
  expect(framed(bytes, "octets").toString()).toBe(`${bytes.length} ${bytes}`);
  expect(framed(bytes, "lines").toString()).toBe(`${bytes}\n`);
});

import { describe, expect, it } from "vitest";
import { Clock } from "../../lib/clock.ts";
import { exampleFlow } from "../traffic/testing.ts";
import { COPY_FORMS } from "./copy-forms.ts";

const clock = new Clock("UTC");
const copied = (id: string, change: Parameters<typeof exampleFlow>[0] = {}) =>
  COPY_FORMS.find((form) => form.id === id)?.of(exampleFlow(change), clock, "http://localhost:8080") ?? "";

describe("a row copied as", () => {
  it("text: the sentence, then every fact", () => {
    const lines = copied("text").split("\n");
    expect(lines[0]).toBe("debian tried TCP 443 (https) on inetgw: refused. debian sent 60 B and received 40 B.");
    expect(lines).toContain("Source: debian (Node, 100.102.137.9, port 44006)");
    expect(lines).toContain("Protocol: TCP · 443 · https");
    expect(lines).toContain("Start: Sun, Nov 22, 2026, 9:51:00.000 AM UTC");
  });

  it("JSON: all columns", () => {
    expect(JSON.parse(copied("json"))).toEqual(exampleFlow());
  });

  it("Markdown: a table that names cannot break", () => {
    const text = copied("markdown", { src_name: "a|b*\n`c`" });
    expect(text).toContain("| Source | a\\|b\\* \\`c\\` (Node, 100.102.137.9, port 44006) |");
    expect(text.split("\n").filter((line) => line !== "" && !line.startsWith("|"))).toHaveLength(1); // the sentence
  });

  it("curl: the report by its own address", () => {
    expect(copied("curl", { reporter: "de/bian" })).toBe(
      'curl --fail --header "Authorization: Bearer $FLOWTRAIL_TOKEN" http://localhost:8080/api/flows/de%2Fbian/1000',
    );
  });

  it("a command: the report alone, whatever its node is called", () => {
    expect(copied("cli")).toBe(
      "flowtrail export --format ndjson --reports all --from 2026-11-22T09:51:00.000Z --to 2026-11-22T09:51:00.001Z --q 'network=netmaker and reporter=debian and flow_id=1000'",
    );
    expect(copied("cli", { reporter: "it's" })).toContain(`reporter="it'\\''s"`);
  });
});

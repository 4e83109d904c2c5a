import { parseFilter } from "@flowtrail/model";
import { describe, expect, it } from "vitest";
import { exampleFlow } from "../traffic/testing.ts";
import { curlCommand, type ExportRequest, exportCommand, exportPath, guessBytes, guessText, quoted } from "./export-request.ts";

const request = (address: string, change: Partial<ExportRequest> = {}): ExportRequest => ({
  asked: new URLSearchParams(address),
  format: "csv",
  columns: null,
  ...change,
});

it("asks the server for the same flows, but not for their order", () => {
  const asked = request("from=-1h&to=now&q=src.name%3Dana&reports=all&network=prod&sort=bytes&limit=9", {
    columns: ["start", "src_ip"],
    format: "ndjson",
  });
  expect(exportPath(asked)).toBe(
    "/api/flows/export?format=ndjson&from=-1h&to=now&q=src.name%3Dana&reports=all&network=prod&columns=start%2Csrc_ip",
  );
});

describe("on the command line", () => {
  it("says what is not the default", () => {
    expect(exportCommand(request("from=-1h&to=now&reports=merged"))).toBe(
      "flowtrail export --format csv --from -1h --output flows.csv",
    );
  });

  it("has networks in its filter, and quotes what a shell would take apart", () => {
    const text = exportCommand(request('from=-1h&to=-5m&reports=all&network=prod&q=src.name="o\'brien" or tcp'));
    expect(text).toContain("--to -5m");
    expect(text).toContain("--reports all");
    const [, q = ""] = /--q '(.*)' --reports/.exec(text) ?? [];
    expect(parseFilter(q.replaceAll(`'\\''`, "'"))).toMatchObject({ kind: "and" });
  });
});

it("is a curl command that names no secret", () => {
  expect(curlCommand("http://127.0.0.1:8080", "/api/flows?from=-1h", "flows.csv")).toBe(
    `curl --fail --header "Authorization: Bearer $FLOWTRAIL_TOKEN" --output flows.csv 'http://127.0.0.1:8080/api/flows?from=-1h'`,
  );
  expect(quoted("a'b")).toBe(`'a'\\''b'`);
});

it("guesses how large the file will be, from rows that are known", () => {
  const flow = exampleFlow();
  const all = JSON.stringify(flow).length + 1;
  expect(guessBytes(request("", { format: "ndjson" }), 1000, [flow, flow])).toBe(all * 1000);
  expect(guessBytes(request("", { columns: ["src_ip"] }), 10, [flow])).toBe("100.102.137.9".length * 10 + 10);
  expect(guessBytes(request("", { format: "parquet" }), 10, [flow])).toBeLessThan(guessBytes(request(""), 10, [flow]) ?? 0);
  expect(guessBytes(request(""), 10, [])).toBeNull();
  expect(guessText(35_900_000)).toBe("about 34.24 MiB");
});

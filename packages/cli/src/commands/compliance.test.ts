import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { rowNow, startTestServer, type TestServer } from "../../../server/src/testing.ts";
import { makeProgram } from "../program.ts";

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });
let test: TestServer;
let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "flowtrail-compliance-"));
  test = await startTestServer();
  await test.deliver(
    await test.agentToken("debian"),
    Array.from({ length: 130 }, (_, i) =>
      rowNow({ flow_id: String(i), dst_ip: `203.0.113.${i % 120}`, dst_port: 443, domain: i === 0 ? "=cmd()" : `h${i}.example` }),
    ),
  );
});
afterAll(async () => {
  await test.stop();
  await rm(dir, { recursive: true });
});

async function report(kind: string, format: string): Promise<string> {
  const file = join(dir, `${kind}.${format}`);
  const args = ["--kind", kind, "--format", format, "--since", "-1h", "-o", file, "--data", test.data];
  await makeProgram().parseAsync(["node", "flowtrail", "compliance", "report", ...args]);
  return readFile(file, "utf8");
}

it("totals are those of the page, and what is not told one by one is counted", async () => {
  const asked = new URLSearchParams({ by: "src.name,dst.name,dst.port", metric: "connections", from: "-1h", limit: "100" });
  const { body } = await test.ask<{ total: number }>("GET", `/api/flows/top?${asked}`);
  expect(body.total).toBe(130);
  const html = await report("by-source", "html");
  expect(html).toContain(`<dt>Connections</dt><dd>${body.total}</dd>`);
  expect(html).toContain("<dt>Bytes</dt><dd>13000</dd>");
  const lines = (await report("external", "csv")).trimEnd().split("\r\n");
  const [more = "", ...rows] = lines.slice(1).reverse();
  const told = rows.reduce((sum, line) => sum + Number(line.split(",").at(-1)), 0);
  const [, groups, rest] = /(\d+) more, with (\d+) connections/.exec(more) ?? [];
  expect(rows).toHaveLength(100);
  expect(Number(groups)).toBe(30);
  expect(told + Number(rest)).toBe(130);
  expect(lines.join()).not.toMatch(/,=cmd|^=cmd/m);
});

it("every kind can be made; who took reports out is in one of them; others than auditors get none", async () => {
  for (const kind of ["by-user", "by-resource", "unanswered", "changes"]) expect(await report(kind, "html")).toContain("</html>");
  const looked = await report("looked", "csv");
  expect(looked).toContain("export.compliance,by-source");
  expect(await report("changes", "csv")).not.toContain("export.compliance");
  const token = await test.agentToken("other");
  expect((await test.ask("GET", "/api/compliance/report?kind=looked", { token })).status).toBe(403);
});

it("verify says so where nothing was signed yet", async () => {
  const write = vi.spyOn(process.stdout, "write").mockReturnValue(true);
  try {
    await makeProgram().parseAsync(["node", "flowtrail", "verify", "--data", test.data]);
    expect(write.mock.calls.join("")).toContain("no signed days yet");
  } finally {
    write.mockRestore();
  }
});

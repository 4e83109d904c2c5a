import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { fleet, host } from "../../../server/src/identify/sources/netmaker/testing/data.ts";
import { NetmakerDouble } from "../../../server/src/identify/sources/netmaker/testing/double.ts";
import { makeProgram } from "../program.ts";

let double: NetmakerDouble;
beforeAll(async () => {
  double = await new NetmakerDouble(fleet()).start();
});
afterAll(() => double.stop());

type Said = { readonly text: string; readonly exitCode: number };

async function check(...args: string[]): Promise<Said> {
  let text = "";
  const spy = vi.spyOn(process.stdout, "write").mockImplementation((chunk) => {
    text += String(chunk);
    return true;
  });
  try {
    await makeProgram().parseAsync([
      "node",
      "flowtrail",
      "netmaker",
      "check",
      "--url",
      double.url,
      "--token",
      "good-token",
      ...args,
    ]);
    return { text, exitCode: Number(process.exitCode ?? 0) };
  } finally {
    spy.mockRestore();
    process.exitCode = 0;
  }
}

/** What the server says of itself and its logs; a number is a status. */
function server(
  told: Readonly<Record<"status" | "feature_flags" | "settings" | "flows", unknown>>,
  headers: Record<string, string> = {},
): void {
  double.instead.clear();
  for (const [name, value] of Object.entries(told)) {
    const path = name === "flows" ? "/api/v1/flows" : `/api/server/${name}`;
    if (typeof value === "number") double.fail(path, value, "flow logs not enabled", headers);
    else
      double.instead.set(path, (_, response) => {
        response.writeHead(200, { "content-type": "application/json", ...headers });
        response.end(JSON.stringify(value));
      });
  }
}
const rows = (Response: unknown[]) => ({ Code: 200, Message: "flows retrieved successfully", Response });

describe("netmaker check", () => {
  it("of a licensed server that logs", async () => {
    double.pro = true;
    const later = { date: new Date(Date.now() + 90_000).toUTCString() };
    double.data.hosts = [
      host({ version: "v1.5.1", enable_flow_logs: true }),
      host({ id: "h-2", name: "debian", version: "v1.4.0", enable_flow_logs: false }),
      host({ id: "h-3", name: "mac", os: "darwin", version: "v1.5.1", enable_flow_logs: true }),
    ];
    server(
      {
        status: { is_pro: true, version: "v1.5.1", license_error: "" },
        feature_flags: { Code: 200, Message: "", Response: { enable_flow_logs: true } },
        settings: { Code: 200, Message: "", Response: { enable_flow_logs: true, audit_logs_retention_period: 7 } },
        flows: rows([{ flow_id: "1" }]),
      },
      later,
    );
    const { text, exitCode } = await check();
    expect(exitCode).toBe(0);
    for (const line of [
      /^Netmaker v1\.5\.1 \(pro\) at http/m,
      /netmaker +2 nodes, 1 user with devices, 1 config file, 1 egress route/,
      /hosts +3, versions v1\.4\.0, v1\.5\.1, flow logs on for 2/,
      /clock +(89|90|91) s ahead/,
      /licensed, switched on, kept for 7 days, there are rows to import/,
      /Netmaker's own agents send them/,
      /flows of debian: flow logs are off for these hosts/,
      /flows of mac \(darwin\): Netmaker's agents report flows on Linux only/,
      /names and domains in flows of debian \(v1\.4\.0\)/,
      /one time: Netmaker's clock is/,
    ])
      expect(text).toMatch(line);
    expect(text).not.toMatch(/user groups/);
    const told = JSON.parse((await check("--json")).text);
    expect(told).toMatchObject({ edition: "pro", way: "netmaker", usable: true, flowLogs: { licensed: true, api: "rows" } });
  });

  it("of the community edition", async () => {
    double.pro = false;
    double.data.hosts = [host()];
    server({ status: { is_pro: false }, feature_flags: 404, settings: { enable_flow_logs: false }, flows: 404 });
    const { text, exitCode } = await check();
    expect(exitCode).toBe(0);
    expect(text).toMatch(/Flows: from Flowtrail's agent/);
    expect(text).toMatch(/this is the community edition: its agents never start their flow logs/);
    expect(text).toMatch(/user groups: this version or edition does not have it \(404\)/);
    expect(text).toMatch(/no rows to be had \(404\)/);
  });

  it.each([
    [
      "licence without flow logs",
      { feature_flags: { EnableFlowLogs: false }, settings: {}, flows: 403 },
      /the licence of this server has no flow logs/,
    ],
    [
      "logs switched off",
      { feature_flags: { EnableFlowLogs: true }, settings: { enable_flow_logs: false }, flows: 403 },
      /\?force=true/,
    ],
    [
      "settings of others only",
      { feature_flags: { EnableFlowLogs: true }, settings: 403, flows: rows([]) },
      /there are no rows yet/,
    ],
  ])("of a %s", async (_, told, line) => {
    double.pro = true;
    server({ status: { is_pro: true }, ...told });
    expect((await check()).text).toMatch(line);
  });

  it("of one that can't be used", async () => {
    server({ status: 404, feature_flags: 404, settings: 404, flows: 404 });
    double.fail("/api/nodes", 403, "forbidden");
    const { text, exitCode } = await check();
    expect(exitCode).toBe(1);
    expect(text).toMatch(/can't be used as an inventory/);
    double.instead.clear();
    await expect(check("--token", "bad")).rejects.toThrow(/401.*the token is not valid.*put it into --token-file/);
    await expect(check("--url", "http://127.0.0.1:1")).rejects.toThrow(/nothing listens there.*is --url right/);
    await expect(check("--url", "example.com")).rejects.toThrow(/expected a URL/);
    await expect(check("--token-file", "/nowhere")).rejects.toThrow(/--token-file/);
  });
});

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { formatCidr } from "@flowtrail/model";
import { ConfigError, type ConfigProblem } from "@flowtrail/settings";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { AGENT_OPTIONS, type AgentConfigInputs, loadAgentConfig } from "./config.ts";

let dir = "";
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "ft-config-"));
});
afterAll(() => rmSync(dir, { recursive: true }));

function file(text: string): string {
  const path = join(dir, "agent.yaml");
  writeFileSync(path, text);
  return path;
}
function problemsOf(inputs: AgentConfigInputs): readonly ConfigProblem[] {
  try {
    loadAgentConfig(inputs);
  } catch (error) {
    if (error instanceof ConfigError && error.data.code === "CONFIG_INVALID") return error.data.problems;
    throw error;
  }
  return [];
}
const loopback = { server: "http://127.0.0.1:8080" };

describe("the agent's configuration", () => {
  it("has a default for everything but the server", () => {
    const { config } = loadAgentConfig({ flags: loopback });
    expect(config.server.href).toBe("http://127.0.0.1:8080/");
    expect(config).toMatchObject({
      node: hostname(),
      networks: [],
      max_flows: 500_000,
      capture: { tracking: true, receive_buffer: 64 * 1024 * 1024 },
      spool: { max_bytes: 512 * 1024 * 1024 },
      ship: { timeout: 30_000 },
      log: { level: "info" },
    });
    expect(config.capture.icmp).toBeUndefined();
  });

  it("takes flags over the environment over the file over defaults", () => {
    const path = file("node: from-file\nspool: { max_bytes: 1MiB, max_segment_bytes: 65536 }\nlog: { level: warn }\n");
    const env = {
      FLOWTRAIL_CONFIG: path,
      FLOWTRAIL_NODE: "from-env",
      FLOWTRAIL_SPOOL_MAX_BYTES: "2MiB",
      FLOWTRAIL_CAPTURE_DNS: "off",
    };
    const { config } = loadAgentConfig({ flags: { ...loopback, node: "from-flag", "capture.icmp": "false" }, env });
    expect(config).toMatchObject({
      node: "from-flag",
      spool: { max_bytes: 2 * 1024 * 1024, max_segment_bytes: 65_536 },
      log: { level: "warn" },
      capture: { icmp: false, dns: false },
    });
  });

  it("reads networks from repeated flags, from the environment and with their routes from the file", () => {
    const shown = (inputs: AgentConfigInputs) =>
      loadAgentConfig(inputs).config.networks.map(({ id, ranges, egress }) => ({
        id,
        ranges: ranges.map(formatCidr),
        egress: egress.map((route) => [route.id, ...route.ranges.map(formatCidr)]),
      }));
    const expected = [
      { id: "netmaker", ranges: ["100.64.0.0/10", "fd00:10::/64"], egress: [] },
      { id: "b", ranges: ["10.1.0.0/16"], egress: [] },
    ];
    expect(shown({ flags: { ...loopback, networks: ["netmaker=100.64.0.0/10,fd00:10::/64", "b=10.1.0.0/16"] } })).toEqual(
      expected,
    );
    expect(
      shown({ flags: loopback, env: { FLOWTRAIL_NETWORKS: "netmaker=100.64.0.0/10, fd00:10::/64; b=10.1.2.3/16" } }),
    ).toEqual(expected);
    const path = file(
      "networks:\n  - netmaker=100.64.0.0/10\n  - { id: b, ranges: [10.1.0.0/16], egress: [{ id: lan, ranges: [10.20.0.0/16] }] }\n",
    );
    expect(shown({ flags: loopback, file: path })).toEqual([
      { id: "netmaker", ranges: ["100.64.0.0/10"], egress: [] },
      { id: "b", ranges: ["10.1.0.0/16"], egress: [["lan", "10.20.0.0/16"]] },
    ]);
  });

  it("tells every mistake at once, each with its value, what was expected and where it stands", () => {
    const path = file(
      "node: gw\nspool:\n  max_byte: 3\nmax_bytes: 5\ncapture: 3\nnetworks:\n  - { id: b, ranges: [foo], egres: 3 }\n",
    );
    expect(
      problemsOf({
        file: path,
        flags: { networks: undefined },
        env: { FLOWTRAIL_LOG_LEVEL: "loud", FLOWTRAIL_WIREGUARD_PORTS: "1,x" },
      }),
    ).toEqual([
      {
        path: "server",
        value: "nothing",
        expectation: expect.stringContaining("expected an http or https URL"),
        source: "not given anywhere",
      },
      {
        path: "networks.0.ranges.0",
        value: '"foo"',
        expectation: expect.stringContaining("expected an address range"),
        source: `${path}:7`,
      },
      { path: "networks.0.egres", value: "3", expectation: "no such key", source: `${path}:7` },
      { path: "capture", value: "3", expectation: expect.stringContaining("expected keys (capture.icmp,"), source: `${path}:5` },
      {
        path: "wireguard.ports.1",
        value: '"x"',
        expectation: "expected a port from 1 to 65535",
        source: "FLOWTRAIL_WIREGUARD_PORTS",
      },
      { path: "spool.max_byte", value: "3", expectation: "no such key; did you mean spool.max_bytes?", source: `${path}:3` },
      {
        path: "log.level",
        value: '"loud"',
        expectation: expect.stringContaining("expected one of fatal, error"),
        source: "FLOWTRAIL_LOG_LEVEL",
      },
      { path: "max_bytes", value: "5", expectation: "no such key; did you mean spool.max_bytes?", source: `${path}:4` },
    ]);
    expect(() => loadAgentConfig({ file: path })).toThrow(
      `spool.max_byte: no such key; did you mean spool.max_bytes?, got 3 (${path}:3)`,
    );
  });

  it.each([
    ["spool.max_bytes", "12x", "expected a size from 1MiB to 10TiB"],
    ["spool.max_bytes", "1KiB", "expected a size from 1MiB to 10TiB"],
    ["ship.timeout", "30", "expected a time from 1s to 10m, such as 30s"],
    ["max_flows", "1.5", "expected a whole number from 1000 to 10000000"],
    ["capture.icmp", "maybe", "expected true or false"],
    ["node", "two words", "expected a name of letters, digits and _ . : @ -"],
    ["server", "ftp://x", "expected an http or https URL, such as https://flowtrail.example:8443"],
    ["networks", "netmaker", "expected ID=CIDR[,CIDR…], such as netmaker=100.64.0.0/10,fd00:10::/64"],
    ["networks", "n=10.0.0.0/33", "expected an address range, such as 100.64.0.0/10 or fd00:10::/64"],
  ])("refuses %s = %s", (key, value, expectation) => {
    expect(problemsOf({ flags: { ...loopback, [key]: value } })).toMatchObject([{ value: JSON.stringify(value), expectation }]);
  });

  it("wants a token for every server but one on loopback", () => {
    for (const server of ["http://127.0.0.1:1", "http://[::1]:1", "https://localhost"])
      expect(problemsOf({ flags: { server } })).toEqual([]);
    expect(problemsOf({ flags: { server: "https://10.0.0.1", state: dir } })).toMatchObject([{ path: "token_file" }]);
    expect(problemsOf({ flags: { server: "https://10.0.0.1", token_file: "/x" } })).toEqual([]);
    expect(problemsOf({ flags: { server: "https://10.0.0.1", enrol_token_file: "/x" } })).toEqual([]);
    const env = { FLOWTRAIL_ENROL_TOKEN: "ft_enrol_x" };
    expect(problemsOf({ flags: { server: "https://10.0.0.1" }, env })).toEqual([]);
    expect(problemsOf({ flags: { server: "https://10.0.0.1", token_file: "/x" }, env })).toMatchObject([
      { path: "enrol_token_file", expectation: expect.stringContaining("there are several") },
    ]);
    // What it got with an enrolment token before.
    writeFileSync(join(dir, "kept.token"), "ft_agent_x");
    expect(problemsOf({ flags: { server: "https://10.0.0.1", state: dir, node: "kept" } })).toEqual([]);
    expect(problemsOf({ flags: { ...loopback, networks: ["a=10.0.0.0/8", "a=10.1.0.0/16"] } })).toMatchObject([
      { path: "networks" },
    ]);
  });

  it("says when a file is missing or no YAML, and when a name in the environment is probably mistyped", () => {
    expect(() => loadAgentConfig({ file: join(dir, "none.yaml") })).toThrow(/none\.yaml can't be read \(ENOENT\)/);
    expect(() => loadAgentConfig({ file: file("a: [") })).toThrow(/is no YAML/);
    expect(() => loadAgentConfig({ file: file("- a") })).toThrow(/expected keys and values/);
    const { warnings } = loadAgentConfig({
      flags: loopback,
      env: { FLOWTRAIL_LOG_LEVL: "x", FLOWTRAIL_INVENTORY_FILE: "y", OTHER: "z" },
    });
    expect(warnings).toEqual(["FLOWTRAIL_LOG_LEVL in the environment is no key of ours: did you mean FLOWTRAIL_LOG_LEVEL?"]);
  });

  it("gives every key a flag, a name in the environment and a description of its own", () => {
    for (const names of [AGENT_OPTIONS.map((o) => o.flag), AGENT_OPTIONS.map((o) => o.env)])
      expect(new Set(names).size).toBe(names.length);
    for (const option of AGENT_OPTIONS) {
      expect(option.description.length).toBeGreaterThan(10);
      expect(option.flag).toMatch(/^--[a-z-]+$/);
    }
    expect(AGENT_OPTIONS.find((o) => o.key === "spool.max_bytes")).toMatchObject({
      flag: "--spool-max-bytes",
      env: "FLOWTRAIL_SPOOL_MAX_BYTES",
      unit: "bytes",
      defaultText: "512MiB",
    });
  });
});

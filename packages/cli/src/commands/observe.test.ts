/** One filter language and the same answers in the terminal as in the API; in a terminal, in a pipe, and live. */
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { FlowJson } from "@flowtrail/model";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { rowNow, startTestServer, type TestServer } from "../../../server/src/testing.ts";
import { exitCodeOf } from "../errors.ts";
import { addTerminalCommands, newProgram } from "../terminal-program.ts";

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });
const MAIN = fileURLToPath(new URL("../../bin/flowtrail.js", import.meta.url));
/** What would clear the screen, set the title, and turn the rest red in a terminal that knows C1. */
const EVIL = "\x1b[2J\x1b]0;owned\x07\u009b31m";
const COLOUR = new RegExp(`${"\u001b"}\\[[0-9;]*m`, "g");
/** Without what a program of ours may send to a terminal: colours and line breaks. */
const uncoloured = (text: string) => text.replace(COLOUR, "");
const steers = (text: string) => /\p{Cc}/u.test(uncoloured(text).replaceAll("\n", ""));
let test: TestServer;
let token: string;
let dir: string;
let own: Readonly<Record<string, string>>;
let env: NodeJS.ProcessEnv;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "flowtrail-terminal-"));
  test = await startTestServer();
  token = await test.agentToken("debian");
  const rows = Array.from({ length: 40 }, (_, i) =>
    rowNow(
      {
        flow_id: String(i + 1),
        src_port: 40_000 + i,
        dst_port: i % 2 === 0 ? 443 : 5432,
        dst_ip: `203.0.113.${i % 4}`,
        domain: i % 4 === 0 ? "東京.example" : `site${i % 4}.example`,
        verdict: i === 7 ? "denied" : "answered",
        rule: i === 7 ? EVIL : null,
      },
      60_000 + i * 1000,
    ),
  );
  expect((await test.deliver(token, rows)).body).toMatchObject({ accepted: 40 });
  own = { XDG_CONFIG_HOME: join(dir, "xdg"), FLOWTRAIL_SERVER: test.url, FLOWTRAIL_TOKEN: test.adminToken, TZ: "UTC" };
  env = { ...process.env, ...own };
  delete env.NO_COLOR;
});
afterAll(async () => {
  await test.stop();
  await rm(dir, { recursive: true });
});

interface Ended {
  readonly code: number | string | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** In this process, one after another. */
async function flowtrail(args: readonly string[], more: Readonly<Record<string, string>> = {}): Promise<Ended> {
  const told = { stdout: "", stderr: "" };
  for (const [name, value] of Object.entries({ ...own, ...more })) vi.stubEnv(name, value);
  const spies = (["stdout", "stderr"] as const).map((to) =>
    vi.spyOn(process[to], "write").mockImplementation((text) => {
      told[to] += String(text);
      return true;
    }),
  );
  try {
    await addTerminalCommands(newProgram()).parseAsync(["node", "flowtrail", ...args]);
    return { code: 0, ...told };
  } catch (error) {
    const { message } = error as Error;
    return { code: exitCodeOf(error), ...told, stderr: `${told.stderr}${message}\n` };
  } finally {
    for (const spy of spies) spy.mockRestore();
    vi.unstubAllEnvs();
  }
}

/** As a program of its own. */
function program(args: readonly string[], more: NodeJS.ProcessEnv = {}): Promise<Ended> {
  return new Promise((resolve) =>
    execFile(process.execPath, [MAIN, ...args], { env: { ...env, ...more }, maxBuffer: 1e8 }, (error, stdout, stderr) =>
      resolve({ code: error?.code ?? 0, stdout, stderr }),
    ),
  );
}

const idsOf = (lines: string) =>
  lines
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => (JSON.parse(line) as FlowJson).flow_id);

describe("the same as the API", () => {
  it.each([
    ["-q", "port=443 and domain~site"],
    ["--to", "東京.example", "--not", "--port", "5432"],
    ["--verdict", "denied,refused"],
    ["--either", "203.0.113.0/31"],
  ])("flows: %s %s", async (...args) => {
    const { stdout: query } = await flowtrail(["observe", ...args, "--print-query", "--reverse"]);
    const { stdout, code } = await flowtrail(["observe", ...args, "-o", "json", "--reverse"]);
    const path = /^url: +http:\/\/[^/]+(\/.*)$/m.exec(query)?.[1] ?? "";
    expect(query).not.toContain(test.adminToken);
    const asked = new URL(path, test.url).searchParams;
    const { flows } = await test.flows(asked.toString());
    expect(flows.length).toBeGreaterThan(0);
    expect(flows.length).toBeLessThan(40);
    expect(stdout).toBe(
      flows
        .map((flow) => `${JSON.stringify(flow).replace(/[\u007f-\u009f]/g, (c) => `\\u00${c.charCodeAt(0).toString(16)}`)}\n`)
        .join(""),
    );
    expect(code).toBe(0);
  });

  it("orders: the newest last, the newest first, the oldest of the time; in pages that make one list", async () => {
    const newest = await flowtrail(["observe", "-n", "3", "-o", "json"]);
    const reverse = await flowtrail(["observe", "-n", "3", "-o", "json", "--reverse"]);
    const first = await flowtrail(["observe", "--first", "2", "-o", "json"]);
    const all = await flowtrail(["observe", "-n", "0", "-o", "json"]);
    expect(idsOf(newest.stdout)).toEqual(["3", "2", "1"]);
    expect(idsOf(reverse.stdout)).toEqual(["1", "2", "3"]);
    expect(idsOf(first.stdout)).toEqual(["40", "39"]);
    expect(idsOf(all.stdout)).toEqual(Array.from({ length: 40 }, (_, i) => String(40 - i)));
  });

  it("stats: the API's answer, and the same numbers in table and CSV", async () => {
    const args = ["stats", "--by", "dst.domain", "--metric", "connections", "--top", "2", "--since", "1h", "-q", "port=443"];
    const json = await flowtrail([...args, "-o", "json"]);
    const csv = await flowtrail([...args, "-o", "csv"]);
    const table = await flowtrail([...args, "-o", "table"]);
    const query = new URLSearchParams({ by: "dst.domain", metric: "connections", limit: "2", from: "-1h", q: "port=443" });
    const { body } = await test.ask<{ rows: { by: string[]; value: number }[]; total: number }>("GET", `/api/flows/top?${query}`);
    const told = JSON.parse(json.stdout) as typeof body;
    expect(told.rows.map(({ by, value }) => [by, value])).toEqual(body.rows.map(({ by, value }) => [by, value]));
    expect([told.total, body.rows.length]).toEqual([body.total, 2]);
    expect(csv.stdout.split("\r\n").map((line) => line.split(",").slice(0, 2))).toEqual([
      ["dst.domain", "value"],
      ...body.rows.map(({ by, value }) => [by[0], String(value)]),
      ["Total", String(body.total)],
      [""],
    ]);
    expect(table.stdout).toMatch(/^DST\.DOMAIN +CONNECTIONS +SHARE/);
    expect(table.stdout).toMatch(/^Total +20$/m);
  });
});

describe("what is wrong is told, with its exit code", () => {
  it.each([
    [["observe", "-q", "port=443 and src.nam=x"], {}, 2, / {2}port=443 and src\.nam=x\n {15}\^{7}\n$/],
    [["observe", "--since", "soon"], {}, 2, /--since "soon" is not a time/],
    [["stats", "--by", "nonsense"], {}, 2, /400 by: there is no field "nonsense"/],
    [["observe", "--verdict", "refused", "--fail-if-empty"], {}, 1, /^\n$/],
    [["observe"], { FLOWTRAIL_TOKEN: "nonsense" }, 3, /401/],
    [["observe"], { FLOWTRAIL_SERVER: "http://127.0.0.1:1" }, 6, /no answer from/],
    [["observe", "-n", "1", "--last", "1"], {}, 2, /only one of/],
  ] as const)("%j %j", async (args, more, code, message) => {
    expect(await flowtrail(args, more)).toMatchObject({ code, stdout: "", stderr: expect.stringMatching(message) });
  });

  it("as a program, too", async () => {
    const [wrong, away] = await Promise.all([
      program(["observe", "-q", "src.nam=x"]),
      program(["stats"], { FLOWTRAIL_SERVER: "http://127.0.0.1:1" }),
    ]);
    expect(wrong).toMatchObject({ code: 2, stderr: expect.stringMatching(/\n {2}src\.nam=x\n {2}\^{7}\n$/) });
    expect(away).toMatchObject({ code: 6, stderr: expect.stringMatching(/^flowtrail: no answer from/) });
  });
});

describe("a terminal", () => {
  it("is never steered by what came from the network, in any format", async () => {
    for (const args of [
      ...["compact", "table", "json"].map((format) => ["observe", "--verdict", "denied", "-o", format, "--color", "always"]),
      ["stats", "--by", "rule", "--color", "always"],
      ["stats", "--by", "rule", "-o", "json"],
      ["map", "--color", "always"],
    ]) {
      const { stdout } = await flowtrail(args);
      expect(stdout).not.toBe("");
      expect(steers(stdout)).toBe(false);
    }
  });

  it("is filled but never overflown, with colours and without a pager that is not wanted", async () => {
    const inTerminal = (columns: number, command: string) =>
      new Promise<string>((resolve) => {
        const line = `stty cols ${columns} rows 20; ${process.execPath} ${MAIN} ${command}`;
        execFile("script", ["-qec", line, "/dev/null"], { env: { ...env, PAGER: "sed s/^/paged:/" } }, (_, stdout) =>
          resolve(stdout),
        );
      });
    const plainText = (text: string) => uncoloured(text).split("\r\n");
    const [narrow, wide, paged, short] = await Promise.all([
      inTerminal(80, "observe -o table --no-pager"),
      inTerminal(200, "observe -o table --no-pager"),
      inTerminal(80, "observe"),
      inTerminal(80, "observe -n 3 --color never"),
    ]);
    expect(narrow).toContain("\x1b[32manswered");
    for (const line of plainText(narrow)) expect(line.length).toBeLessThanOrEqual(80);
    expect(
      [narrow, wide].map((text) => [text.includes("SOURCE"), text.includes("FROM ADDRESS"), text.includes("NETWORK")]),
    ).toEqual([
      [true, false, false],
      [true, true, true],
    ]);
    // More than the screen holds goes through the pager.
    expect(plainText(paged)[0]).toMatch(/^paged:/);
    expect(short).toMatch(/^\d\d:\d\d:\d\d {2}/);
    expect(short).not.toContain("\x1b");
  });
});

it("follows: a flow when it begins and when it ended, until Ctrl-C", async () => {
  const child = spawn(process.execPath, [MAIN, "observe", "-f", "--last", "1", "--port", "9999", "-o", "json"], {
    env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let lines = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    lines += text;
  });
  const seen = () =>
    lines
      .split("\n")
      .slice(0, -1)
      .map((line) => JSON.parse(line) as FlowJson)
      .map(({ flow_id, state }) => `${flow_id} ${state}`);
  await vi.waitFor(async () => expect((await test.ask("GET", "/metrics")).body).toMatch(/^flowtrail_live_followers 1$/m), {
    timeout: 20_000,
  });
  const open = {
    flow_id: "900",
    dst_port: 9999,
    state: "open",
    end: null,
    end_reason: null,
    verdict: "answered",
    counters_final: false,
  };
  await test.deliver(token, [rowNow({ ...open, revision: 0 }), rowNow({ flow_id: "901", dst_port: 1 })]);
  await test.deliver(token, [rowNow({ ...open, revision: 1, src_bytes: 5000 })]);
  await vi.waitFor(() => expect(seen()).toContain("900 open"), { timeout: 20_000 });
  await test.deliver(token, [rowNow({ flow_id: "900", dst_port: 9999, revision: 2 })]);
  await vi.waitFor(() => expect(seen()).toEqual(["900 open", "900 closed"]), { timeout: 20_000 });
  child.kill("SIGINT");
  expect((await once(child, "close"))[0]).toBe(130);
});

it("says who an address is, and who talks to whom", async () => {
  const whois = await flowtrail(["whois", "203.0.113.0"]);
  const json = await flowtrail(["whois", "203.0.113.1", "-o", "json"]);
  const none = await flowtrail(["whois", "192.0.2.99", "--fail-if-empty"]);
  const map = await flowtrail(["map", "--since", "1h"]);
  const dot = await flowtrail(["map", "--since", "1h", "-o", "dot"]);
  expect(whois.stdout).toMatch(/domain +東京\.example, 10 connections\n.*first seen.*\n.*last seen /s);
  expect(JSON.parse(json.stdout)).toMatchObject({ ip: "203.0.113.1", domains: [{ domain: "site1.example", connections: 10 }] });
  expect(none).toMatchObject({ code: 1, stdout: expect.stringContaining("never, in what is kept") });
  expect(map.stdout).toMatch(/→ 東京\.example \(external\) +█/);
  expect(dot.stdout).toMatch(/^digraph flowtrail \{\n.*-> "external:東京\.example" \[label=".* new", penwidth=/s);
});

it("completes in bash: commands, flags, choices, fields, and values that the server knows", async () => {
  const { stdout: script } = await program(["completion", "bash"]);
  const lines = [
    "flowtrail obs",
    "flowtrail observe --verd",
    "flowtrail observe --sort b",
    "flowtrail stats --by src.name,dst.dom",
    "flowtrail alerts si",
  ];
  const asked = [
    "flowtrail observe -q domain=site1",
    "flowtrail observe -q 'port=443 and domain=site1",
    "flowtrail context use of",
  ];
  await flowtrail(["context", "add", "office", "--server", "http://127.0.0.1:1"]);
  const file = join(dir, "complete.bash");
  // Words are cut as bash does it: at blanks, = and :, not within quotes.
  const ask = `
flowtrail() { ${process.execPath} ${MAIN} "$@"; }
ask() {
  COMP_LINE=$1 COMP_POINT=\${#1} COMP_WORDS=() COMPREPLY=()
  local rest=$1
  while [[ $rest =~ ^\\ *(\\'[^\\']*\\'?|[=:]+|[^\\ =:\\']+)(.*)$ ]]; do COMP_WORDS+=("\${BASH_REMATCH[1]}"); rest=\${BASH_REMATCH[2]}; done
  COMP_CWORD=$(( \${#COMP_WORDS[@]} - 1 ))
  _flowtrail; printf '%s|' "\${COMPREPLY[@]}"; echo
}
`;
  await writeFile(file, [script, ask, ...[...lines, ...asked].map((line) => `ask "${line}"`)].join("\n"));
  const told = await new Promise<string>((resolve) =>
    execFile("bash", [file], { env }, (_, stdout, stderr) => resolve(stdout + stderr)),
  );
  expect(told.split("\n").slice(0, -1)).toEqual([
    "observe|",
    "--verdict|",
    "bytes|",
    "src.name,dst.domain|",
    "silence|",
    "site1.example|",
    "port=443 and domain=site1.example|",
    "office|",
  ]);
});

it("takes alert rules in and out, and tries one on the past", async () => {
  const rule = {
    id: "own-https",
    name: "Much HTTPS",
    explanation: "A rule of this test.",
    enabled: false,
    severity: "low",
    q: "port=443",
    watch: { kind: "measure", measure: { kind: "connections" }, by: ["dst.ip"], threshold: { kind: "above", value: 5 } },
    window_s: 3600,
    for_s: 0,
    clear_s: 60,
    recipients: [],
    mitre: [],
  };
  const file = join(dir, "rules.yaml");
  // JSON is YAML.
  await writeFile(file, JSON.stringify({ rules: [rule] }));
  expect(await flowtrail(["alert-rules", "import", file, "--dry-run"])).toMatchObject({ stdout: "added      own-https\n" });
  expect((await flowtrail(["alert-rules", "export"])).stdout).not.toContain("own-https");
  expect(await flowtrail(["alert-rules", "import", file])).toMatchObject({ stdout: "added      own-https\n" });
  expect((await flowtrail(["alert-rules", "export"])).stdout).toMatch(/- id: own-https/);
  expect((await flowtrail(["alert-rules"])).stdout).toMatch(/^own-https +low +off +0 +Much HTTPS/m);
  expect((await flowtrail(["alert-rules", "test", "own-https", "--days", "1"])).stdout).toMatch(
    /203\.0\.113\.\d.*\nit would have fired (once|\d+ times)\n$/s,
  );
  expect(await flowtrail(["alerts", "--rule", "own-https", "--fail-if-any"])).toMatchObject({
    code: 0,
    stdout: "",
    stderr: "no open alerts\n",
  });
  expect(await flowtrail(["alerts", "ack", "own-"])).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/no open, acknowledged or silenced alert begins/),
  });
});

/**
 * What a person, a script or a stranger can get wrong with commands and server: each is told what, where, what was expected and what to do, by the
 * exit code or status that is documented, and whatever runs goes on. Agents: bad-input-agent.slow.test.ts. Malformed netlink messages:
 * packages/agent/src/capture/conntrack/parse.test.ts; the Arrow reader itself: packages/model/src/arrow-{hostile,fuzz}.test.ts.
 */

import { once } from "node:events";
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { type IncomingMessage, request } from "node:http";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { ARROW_CONTENT_TYPE, addJsonRow, encodeBatch, FlowBatch, SENDER_COLUMNS } from "@flowtrail/model";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { needs } from "../needs.ts";
import { asNobody, NOBODY } from "../nobody.ts";
import { Cli, expectRefusal, flowtrail } from "./harness/cli.ts";

const dir = mkdtempSync(join(tmpdir(), "flowtrail-bad-"));
chmodSync(dir, 0o755);
const file = (name: string, content = "", mode = 0o600): string => {
  const path = join(dir, name);
  writeFileSync(path, content, { mode });
  return path;
};
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const LOCAL = ["--server", "http://127.0.0.1:9"];
const AGENT = ["agent", ...LOCAL, "--state", join(dir, "never")];
const SERVER = ["server", "--listen", "127.0.0.1:0", "--data", join(dir, "never")];
const brokenYaml = file("broken.yaml", "spool:\n  max_bytes: [\n");
const unknownKeys = file("unknown.yaml", "spool:\n  max_bites: 3\nstor:\n  url: http://x\n");
const emptyToken = file("empty.token");

type Case = readonly [what: string, args: readonly string[], exitCode: number, ...patterns: readonly RegExp[]];

const CASES: readonly Case[] = [
  ["agent: no server", ["agent"], 2, /server: expected an http or https URL.*got nothing \(not given anywhere\)/],
  [
    "agent: no URL",
    ["agent", "--server", "flowtrail:8080"],
    2,
    /server: expected an http or https URL, such as https:.*got "flowtrail:8080" \(--server\)/,
  ],
  [
    "agent: --network without ranges",
    [...AGENT, "--network", "netmaker"],
    2,
    /expected ID=CIDR\[,CIDR…\], such as .*got "netmaker" \(--network\)/,
  ],
  [
    "agent: --network with no range",
    [...AGENT, "--network", "x=300.0.0.0/8"],
    2,
    /expected an address range, such as 100\.64\.0\.0\/10.*x=300\.0\.0\.0\/8.*--network/,
  ],
  [
    "agent: no token for another machine",
    ["agent", "--server", "http://192.0.2.1", "--state", join(dir, "no-state")],
    2,
    /token_file: expected a file with this node's token.*--token-file, FLOWTRAIL_TOKEN_FILE/,
  ],
  [
    "agent: token file missing",
    [...AGENT, "--token-file", join(dir, "none")],
    2,
    /token file .*none can't be read \(ENOENT\)/,
    /flowtrail token create --node NAME/,
  ],
  [
    "agent: token file empty",
    [...AGENT, "--token-file", emptyToken],
    2,
    /empty\.token is empty/,
    /flowtrail token create --node NAME/,
  ],
  ["agent: no such flag", [...AGENT, "--netwrk", "x"], 2, /--netwrk: no such flag; did you mean --network\?/],
  ["agent: broken YAML", [...AGENT, "--config", brokenYaml], 2, /broken\.yaml is no YAML: .*line 3/],
  [
    "agent: unknown keys",
    [...AGENT, "--config", unknownKeys],
    2,
    /spool\.max_bites: no such key; did you mean spool\.max_bytes\?, got 3 \(.*unknown\.yaml:2\)/,
    /stor: no such key.*:4\)|stor.url/,
  ],
  ["agent: no such file", [...AGENT, "--config", join(dir, "none.yaml")], 2, /none\.yaml can't be read \(ENOENT\)/],
  [
    "server: no address",
    ["server", "--listen", "here"],
    2,
    /listen: expected HOST:PORT, such as 127\.0\.0\.1:8080.*got "here" \(--listen\)/,
  ],
  [
    "server: an address that is not here",
    ["server", "--listen", "192.0.2.1:8080", "--data", join(dir, "elsewhere")],
    2,
    /can't listen on 192\.0\.2\.1:8080 \(EADDRNOTAVAIL\).*--listen/,
  ],
  ["server: broken YAML", [...SERVER, "--config", brokenYaml], 2, /broken\.yaml is no YAML: .*line 3/],
  ["server: unknown keys", [...SERVER, "--config", unknownKeys], 2, /stor: no such key.*unknown\.yaml:4\)/, /spool: no such key/],
  ["server: no such flag", ["server", "--lisen", "x"], 2, /unknown option '--lisen'.*--listen/s],
  [
    "server: without credentials for everybody",
    ["server", "--insecure-no-auth", "--listen", "0.0.0.0:0", "--data", join(dir, "never")],
    2,
    /can't be combined with --listen 0\.0\.0\.0:0.*listen on 127\.0\.0\.1/,
  ],
  ["no such command", ["serve"], 2, /unknown command 'serve'.*Did you mean server\?/s],
  ["token: for nobody", ["token", "create"], 2, /--node NAME \(an agent\).*--api \(a program\)/],
  [
    "token: for a name that no agent takes",
    ["token", "create", "--node", "two words", "--data", dir],
    2,
    /--node "two words": expected a name of/,
  ],
  [
    "token: no server to list them",
    ["token", "list", "--data", join(dir, "none")],
    6,
    /no server is running on .*none: start one/,
  ],
  ["link: no server", ["link", "--data", join(dir, "none")], 6, /no server is running on .*none: start one/],
  ["lab: a name that is none", ["lab", "up", "--name", "Not a lab"], 2, /"Not a lab" is no lab name: 1 to 8 characters/],
  [
    "lab: no such scenario",
    ["lab", "traffic", "exmple1", "--name", "nolab"],
    2,
    /there is no scenario "exmple1"; there are example1,/,
  ],
  [
    "lab: not up",
    ["lab", "traffic", "example1", "--name", "nolab"],
    1,
    /lab "nolab" is not up; bring it up with: flowtrail lab up --name nolab/,
  ],
  [
    "lab: no number",
    ["lab", "traffic", "short", "--count", "many"],
    2,
    /'--count <n>' argument 'many' is invalid. expected a number above 0/,
  ],
];

function changed(bytes: Uint8Array, at: number, value: number): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy[at] = value;
  return copy;
}

describe("a command that can't be", () => {
  for (const [what, args, exitCode, ...patterns] of CASES)
    it(what, async () => {
      expectRefusal(await flowtrail(args), exitCode, ...patterns);
      expect(readdirSync(dir)).not.toContain("never");
    });
});

describe.skipIf(!needs("commands of users without rights", "root"))("a user without rights", () => {
  const nobody = { prefix: asNobody(), env: { HOME: dir } };
  const foreign = join(dir, "foreign");
  const own = join(dir, "own");
  beforeAll(() => {
    for (const path of [foreign, own]) mkdirSync(path);
    chownSync(own, NOBODY, NOBODY);
  });

  const cases: readonly Case[] = [
    [
      "server: data directory",
      ["server", "--listen", "127.0.0.1:0", "--data", join(foreign, "data")],
      4,
      /data directory .*foreign.data can't be written \(EACCES\).*chown.*--data/,
    ],
    [
      "up: data directory",
      ["up", "--listen", "127.0.0.1:0", "--data", join(foreign, "data")],
      4,
      /can't be written \(EACCES\).*--data/,
    ],
    [
      "token: data directory",
      ["token", "create", "--node", "n", "--data", join(foreign, "data")],
      4,
      /can't be written \(EACCES\).*--data/,
    ],
    ["agent: state directory", ["agent", ...LOCAL, "--state", join(foreign, "state")], 4, /foreign.state.* \(EACCES\).*--state/],
    [
      "agent: capabilities",
      ["agent", ...LOCAL, "--state", join(own, "state")],
      3,
      /needs CAP_NET_ADMIN: run the agent as root, or with `AmbientCapabilities=/,
    ],
    ["lab up", ["lab", "up", "--name", "nolab"], 3, /only root may: run it with sudo/],
    ["lab down", ["lab", "down", "--name", "nolab"], 3, /only root may: run it with sudo/],
  ];
  for (const [what, args, exitCode, ...patterns] of cases)
    it(what, async () => {
      expectRefusal(await flowtrail(args, nobody), exitCode, ...patterns);
    });
});

describe("a server", () => {
  const data = join(dir, "data");
  let server: Cli;
  let url = "";
  let admin = "";

  beforeAll(async () => {
    server = new Cli(["server", "--listen", "127.0.0.1:0", "--data", data, "--auth-max-failures", "1000"]);
    await server.says(/the server is up/);
    url = (JSON.parse(readFileSync(join(data, "server.json"), "utf8")) as { url: string }).url;
    admin = readFileSync(join(data, "admin.token"), "utf8").trim();
  }, 60_000);
  afterAll(async () => {
    // It is the one that was started, and it ends as it should.
    expect(await server?.stop()).toMatchObject({ code: 0 });
  }, 30_000);

  interface Answer {
    readonly status: number;
    readonly error: { readonly code: string; readonly message: string } | undefined;
    readonly accepted: number | undefined;
  }
  async function upload(body: Uint8Array, token: string | null, headers: Record<string, string> = {}): Promise<Answer> {
    const answer = await fetch(`${url}/ingest/v1/flows`, {
      method: "POST",
      headers: {
        "content-type": ARROW_CONTENT_TYPE,
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
        ...headers,
      },
      body: body as Uint8Array<ArrayBuffer>,
    });
    const json = (await answer.json()) as Omit<Answer, "status">;
    return { ...json, status: answer.status };
  }
  const newToken = async (...args: string[]) =>
    JSON.parse((await flowtrail(["token", "create", "--json", "--data", data, ...args])).stdout) as { id: string; token: string };

  /** A batch of one row, such as an agent sends. */
  function batch(flowId: number): Uint8Array {
    const rows = new FlowBatch();
    const at = new Date().toISOString();
    const ends = { src_ip: "100.102.137.9", src_port: 40_000, dst_ip: "100.102.137.4", dst_port: 443 };
    const what = {
      flow_id: String(flowId),
      revision: 0,
      network: "netmaker",
      direction: "egress",
      role: "initiator",
      protocol: 6,
    };
    expect(addJsonRow(rows, { ...what, ...ends, reporter: "sender", start: at, last_seen: at, state: "open" })).toBeNull();
    return encodeBatch(rows, { columns: SENDER_COLUMNS });
  }

  describe("that is sent what is no batch", () => {
    let token = "";
    beforeAll(async () => {
      token = (await newToken("--node", "sender")).token;
    }, 30_000);

    it("refuses every truncation of one, and takes the whole", async () => {
      const whole = batch(1);
      for (let length = 0; length < whole.length - 8; length += 37) {
        const answer = await upload(whole.subarray(0, length), token);
        expect(answer, `${length} of ${whole.length} bytes`).toMatchObject({ status: 400, error: { code: "BAD_BATCH" } });
        expect(answer.error?.message).not.toMatch(/\n|\.ts:|undefined|RangeError|TypeError/);
      }
      expect(await upload(whole, token)).toMatchObject({ status: 200, accepted: 1 });
    });

    it("refuses lengths and counts that lie, byte by byte", async () => {
      const whole = batch(2);
      const places = Array.from({ length: Math.ceil(whole.length / 11) }, (_, i) => i * 11);
      for (const lie of [0xff, 0x7f, 0x80]) {
        const answers = await Promise.all(places.map((at) => upload(changed(whole, at, lie), token)));
        // Some bytes are values, or padding: then it is a batch still.
        expect(answers.filter(({ status }) => ![200, 400, 413].includes(status))).toEqual([]);
        expect(answers.filter(({ status }) => status === 400).length).toBeGreaterThan(places.length / 4);
      }
    });

    const bomb = new Uint8Array(200 << 20);
    const hostile: readonly (readonly [string, number, string, () => Uint8Array, Record<string, string>?])[] = [
      ["noise", 400, "BAD_BATCH", () => Uint8Array.from({ length: 5000 }, (_, i) => (i * 7919) % 251)],
      ["a length of 2 GiB", 400, "BAD_BATCH", () => Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f)],
      ["JSON", 400, "BAD_BATCH", () => new TextEncoder().encode('{"flows":[]}')],
      ["no zstd", 400, "BAD_BATCH", () => batch(3), { "content-encoding": "zstd" }],
      [
        "a few bytes of zstd that stand for 200 MiB",
        413,
        "TOO_LARGE",
        () => zstdCompressSync(bomb),
        { "content-encoding": "zstd" },
      ],
      ["a few bytes of gzip that stand for 200 MiB", 413, "TOO_LARGE", () => gzipSync(bomb), { "content-encoding": "gzip" }],
      ["an encoding that it does not know", 415, "UNSUPPORTED_ENCODING", () => batch(3), { "content-encoding": "br" }],
      ["a type that it does not know", 415, "UNSUPPORTED_TYPE", () => batch(3), { "content-type": "text/csv" }],
      ["a batch number that is none", 400, "BAD_HEADER", () => batch(3), { "flowtrail-batch": "one" }],
    ];
    for (const [what, status, code, body, headers] of hostile)
      it(`refuses ${what} with ${status}`, async () => {
        const answer = await upload(body(), token, headers);
        expect(answer).toMatchObject({ status, error: { code, message: expect.stringMatching(/\w+ \w+/) } });
      });

    it("refuses a body that is announced as too large before it comes", async () => {
      const headers = {
        authorization: `Bearer ${token}`,
        "content-type": ARROW_CONTENT_TYPE,
        "content-length": String(17 << 20),
      };
      const sending = request(`${url}/ingest/v1/flows`, { method: "POST", headers });
      sending.flushHeaders();
      const [answer] = (await once(sending, "response")) as [IncomingMessage];
      sending.destroy();
      expect(answer.statusCode).toBe(413);
    });

    it("is well after all of it", async () => {
      expect((await fetch(`${url}/api/health`)).status).toBe(200);
      expect(await upload(batch(4), token)).toMatchObject({ status: 200, accepted: 1 });
      expect(server.stderr).not.toMatch(/"level":(50|60)| error | fatal /);
    });
  });

  describe("that is shown credentials that are not good", () => {
    const get = async (path: string, token: string) => {
      const answer = await fetch(`${url}${path}`, { headers: { authorization: `Bearer ${token}` } });
      return { status: answer.status, ...((await answer.json()) as Pick<Answer, "error">) };
    };

    it("refuses none, wrong ones and those of another kind, each with what is needed", async () => {
      const agent = await newToken("--node", "other");
      const api = await newToken("--api");
      const needsAgent = { message: expect.stringMatching(/agent's token/) };
      const needsApi = { message: expect.stringMatching(/API token or a session/) };
      expect(await upload(batch(5), null)).toMatchObject({ status: 401, error: { code: "UNAUTHENTICATED", ...needsAgent } });
      expect(await upload(batch(5), "wrong")).toMatchObject({ status: 401, error: { code: "UNAUTHENTICATED", ...needsAgent } });
      expect(await upload(batch(5), api.token)).toMatchObject({ status: 403, error: { code: "FORBIDDEN", ...needsAgent } });
      expect(await get("/api/flows", "wrong")).toMatchObject({ status: 401, error: { code: "UNAUTHENTICATED", ...needsApi } });
      expect(await get("/api/flows", agent.token)).toMatchObject({ status: 403, error: { code: "FORBIDDEN", ...needsApi } });
      expect((await get("/api/flows", api.token)).status).toBe(200);
    });

    it("refuses a token from the moment that it is revoked", async () => {
      const { id, token } = await newToken("--node", "revoked");
      expect(await upload(batch(6), token)).toMatchObject({ status: 200 });
      expect(await flowtrail(["token", "revoke", id, "--data", data])).toMatchObject({ code: 0 });
      expect(await upload(batch(7), token)).toMatchObject({ status: 401, error: { code: "UNAUTHENTICATED" } });
      const again = await flowtrail(["token", "revoke", "tok_none", "--data", data]);
      expectRefusal(again, 1, /there is no token tok_none/);
    });

    it("refuses a row of another node than the token's", async () => {
      const { token } = await newToken("--node", "someone");
      const at = new Date().toISOString();
      const row = {
        flow_id: "1",
        revision: 0,
        network: "n",
        direction: "egress",
        role: "initiator",
        protocol: 17,
        state: "open",
      };
      const line = { ...row, reporter: "sender", src_ip: "10.0.0.1", dst_ip: "10.0.0.2", start: at, last_seen: at };
      const body = new TextEncoder().encode(JSON.stringify(line));
      const answer = await upload(body, token, { "content-type": "application/x-ndjson" });
      expect(answer).toMatchObject({
        status: 200,
        accepted: 0,
        rejected: [{ row: 0, message: expect.stringMatching(/token is that of node someone/) }],
      });
    });
  });

  it("has its directory for itself", async () => {
    const second = await flowtrail(["server", "--listen", "127.0.0.1:0", "--data", data]);
    expectRefusal(second, 4, /data directory .*data.* is in use by the server with process id \d+. Stop it, or .*--data/);
    expect((await fetch(`${url}/api/health`)).status).toBe(200);
    expect(readFileSync(join(data, "admin.token"), "utf8").trim()).toBe(admin);
  });

  it("says so when its port is taken, and leaves nothing behind", async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
    const address = taken.address();
    const listen = `127.0.0.1:${typeof address === "object" ? address?.port : ""}`;
    const other = join(dir, "other");
    const refused = await flowtrail(["server", "--listen", listen, "--data", other]);
    taken.close();
    expectRefusal(refused, 2, new RegExp(`can't listen on ${listen} \\(EADDRINUSE\\): another program listens there.*--listen`));
    expect(readdirSync(other)).not.toContain("server.json");
  });

  it("is not needed for a token, but is named when none has used the directory", async () => {
    const fresh = join(dir, "fresh");
    // The second time there is a directory, but still no server's.
    for (const node of ["early", "earlier"]) {
      const made = await flowtrail(["token", "create", "--node", node, "--data", fresh]);
      expect(made).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\S+\n$/) });
      expect(made.stderr).toMatch(/no server has used .*fresh so far: .*--data/);
    }
  });
});

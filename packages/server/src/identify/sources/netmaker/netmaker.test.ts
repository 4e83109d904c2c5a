import { execFileSync } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer as createTlsServer, type Server as TlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { egress, fleet, network, node } from "./testing/data.ts";
import { NetmakerDouble } from "./testing/double.ts";
import { sourceOn, type TestSource } from "./testing/source.ts";

let double: NetmakerDouble;
let source: TestSource | null = null;

beforeEach(async () => {
  double = await new NetmakerDouble(fleet()).start();
});
afterEach(async () => {
  await source?.end();
  source = null;
  await double.stop();
});

/** Polls as fast as it can, so that tests wait for what follows and not for the clock. */
const BUSY = { intervalMs: 20, firstPauseMs: 20 };

async function until(look: () => unknown, message: string): Promise<void> {
  await vi.waitFor(
    () => {
      if (!look()) throw new Error(`${message}: ${source?.state.error}`);
    },
    { timeout: 20_000, interval: 10 },
  );
}
const names = (at = -1) => source?.said.at(at)?.networks[0]?.nodes.map(({ name }) => name);

describe("Netmaker as a source", () => {
  it("says what is new, and nothing where nothing is, whatever the order of the answers", async () => {
    source = await sourceOn(double, BUSY);
    expect(source.said).toHaveLength(1);
    for (const list of [double.data.nodes, double.data.hosts, double.data.extclients]) (list as unknown[]).reverse();
    const { length } = double.asked;
    await until(() => double.asked.length > length + 20, "it asks again");
    expect(source.said).toHaveLength(1);
    (double.data.nodes as unknown[]).pop();
    (double.data.nodes as unknown[]).unshift(node({ id: "new", address: "100.102.137.50/24" }));
    await until(() => source?.said.length === 2, "it says what is new");
    expect(source.said[1]?.networks[0]?.nodes.map(({ id }) => id)).toContain("new");
    expect(double.mostAtOnce).toBe(1);
  });

  it.each(["nodes", "networks"] as const)("believes that there are no %s any more when it is told so twice", async (part) => {
    source = await sourceOn(double, { ...BUSY, intervalMs: 1500 });
    const { nodes, networks } = double.data;
    double.data[part] = [];
    await until(() => source?.state.error?.includes(`there are no ${part} any more`), "it doubts");
    double.data.nodes = nodes;
    double.data.networks = networks;
    await until(() => source?.state.error === null, "it was a mistake");
    expect(source.said).toHaveLength(1);
    double.data[part] = null;
    await until(() => source?.state.error?.includes("stay in force"), "it doubts again");
    expect(source.said).toHaveLength(1);
    await until(() => source?.said.length === 2, "it is told so again");
    expect(source.state.error).toBeNull();
    expect(source.said[1]).not.toEqual(source.said[0]);
    if (part === "nodes") expect(source.said[1]?.networks.flatMap(({ nodes }) => nodes)).toEqual([]);
  });

  it("goes on when Netmaker comes after us, goes away, and comes back", async () => {
    const { port } = double;
    await double.stop();
    source = await sourceOn({ url: `http://127.0.0.1:${port}` }, BUSY);
    expect(source.said).toEqual([]);
    expect(source.state).toMatchObject({
      lastSyncMs: null,
      nextTryMs: expect.any(Number),
      error: expect.stringMatching(/nothing listens there.*inventory\.netmaker\.url/),
    });
    double = await new NetmakerDouble(fleet()).start(port);
    await until(() => source?.state.error === null, "Netmaker came");
    expect(names()).toEqual(["inetgw", "debian"]);
    await double.stop();
    await until(() => source?.state.error !== null, "Netmaker went");
    expect(source.said).toHaveLength(1);
    double = new NetmakerDouble(fleet());
    double.data.networks = [network(), network({ netid: "second" })];
    await double.start(port);
    await until(() => source?.said.length === 2, "Netmaker came back");
  });

  it("waits longer after each failure, as long as it is told to, and never for ever", async () => {
    double.fail("/api/networks", 503, "starting", { "retry-after": "1800" });
    source = await sourceOn(double);
    const { nextTryMs, error } = source.state;
    expect(error).toMatch(/\/api\/networks answers 503 \("starting"\)/);
    expect((nextTryMs ?? 0) - Date.now()).toBeGreaterThan(1_700_000);
  });

  it("reads its token anew for each poll: a revoked one is told with what to do", async () => {
    source = await sourceOn(double, BUSY);
    double.tokens.clear();
    await until(() => source?.state.error !== null, "the token was revoked");
    expect(source.state.error).toMatch(/answers 401 .*make an access token of a user with the role auditor.*token_file/);
    expect(source.said).toHaveLength(1);
    double.tokens.add("new-token");
    await writeFile(source.tokenFile, "new-token");
    await until(() => source?.state.error === null, "the token was replaced");
  });

  it("asks nothing more with a token that is not valid", async () => {
    double.tokens.clear();
    source = await sourceOn(double);
    expect(double.asked).toEqual(["/api/networks"]);
  });

  it.each([
    ["", /token .*\(inventory\.netmaker\.token_file\) is empty: make an access token/],
    ["two words", /holds no token/],
    [null, /can't be read \(ENOENT\)/],
  ])("says what is wrong with the token file %j", async (content, message) => {
    source = await sourceOn(double, BUSY);
    if (content === null) await rm(source.tokenFile);
    else await writeFile(source.tokenFile, content);
    await until(() => source?.state.error?.match(message), "it says so");
  });

  it("stops in the middle of an answer", async () => {
    double.instead.set("/api/nodes", () => {});
    source = await sourceOn(double, { firstAnswerMs: 1 });
    await until(() => double.asked.includes("/api/nodes"), "it asks");
    source.source.stop();
    expect(source.state).toMatchObject({ nextTryMs: null, error: null });
  });

  it("does not keep a start waiting for a Netmaker that does not answer", async () => {
    double.instead.set("/api/networks", () => {});
    source = await sourceOn(double, { firstAnswerMs: 10, timeoutMs: 60_000 });
    expect(source.said).toEqual([]);
  });

  it("warns of a token file that everybody can read", async () => {
    const open = await sourceOn(double);
    await open.end();
    const dir = await mkdtemp(join(tmpdir(), "flowtrail-netmaker-open-"));
    await writeFile(join(dir, "token"), "good-token", { mode: 0o644 });
    source = await sourceOn(double, { tokenFile: join(dir, "token") });
    expect(source.logged.join()).toContain("chmod 600");
    await rm(dir, { recursive: true });
  });
});

describe("one endpoint of Netmaker", () => {
  const text = (body: string) => (_: unknown, response: import("node:http").ServerResponse) => void response.end(body);

  it.each([
    [
      "fails",
      "/api/nodes",
      () => double.fail("/api/nodes", 500),
      /nodes: .*\/api\/nodes answers 500 \("broken"\); what it said last/,
    ],
    ["fails", "/api/hosts", () => double.fail("/api/hosts", 502), /hosts: .*answers 502/],
    ["fails", "/api/extclients", () => double.fail("/api/extclients", 500), /ext clients: .*answers 500/],
    ["fails", "/api/v1/egress", () => double.fail("/api/v1/egress", 500), /egress of netmaker: .*answers 500/],
    [
      "is forbidden",
      "/api/users",
      () => double.fail("/api/users", 403, "denied"),
      /users: .*answers 403 \("denied"\).*may not read this: .*auditor/,
    ],
    [
      "gives a page of a proxy",
      "/api/nodes",
      () => double.instead.set("/api/nodes", text("<html>sign in")),
      /is no JSON \(it begins with "<html>sign in"\).*url the address of Netmaker's API/,
    ],
    ["gives a part of JSON", "/api/nodes", () => double.instead.set("/api/nodes", text('[{"id":')), /is no JSON/],
    [
      "gives an object",
      "/api/nodes",
      () => double.instead.set("/api/nodes", text('{"a":1}')),
      /nodes: api\/nodes gives an object with a where a list was expected/,
    ],
    [
      "is huge",
      "/api/nodes",
      () => double.instead.set("/api/nodes", text(`"${"x".repeat(2 ** 20)}"`)),
      /answer is larger than 0\.5 MiB/,
    ],
    [
      "is slow",
      "/api/nodes",
      () => double.instead.set("/api/nodes", (_, response) => void response.write("[")),
      /nodes: .*no whole answer within 0\.3 s/,
    ],
    ["is gone", "/api/nodes", () => double.fail("/api/nodes", 404), /answers 404/],
    [
      "sends us elsewhere",
      "/api/nodes",
      () => double.fail("/api/nodes", 302, "", { location: "http://elsewhere.test/" }),
      /answers 302: it sends us elsewhere, where the token must not go/,
    ],
  ])("%s: %s", async (_, path, breakIt, message) => {
    source = await sourceOn(double, { ...BUSY, timeoutMs: 300, maxAnswerBytes: 2 ** 19 });
    expect(source.state.error).toBeNull();
    const [before] = source.said;
    breakIt();
    await until(() => source?.state.error?.match(message), `${path} is told`);
    expect(source.said).toHaveLength(1);
    // What the others say goes on being read, and what that one said stays.
    if (path !== "/api/networks") (double.data.networks as unknown[]).push(network({ netid: "second" }));
    await until(() => source?.said.length === 2, "the others go on");
    expect(source.said[1]?.networks[0]).toEqual(before?.networks[0]);
    double.instead.clear();
    await until(() => source?.state.error === null, "all is well again");
  });

  it("that never answered keeps everything back, so that a restart takes nobody's name away", async () => {
    double.fail("/api/extclients", 500);
    source = await sourceOn(double, BUSY);
    expect(source.said).toEqual([]);
    expect(source.state).toMatchObject({
      lastSyncMs: null,
      error: expect.stringMatching(/ext clients: .*answers 500.*nothing is known of it/),
    });
    double.instead.clear();
    await until(() => source?.said.length === 1, "it is whole");
  });

  it("that this version does not have is none: ext clients stand among the nodes", async () => {
    for (const path of ["/api/extclients", "/api/v1/egress"]) double.fail(path, 404);
    source = await sourceOn(double);
    expect(source.said[0]?.networks[0]).toMatchObject({
      users: [{ id: "ana@example.com" }],
      config_files: [{ id: "printer" }],
      egress: [],
    });
    expect(source.state.error).toBeNull();
  });

  it("that is not for this token's user is told, and done without", async () => {
    double.fail("/api/users", 403, "forbidden");
    source = await sourceOn(double);
    expect(source.said[0]?.networks[0]?.users).toMatchObject([{ id: "ana@example.com", groups: ["g-1"] }]);
    expect(source.state.error).toMatch(/users are not there: .*answers 403/);
  });

  it("that gives pages without end is left", async () => {
    double.fail("/api/hosts", 404);
    double.instead.set("/api/v1/hosts", text(JSON.stringify({ Response: { data: [{ id: "h" }], total_pages: 1e9 } })));
    source = await sourceOn(double, { firstAnswerMs: 60_000 });
    expect(source.state.error).toMatch(/more than 1000 pages/);
  });
});

it("forgets the egress routes of a network that is gone", async () => {
  double.data.networks = [network(), network({ netid: "second", addressrange: "10.9.0.0/24" })];
  double.data.egress.second = [egress({ id: "e2", network: "second", range: "10.8.0.0/16" })];
  source = await sourceOn(double, BUSY);
  expect(source.said[0]?.networks.map(({ id }) => id)).toEqual(["netmaker", "second"]);
  double.data.networks = [network()];
  await until(() => source?.said.length === 2, "it is gone");
  expect(source.said[1]?.networks.map(({ id }) => id)).toEqual(["netmaker"]);
});

describe("over TLS", () => {
  let dir: string;
  let server: TlsServer;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), "flowtrail-netmaker-tls-"));
    const [key, cert] = [join(dir, "key.pem"), join(dir, "cert.pem")];
    const subject = ["-subj", "/CN=api.test", "-addext", "subjectAltName=IP:127.0.0.1"];
    execFileSync(
      "openssl",
      [
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-days",
        "1",
        "-keyout",
        key,
        "-out",
        cert,
        ...subject,
      ],
      { stdio: "ignore" },
    );
    server = createTlsServer({ key: await readFile(key), cert: await readFile(cert) }, (request, response) => {
      double.answer(request, response);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  });
  afterEach(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await rm(dir, { recursive: true });
  });
  const url = () => `https://127.0.0.1:${(server.address() as AddressInfo).port}`;

  it("trusts the authority that is named", async () => {
    source = await sourceOn({ url: url() }, { caFile: join(dir, "cert.pem") });
    expect(source.state.error).toBeNull();
    expect(names()).toEqual(["inetgw", "debian"]);
  });

  it("trusts nobody else, and sends no token", async () => {
    source = await sourceOn({ url: url() });
    expect(source.state.error).toMatch(/certificate is signed by nobody that is known here .*inventory\.netmaker\.ca_file/);
    expect(double.asked).toEqual([]);
  });

  it("says that the file of certificates can't be read", async () => {
    source = await sourceOn({ url: url() }, { caFile: join(dir, "none.pem") });
    expect(source.state.error).toMatch(/none\.pem \(inventory\.netmaker\.ca_file\) can't be read \(ENOENT\)/);
  });
});

it.each(["", "/", "/api", "/api/"])("takes its address with %j at the end", async (end) => {
  source = await sourceOn({ url: `${double.url}${end}` });
  expect(source.state.error).toBeNull();
});

/** The agent's side of TLS against a real TLS server, with certificates of openssl's: whom it trusts, whom it shows itself to, and that nothing is lost by a refusal. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { TLSSocket } from "node:tls";
import { addJsonRow, encodeBatch, FlowBatch, SENDER_COLUMNS } from "@flowtrail/model";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { needs } from "../../../../test/needs.ts";
import { systemClock } from "../clock.ts";
import { Spool } from "../spool/spool.ts";
import type { AgentLogger } from "../status/logger.ts";
import { HttpClient } from "./http.ts";
import { Shipper } from "./ship.ts";
import { TlsFiles } from "./tls-files.ts";

const dir = mkdtempSync(join(tmpdir(), "ft-tls-"));
const at = (name: string) => join(dir, name);
const EC = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];

/** A certificate by an authority; of its own without one. */
function certificate(name: string, ca: string | null, options: readonly string[] = [], madeAt = new Date()): void {
  const issuer = ca === null ? [] : ["-CA", at(`${ca}.pem`), "-CAkey", at(`${ca}.key`)];
  const files = ["-subj", `/CN=${name}`, "-keyout", at(`${name}.key`), "-out", at(`${name}.pem`)];
  const made = ["openssl", "req", "-x509", "-days", "30", ...issuer, ...EC, ...files, ...options];
  execFileSync("faketime", [madeAt.toISOString().replace("T", " ").slice(0, 19), ...made], {
    stdio: "ignore",
    env: { ...process.env, TZ: "UTC" },
  });
}
const FOR_LOOPBACK = ["-addext", "subjectAltName=IP:127.0.0.1"];
const LONG_AGO = new Date("2020-01-01");

describe.skipIf(!needs("TLS of the agent", "certificates"))("TLS of the agent", () => {
  beforeAll(() => {
    certificate("ca", null);
    certificate("other-ca", null);
    certificate("server", "ca", FOR_LOOPBACK);
    certificate("expired", "ca", FOR_LOOPBACK, LONG_AGO);
    certificate("elsewhere", "ca", ["-addext", "subjectAltName=DNS:elsewhere.example"]);
    certificate("agent", "ca");
    certificate("agent-next", "ca");
    certificate("agent-expired", "ca", [], LONG_AGO);
    certificate("stranger", "other-ca");
  });
  afterAll(() => rmSync(dir, { recursive: true }));

  const stops: (() => unknown)[] = [];
  afterEach(async () => {
    for (const stop of stops.splice(0).reverse()) await stop();
  });

  /** Who came, by the names of their certificates. */
  const came: string[] = [];
  async function listen(name: string, options: { client?: boolean } = {}): Promise<{ url: URL; server: Server }> {
    const files = { cert: readFileSync(at(`${name}.pem`)), key: readFileSync(at(`${name}.key`)) };
    const asks = options.client ? { ca: readFileSync(at("ca.pem")), requestCert: true, rejectUnauthorized: true } : {};
    const server = createServer({ ...files, ...asks }, (request, response) => {
      came.push(String((request.socket as TLSSocket).getPeerCertificate().subject?.CN));
      request.resume().on("end", () => response.end(JSON.stringify({ accepted: 1 })));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    stops.push(() => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    });
    return { url: new URL(`https://127.0.0.1:${(server.address() as AddressInfo).port}`), server };
  }

  function client(url: URL, files: { caFile?: string; certFile?: string; keyFile?: string }): HttpClient {
    const made = new HttpClient({ server: url, timeoutMs: 5000, ...files });
    stops.push(() => made.close());
    return made;
  }
  const ask = (one: HttpClient) => one.request({ method: "GET", path: "x", headers: {} });
  const asAgent = (name = "agent") => ({ caFile: at("ca.pem"), certFile: at(`${name}.pem`), keyFile: at(`${name}.key`) });

  it.each([
    ["that nobody vouches for", "server", {}, "--ca-file"],
    ["that another authority vouches for", "server", { caFile: "other-ca.pem" }, "--ca-file"],
    ["that has expired", "expired", { caFile: "ca.pem" }, "has expired"],
    ["for another name", "elsewhere", { caFile: "ca.pem" }, "for another name"],
  ])("takes no certificate %s, and says why", async (_what, name, { caFile }: { caFile?: string }, words) => {
    const { url } = await listen(name);
    const before = came.length;
    const refused = ask(client(url, caFile === undefined ? {} : { caFile: at(caFile) }));
    await expect(refused).rejects.toMatchObject({ code: "SHIP_NETWORK", message: expect.stringContaining(words) });
    // Nothing of the request was sent: not the token, not the flows.
    expect(came).toHaveLength(before);
  });

  it("shows its own certificate to a server that asks for one; without a good one it is told which flags", async () => {
    const { url } = await listen("server", { client: true });
    expect((await ask(client(url, asAgent()))).status).toBe(200);
    expect(came.at(-1)).toBe("agent");
    const before = came.length;
    for (const files of [{ caFile: at("ca.pem") }, asAgent("agent-expired"), asAgent("stranger")])
      await expect(ask(client(url, files))).rejects.toMatchObject({ message: expect.stringContaining("--cert-file") });
    expect(came).toHaveLength(before);
  });

  it("takes new files without a restart, and keeps what it has while they do not fit", async () => {
    const { url } = await listen("server", { client: true });
    const put = (cert: string, key: string) => {
      writeFileSync(at("mine.pem"), readFileSync(at(`${cert}.pem`)));
      writeFileSync(at("mine.key"), readFileSync(at(`${key}.key`)));
    };
    put("agent", "agent");
    const one = client(url, asAgent("mine"));
    await ask(one);
    put("agent-next", "agent");
    await delay(1100);
    expect((await ask(one)).status).toBe(200);
    expect([came.at(-1), one.problem]).toEqual(["agent", expect.stringContaining("--key-file")]);
    put("agent-next", "agent-next");
    await delay(1100);
    expect((await ask(one)).status).toBe(200);
    expect([came.at(-1), one.problem]).toEqual(["agent-next", ""]);
  });

  it("a server whose certificate is bad gets no batch, and all of them when it is good", async () => {
    const log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
    const { url, server } = await listen("expired");
    const spool = new Spool({ dir: at("spool"), maxBytes: 1 << 24, maxSegmentBytes: 1 << 16 });
    spool.open();
    const batch = new FlowBatch(1);
    addJsonRow(batch, { reporter: "n", src_port: 1 });
    const metadata = { agent_version: "1", covered_from: 1, covered_to: 2, addresses: {}, drops: {}, gauges: {} };
    for (let i = 0; i < 3; i++)
      spool.append(encodeBatch(batch, { columns: SENDER_COLUMNS, metadata }), { rows: 1, coveredFromMs: 1, coveredToMs: 2 });
    const http = client(url, { caFile: at("ca.pem") });
    const deps = { spool, http, token: () => "t", clock: systemClock, random: () => 0, log: log as unknown as AgentLogger };
    const shipper = new Shipper({ node: "n", maxPauseMs: 1000 }, deps);
    shipper.start();
    stops.push(async () => {
      await shipper.stop(0);
      spool.close();
    });
    await expect.poll(() => shipper.lastError).toContain("has expired");
    expect(spool.depth.batches).toBe(3);
    server.setSecureContext({ cert: readFileSync(at("server.pem")), key: readFileSync(at("server.key")) });
    await expect.poll(() => spool.depth.batches, { timeout: 15_000 }).toBe(0);
    expect(shipper.lastError).toBe("");
  });

  it("files that are of no use are told at the start", () => {
    writeFileSync(at("junk.pem"), "no certificate");
    expect(() => new TlsFiles({ caFile: at("none.pem") })).toThrow(/--ca-file\) can't be read \(ENOENT\)/);
    expect(() => new TlsFiles({ certFile: at("junk.pem"), keyFile: at("agent.key") })).toThrow(/of no use for TLS/);
    expect(() => new TlsFiles({ certFile: at("agent.pem"), keyFile: at("stranger.key") })).toThrow(/of no use for TLS/);
  });
});

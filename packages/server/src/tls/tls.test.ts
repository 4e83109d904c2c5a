/** The server with TLS: what it speaks, and certificates that change while it runs. */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { Agent, type RequestOptions, request } from "node:https";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { connect, type PeerCertificate, type TLSSocket } from "node:tls";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestServer, type TestServer } from "../testing.ts";
import { Certificate } from "./certificate.ts";
import { makeCertificate } from "./testing.ts";

const files = makeCertificate("flows.example.com");
const client = makeCertificate("an-agent");
let test: TestServer;
let port = 0;

beforeAll(async () => {
  test = await startTestServer({
    flags: { "tls.cert": files.cert, "tls.key": files.key, "tls.client_ca": client.cert },
    certificatePollMs: 50,
  });
  port = Number(new URL(test.server.pageUrl ?? "").port);
});
afterAll(async () => {
  await test.stop();
  for (const { dir } of [files, client]) rmSync(dir, { recursive: true });
});

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  readonly peer: PeerCertificate;
}

/** As the administrator, over TLS. */
function ask(path: string, options: RequestOptions & { body?: string } = {}): Promise<Answer> {
  const { body, headers = {}, ...rest } = options;
  return new Promise((resolve, reject) => {
    const given = { authorization: `Bearer ${test.adminToken}`, ...headers };
    const made = request(
      { host: "127.0.0.1", port, path, ca: readFileSync(files.cert), agent: false, ...rest, headers: given },
      (response) => {
        const peer = (response.socket as TLSSocket).getPeerCertificate();
        let text = "";
        response.setEncoding("utf8").on("data", (part: string) => {
          text += part;
        });
        response.on("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text, peer }));
      },
    );
    made.on("error", reject).end(body);
  });
}

const until = async (is: () => boolean | Promise<boolean>) => {
  while (!(await is())) await sleep(20);
};
const tlsHealth = async () => JSON.parse((await ask("/api/health")).text).tls as { problem: string | null; names: string[] };

describe("the server with TLS", { timeout: 30_000 }, () => {
  it("speaks TLS 1.2 and 1.3, and nothing older", async () => {
    const spoken = (maxVersion: "TLSv1.1" | "TLSv1.2" | "TLSv1.3") =>
      new Promise((resolve) => {
        const ciphers = "DEFAULT@SECLEVEL=0";
        const ca = readFileSync(files.cert);
        const socket = connect({ host: "127.0.0.1", port, ca, minVersion: "TLSv1", maxVersion, ciphers }, () => {
          resolve(`${socket.getProtocol()} ${socket.getCipher().name.replace(/^TLS_AES.*/, "")}`.trim());
          socket.destroy();
        });
        socket.on("error", () => resolve("refused"));
      });
    expect(await spoken("TLSv1.1")).toBe("refused");
    expect(await spoken("TLSv1.2")).toMatch(/^TLSv1\.2 ECDHE-.*GCM/);
    expect(await spoken("TLSv1.3")).toBe("TLSv1.3");
  });

  it("tells people its name, and programs of its machine an address that needs no certificate", async () => {
    expect(test.server.pageUrl).toBe(`https://127.0.0.1:${port}`);
    expect(JSON.parse(readFileSync(join(test.data, "server.json"), "utf8"))).toMatchObject({
      url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
      page: test.server.pageUrl,
    });
    expect((await test.ask("GET", "/api/flows")).status).toBe(200);
    expect((await test.ask("GET", "/api/flows", { token: null })).status).toBe(401);
  });

  it("says to browsers that it is to be spoken to by TLS only", async () => {
    const { headers } = await ask("/");
    expect(headers["strict-transport-security"]).toBe("max-age=31536000");
    expect(headers["cross-origin-opener-policy"]).toBe("same-origin");
    expect((await test.ask("GET", "/", { token: null })).headers.has("strict-transport-security")).toBe(false);
  });

  it("sets cookies that are sent by TLS only", async () => {
    const body = JSON.stringify({ code: test.adminToken });
    const { status, headers } = await ask("/api/auth/signin", {
      method: "POST",
      body,
      headers: { "content-type": "application/json" },
    });
    expect(status).toBe(204);
    expect(String(headers["set-cookie"])).toMatch(/^__Host-flowtrail_session=\S+;.* HttpOnly; Secure; SameSite=Strict/);
  });

  it("takes agents with a certificate and their token, and not with one of them", async () => {
    const token = await test.agentToken("debian");
    const own = { cert: readFileSync(client.cert), key: readFileSync(client.key) };
    const config = (given: object, secret = token) =>
      ask("/agent/v1/config", { ...given, headers: { authorization: `Bearer ${secret}` } });
    expect((await config(own)).status).toBe(200);
    expect(await config({})).toMatchObject({ status: 403, text: expect.stringContaining("tls.client_ca") });
    expect((await config(own, "nothing")).status).toBe(401);
    // One that nobody vouches for is none.
    expect((await config({ cert: readFileSync(files.cert), key: readFileSync(files.key) })).status).toBe(403);
    expect((await ask("/api/flows")).status).toBe(200);
  });

  it("takes a new certificate without a start and without dropping anybody, and keeps the old one where the new is broken", async () => {
    const kept = new Agent({ keepAlive: true, maxSockets: 1 });
    const ca = readFileSync(files.cert);
    const before = await ask("/api/health", { agent: kept, ca });
    const old = [readFileSync(files.cert), readFileSync(files.key)] as const;
    writeFileSync(files.cert, "-----BEGIN CERTIFICATE-----\nhalf");
    await until(async () => test.log.join("").includes("holds no certificate"));
    writeFileSync(files.cert, old[0]);
    await until(async () => (await tlsHealth()).problem === null);
    // As when one file is written and the other not yet.
    const next = makeCertificate("renewed.example.com");
    writeFileSync(files.key, readFileSync(next.key));
    await until(() => test.log.join("").includes("is not the key of"));
    const during = await ask("/api/health");
    expect(during.peer.fingerprint256).toBe(before.peer.fingerprint256);
    expect(JSON.parse(during.text).tls.problem).toContain("the certificate from before stays in force (tls)");
    expect((await test.ask<string>("GET", "/metrics")).body).toContain("flowtrail_tls_problem 1");
    writeFileSync(files.cert, readFileSync(next.cert));
    await until(() => test.log.join("").includes("the new certificate is in force"));
    expect((await ask("/")).peer.subject.CN).toBe("renewed.example.com");
    expect(await tlsHealth()).toMatchObject({ problem: null, names: ["renewed.example.com", "127.0.0.1"] });
    // The connection of before is still served.
    expect((await ask("/api/health", { agent: kept, ca })).peer.fingerprint256).toBe(before.peer.fingerprint256);
    kept.destroy();
    rmSync(next.dir, { recursive: true });
    expect(test.log.join("")).not.toMatch(/PRIVATE KEY|BEGIN CERT/);
  });

  it("says that a certificate ends soon, and does not start with a broken one", async () => {
    const now = () => Date.now() + 25 * 86_400_000;
    const messages: string[] = [];
    const logger = { info: () => undefined, warn: (_: object, text: string) => messages.push(text) };
    const { dir, ...good } = makeCertificate("ends.example.com");
    const made = new Certificate({ ...good, settings: "tls", requireClientCert: false }, { now, logger });
    await made.start();
    made.stop();
    expect(made.report?.problem).toMatch(/cert\.pem ends 20.*: renew it/);
    expect(messages).toEqual([made.report?.problem]);
    rmSync(dir, { recursive: true });
    const wrong = new Certificate({ ...good, cert: "/nowhere", settings: "tls", requireClientCert: false }, { now, logger });
    await expect(wrong.start()).rejects.toMatchObject({ code: "TLS_FILE", message: "/nowhere can't be read (ENOENT)" });
  });
});

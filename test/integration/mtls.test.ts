/** An agent with a certificate against a server that wants one: the agent's own parts over real TLS. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { AgentToken } from "../../packages/agent/src/ship/agent-token.ts";
import { Enroller } from "../../packages/agent/src/ship/enroller.ts";
import { HttpClient } from "../../packages/agent/src/ship/http.ts";
import type { AgentLogger } from "../../packages/agent/src/status/logger.ts";
import { startTestServer, type TestServer } from "../../packages/server/src/testing.ts";
import { makeCertificate } from "../../packages/server/src/tls/testing.ts";

const serverFiles = makeCertificate("localhost");
const agentFiles = makeCertificate("e1");
const strangerFiles = makeCertificate("e2");
const state = mkdtempSync(join(tmpdir(), "ft-mtls-"));
let server: TestServer;
let url: URL;

beforeAll(async () => {
  server = await startTestServer({
    flags: { "tls.cert": serverFiles.cert, "tls.key": serverFiles.key, "tls.client_ca": agentFiles.cert },
  });
  url = new URL(server.server.pageUrl ?? "");
  url.hostname = "localhost";
});
afterAll(async () => {
  await server.stop();
  for (const dir of [state, serverFiles.dir, agentFiles.dir, strangerFiles.dir]) rmSync(dir, { recursive: true });
});

const nothing = () => undefined;
const log: AgentLogger = { debug: nothing, info: nothing, warn: nothing, error: nothing } as unknown as AgentLogger;

const enrolment = async () => (await server.ask<{ token: string }>("POST", "/api/tokens/enrol", { body: {} })).body.token;
const OWN = { certFile: agentFiles.cert, keyFile: agentFiles.key };

/** Enrols over a connection of its own. */
async function enrol(node: string, enrolment: string, files: { certFile?: string; keyFile?: string }) {
  const file = join(state, `${node}.enrol`);
  writeFileSync(file, enrolment, { mode: 0o600 });
  const token = new AgentToken({ node, state, enrolTokenFile: file });
  const http = new HttpClient({ server: url, timeoutMs: 5000, caFile: serverFiles.cert, ...files });
  try {
    const outcome = await new Enroller({ node, state }, { token, http, log }).enrol();
    return { outcome, token };
  } finally {
    await http.close();
  }
}

it("an agent with a certificate of tls.client_ca is let in, and its token counts", async () => {
  const { outcome, token } = await enrol("e1", await enrolment(), OWN);
  expect(outcome).toBe("done");
  expect(token.current()).toMatch(/^ft_/);
});

it.each([
  ["none", "e2", {}],
  ["one of somebody else", "e3", { certFile: strangerFiles.cert, keyFile: strangerFiles.key }],
])("with %s it is told what it takes, and the enrolment token is not spent", async (_what, node, files) => {
  const given = await enrolment();
  const { outcome, token } = await enrol(node, given, files);
  expect(outcome).toMatchObject({ refused: { message: expect.stringContaining("tls.client_ca") }, hasNone: true });
  expect(() => token.current()).toThrow(/not enrolled yet/);
  expect((await enrol(node, given, OWN)).outcome).toBe("done");
});

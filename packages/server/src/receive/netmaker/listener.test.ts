/** The listener without the rest: who is let in, and connections whose other end is gone. */
import { execFileSync } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { connect as connectHttp2 } from "node:http2";
import { connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { connect as connectTls } from "node:tls";
import { afterEach, describe, expect, it } from "vitest";
import { UnknownHosts } from "./hosts.ts";
import { type ListenerConfig, NetmakerListener } from "./listener.ts";
import { Rate } from "./rates.ts";
import { type AnswerStream, openStream } from "./testing/agent.ts";

const opened: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of opened.splice(0).reverse()) await close();
});

const messages: string[] = [];
const logger = { info: (_: object, text: string) => messages.push(text), warn: (_: object, text: string) => messages.push(text) };

async function listening(change: Partial<ListenerConfig> = {}, take = async () => ({ success: true, error: "" })) {
  const config = { listen: { host: "127.0.0.1", port: 0 }, tls: {}, allow: [], maxStreams: 10, maxEnvelopeBytes: 10_000 };
  const listener = new NetmakerListener({ ...config, ...change }, { take, logger, now: Date.now });
  await listener.start();
  opened.push(() => listener.stop());
  return { listener, address: `127.0.0.1:${listener.address?.port}` };
}

function stream(...of: Parameters<typeof openStream>): AnswerStream {
  const one = openStream(...of);
  opened.push(() => one.close());
  return one;
}

it("a host that sends more than its rate waits, and no other", () => {
  const rate = new Rate(100);
  expect(rate.take("a", 1000, 0)).toBe(0);
  expect(rate.take("a", 100, 0)).toBe(1000);
  expect(rate.take("b", 1000, 0)).toBe(0);
  expect(rate.take("a", 100, 1000)).toBe(1000);
  expect(rate.take("a", 1000, 60_000)).toBe(0);
});

it("of hosts that nobody knows so many are let in, and who is silent makes room", () => {
  const unknown = new UnknownHosts();
  const hour = 3_600_000;
  for (let i = 0; i < 5000; i++) expect(unknown.admit(`host ${i}`, i)).toBe(true);
  expect(unknown.admit("one more", hour)).toBe(false);
  expect(unknown.admit("host 0", hour)).toBe(true);
  expect(unknown.admit("one more", 24 * hour + 10)).toBe(true);
  // In the place of host 1. Host 0 was heard of later.
  expect(unknown.admit("host 0", 24 * hour + 10)).toBe(true);
});

const until = async (is: () => boolean) => {
  while (!is()) await sleep(20);
};

describe("the listener for Netmaker's agents", { timeout: 30_000 }, () => {
  it("lets in loopback and private addresses, or who is on the list, and says what it means", async () => {
    const { address } = await listening();
    expect(await stream("grpc-js", address).send([])).toMatchObject({ success: true });
    expect(messages.at(-1)).toContain("anybody at loopback and private addresses can report flows of any host");
    const { address: other, listener } = await listening({ allow: ["192.0.2.0/24"] });
    // PERMISSION_DENIED
    await expect(stream("grpc-js", other).send([])).rejects.toMatchObject({ code: 7 });
    await expect(stream("connect", other).send([])).rejects.toMatchObject({ code: 7 });
    expect(listener.stats.notAllowed).toBe(2);
  });

  it("takes so many streams, and others again when these have ended", async () => {
    const { address, listener } = await listening({ maxStreams: 1 });
    const first = stream("grpc-js", address);
    await first.send([]);
    // RESOURCE_EXHAUSTED
    await expect(stream("connect", address).send([])).rejects.toMatchObject({ code: 8 });
    first.close();
    await until(() => listener.stats.streams === 0);
    expect(await stream("connect", address).send([])).toMatchObject({ success: true });
  });

  it("keeps a tenth of the streams for other addresses", async () => {
    const { address, listener } = await listening({ maxStreams: 10 });
    for (let i = 0; i < 9; i++) await stream("grpc-js", address).send([]);
    await expect(stream("grpc-js", address).send([])).rejects.toMatchObject({ code: 8 });
    expect(listener.stats).toMatchObject({ streams: 9, tooMany: 1 });
  });

  it("does not let a stream that is not answered hold up others", async () => {
    let isFirst = true;
    const { address } = await listening({}, async () => {
      if (isFirst) {
        isFirst = false;
        await sleep(20_000, undefined, { ref: false });
      }
      return { success: true, error: "" };
    });
    const waits = stream("grpc-js", address).send([]);
    waits.catch(() => undefined);
    expect(await stream("grpc-js", address).send([])).toMatchObject({ success: true });
  });

  /** Between client and listener: it does not pass on that one of them has ended, and nothing at all when it is deaf. */
  async function between(address: string) {
    const sockets: Socket[] = [];
    const state = { isDeaf: false, address: "" };
    const server = createServer({ allowHalfOpen: true }, (near) => {
      const far = connect({ port: Number(address.split(":")[1]), host: "127.0.0.1", allowHalfOpen: true });
      for (const [from, to] of [
        [near, far],
        [far, near],
      ] as const) {
        from.on("data", (bytes) => state.isDeaf || to.write(bytes));
        from.on("error", () => undefined);
        sockets.push(from);
      }
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    opened.push(() => {
      for (const socket of sockets) socket.destroy();
      server.close();
    });
    state.address = `127.0.0.1:${(server.address() as { port: number }).port}`;
    return state;
  }

  it("ends connections whose other end is gone without a word", async () => {
    const { address, listener } = await listening({ keepaliveMs: 1000 });
    const pipe = await between(address);
    await stream("grpc-js", pipe.address).send([]);
    const alive = stream("grpc-js", address);
    await alive.send([]);
    expect(listener.stats).toMatchObject({ connections: 2, streams: 2, halfOpen: 0 });
    // From now on nothing gets through, and nobody says so.
    pipe.isDeaf = true;
    await until(() => listener.stats.halfOpen >= 1);
    await until(() => listener.stats.streams === 1);
    expect(await alive.send([])).toMatchObject({ success: true });
  });

  it.each([
    ["not let in", ["192.0.2.0/24"]],
    ["let in", []],
  ])("ends connections of who has gone and keeps the socket (%s)", async (_title, allow) => {
    const { address, listener } = await listening({ keepaliveMs: 200, allow });
    const pipe = await between(address);
    const client = connectHttp2(`http://${pipe.address}`);
    opened.push(() => client.destroy());
    const request = client.request({ ":method": "POST", ":path": "/netmaker.flow.FlowService/StreamFlows" });
    await new Promise((resolve) => request.on("response", resolve).end());
    expect(listener.stats.connections).toBe(1);
    // GOAWAY. The socket stays.
    client.close();
    await until(() => listener.stats.connections === 0);
  });

  it("ends connections of who is not let in and asks for nothing, and stops though an agent that has gone keeps its socket", async () => {
    const { address: strict, listener: refuses } = await listening({ allow: ["192.0.2.0/24"] });
    const client = connectHttp2(`http://${(await between(strict)).address}`);
    opened.push(() => client.destroy());
    const { address, listener } = await listening();
    const one = stream("grpc-js", (await between(address)).address);
    await one.send([]);
    one.close();
    await until(() => listener.stats.streams === 0 && refuses.stats.connections === 1);
    await Promise.all([listener.stop(), until(() => refuses.stats.connections === 0)]);
    await until(() => listener.stats.connections === 0);
  });

  it("speaks TLS with ALPN h2, and asks for certificates where it shall", async () => {
    const dir = await mkdtemp(join(tmpdir(), "flowtrail-tls-"));
    opened.push(() => rm(dir, { recursive: true }));
    const [cert, key] = [join(dir, "cert.pem"), join(dir, "key.pem")];
    const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"];
    execFileSync(
      "openssl",
      [
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-days",
        "2",
        ...subject,
        "-keyout",
        key,
        "-out",
        cert,
      ],
      { stdio: "ignore" },
    );
    const ca = await readFile(cert);
    // With TLS 1.3 a client is refused after its handshake: who gets the server's SETTINGS is in.
    const protocolOf = (address: string, own: object) =>
      new Promise<unknown>((resolve) => {
        const port = Number(address.split(":")[1]);
        const socket = connectTls({ host: "127.0.0.1", port, ca, ALPNProtocols: ["h2"], ...own });
        opened.push(() => socket.destroy());
        socket.on("data", () => resolve(socket.alpnProtocol));
        socket.on("error", () => resolve("refused"));
        socket.on("close", () => resolve("refused"));
      });
    const { address } = await listening({ tls: { cert, key } });
    expect(await protocolOf(address, {})).toBe("h2");
    const { address: asks, listener } = await listening({ tls: { cert, key, client_ca: cert } });
    expect(await protocolOf(asks, {})).toBe("refused");
    expect(await protocolOf(asks, { cert: ca, key: await readFile(key) })).toBe("h2");
    expect(listener.warning).toBeNull();
  });
});

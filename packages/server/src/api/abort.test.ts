import { once } from "node:events";
import { get, type IncomingMessage } from "node:http";
import { type AddressInfo, connect } from "node:net";
import fastify, { type FastifyReply } from "fastify";
import { validatorCompiler, type ZodTypeProvider } from "fastify-type-provider-zod";
import { afterEach, describe, expect, it } from "vitest";
import { type Identity, WHOLE } from "../auth/identity.ts";
import { parseConfig } from "../config/load.ts";
import { Live } from "../live/live.ts";
import { InquiryDesk } from "../query/inquiry-desk.ts";
import { whenGone } from "./abort.ts";
import { prepareAudited } from "./audit-hook.ts";
import { sendError } from "./errors.ts";
import { exportRoutes } from "./routes/export.ts";
import { liveRoutes } from "./routes/live.ts";

const app = () =>
  fastify()
    .withTypeProvider<ZodTypeProvider>()
    .setValidatorCompiler(validatorCompiler)
    .setSerializerCompiler(() => (data) => JSON.stringify(data));
let api = app();
afterEach(async () => {
  await api.close();
  api = app();
});
const listen = async () => {
  await api.listen({ host: "127.0.0.1", port: 0 });
  return (api.server.address() as AddressInfo).port;
};

/** A client that is gone before the handler runs, as one that leaves while it is looked up who it is. */
async function leaveEarly(path: string): Promise<void> {
  api.addHook("onRequest", async (_request, reply) => {
    client.destroy();
    if (!reply.raw.destroyed) await once(reply.raw, "close");
  });
  const port = await listen();
  const client = connect(port, "127.0.0.1");
  client.end(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`);
  await once(client, "close");
}

const BODY = Buffer.alloc(64 << 20, "x");
/** More than the network holds for a reader, as the store would make it. */
const endless = {
  writes: 0,
  answer: async <T>() => ({ rows: [] as T[], rowsRead: 0, tookMs: 0 }),
  bytes: async () => ({ body: BODY, rows: 1, rowsRead: 1 }),
};
function exporting(stalledMs?: number): InquiryDesk {
  const limits = { quick: 1, heavy: 1, exports: 1, quickMs: 1000, heavyThreads: 1, maxWaiting: 1, maxWaitMs: 1000 };
  const desk = new InquiryDesk(limits, { clickhouse: endless });
  api.decorateRequest("identity", null);
  prepareAudited(api);
  const roster = { ids: () => [] } as never;
  exportRoutes(api, { desk, roster, now: Date.now, config: parseConfig({}) }, stalledMs);
  return desk;
}

describe("a client that is gone", () => {
  it("before its request is handled is noticed", async () => {
    const { promise: handled, resolve } = Promise.withResolvers<boolean>();
    api.get("/", (_request, reply: FastifyReply) => {
      resolve(whenGone(reply).aborted);
      void reply.hijack();
    });
    await leaveEarly("/");
    expect(await handled).toBe(true);
  });

  it("before its export begins holds no turn", async () => {
    const { promise: handled, resolve } = Promise.withResolvers<void>();
    const desk = exporting();
    api.setErrorHandler((error, request, reply) => {
      sendError(error, request, reply);
      resolve();
    });
    await leaveEarly("/api/flows/export");
    await handled;
    expect(desk.stats.exports).toMatchObject({ underWay: 0, waiting: 0 });
  });
});

describe("a reader of an export", () => {
  it("that takes nothing any more loses its turn", async () => {
    const desk = exporting(200);
    const port = await listen();
    const reading = get({ port, host: "127.0.0.1", path: "/api/flows/export?from=-1h" });
    const [answer] = await once(reading, "response");
    answer.pause();
    expect(desk.stats.exports.underWay).toBe(1);
    while (desk.stats.exports.underWay > 0) await new Promise((resolve) => setTimeout(resolve, 20));
    answer.resume();
    await expect(once(answer, "end")).rejects.toThrow("aborted");
  });
});

describe("a follower of live rows", () => {
  const viewer = (networks: string[] | null): Identity => ({
    kind: "session",
    ...{ id: "s", name: "ana", account: "a", role: "viewer" },
    scope: { networks, own: null },
  });

  it.each([
    ["was signed out", null],
    ["may see another network now", viewer(["b"])],
    ["may see everything now", { ...viewer(null), role: "auditor", scope: WHOLE } as Identity],
  ])("is sent away once it %s, and not before", async (_what, later) => {
    let identity: Identity | null = viewer(["a"]);
    let looks = 0;
    const identify = async () => {
      looks++;
      return identity;
    };
    const whoAsks = { identify } as never;
    api.decorateRequest("identity", null);
    api.addHook("onRequest", async (request) => {
      request.identity = viewer(["a"]);
    });
    const live = new Live({ maxClients: 1, queueRows: 10, historyRows: 10 }, { now: Date.now });
    liveRoutes(api, { live, whoAsks, logger: api.log }, 5);
    const port = await listen();
    const response = await new Promise<IncomingMessage>((resolve) => get({ port, path: "/api/flows/live" }, resolve));
    let hasEnded = false;
    const ended = once(response.resume(), "end").then(() => {
      hasEnded = true;
    });
    while (looks < 3) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(hasEnded).toBe(false);
    identity = later;
    await ended;
    expect(live.stats.clients).toBe(0);
  });
});

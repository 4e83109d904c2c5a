/** What is to be told is told, on a real store and by real requests: whatever the other side does, and whatever becomes of the server meanwhile. */
import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { Sealed } from "../secrets/sealed.ts";
import { LEASE_TIMES, Leases } from "../store/leases.ts";
import { NoticesLog } from "../store/notices-log.ts";
import { startTestStore, type TestStore } from "../store/testing.ts";
import { RecipientBook, type WantedRecipient } from "./book.ts";
import { RECIPIENTS, Recipients } from "./recipients.ts";
import { sender } from "./send.ts";
import { eventOf, type Receiver, type Seen, startReceiver } from "./testing.ts";

let test: TestStore;
let receiver: Receiver;
const running: Part[] = [];

interface Part {
  readonly recipients: Recipients;
  stop(): Promise<void>;
}

beforeAll(async () => {
  test = await startTestStore();
  receiver = await startReceiver();
}, 60_000);
afterEach(async () => {
  await Promise.all(running.splice(0).map((part) => part.stop()));
  receiver.seen.length = 0;
  receiver.answer = (_seen, response) => void response.end("ok");
});
afterAll(async () => {
  receiver.close();
  await test.stop();
});

const QUICK = { retry: { firstMs: 20, maxMs: 100 }, pause: { firstMs: 20, maxMs: 100 }, pollMs: 100, pageUrl: () => null };

async function start(change: Partial<typeof RECIPIENTS & typeof QUICK> = {}, shared = false): Promise<Part> {
  const { clickhouse, settings } = test.store;
  const { logger } = test;
  const now = Date.now;
  const times = shared ? { ttlMs: 1500, settleMs: 100, renewMs: 200, slackMs: 200 } : LEASE_TIMES;
  const leases = new Leases({ ...times, shared }, { clickhouse, logger, holder: "test" });
  const book = new RecipientBook({
    book: settings,
    sealed: new Sealed({ keyFile: join(test.dataDir, "secrets.key") }, { now }),
    logger,
  });
  await book.refresh();
  const recipients = new Recipients(
    { ...RECIPIENTS, ...QUICK, ...change },
    {
      book,
      log: new NoticesLog(clickhouse, { now }),
      lease: leases.hold("recipients"),
      send: sender({ timeoutMs: 400, allowLinkLocal: false }, { now }),
      now,
      random: () => 0.5,
      logger,
    },
  );
  leases.start();
  recipients.start();
  const part: Part = {
    recipients,
    stop: async () => {
      await recipients.stop();
      await leases.stop();
    },
  };
  running.push(part);
  return part;
}

function wanted(change: Partial<WantedRecipient> = {}): WantedRecipient {
  return {
    name: "Hook",
    kind: "webhook",
    enabled: true,
    settings: { url: `${receiver.url}/hook` },
    secrets: {},
    takes: { every: false, severities: [], rules: [], networks: [] },
    resolved: true,
    quiet: null,
    digest_s: 0,
    max_per_minute: 600,
    max_per_hour: 10_000,
    ...change,
  };
}
const by = { ms: Date.now(), who: "api test" };
const typesSeen = () =>
  receiver.seen.map(({ body }) => JSON.parse(body)).map(({ type, data }) => `${data.alert?.id ?? data.events.length} ${type}`);
const until = (check: () => unknown) => expect.poll(check, { timeout: 10_000, interval: 20 });
const statusOf = async ({ recipients }: Part, id: string) => (await recipients.report()).find((one) => one.id === id);

it("tells in order, signed, once, and keeps nothing secret in the open", async () => {
  const part = await start();
  const { recipients } = part;
  await recipients.book.set("hook", wanted({ secrets: { signing_secret: "s3cret-of-hook", authorization: "Bearer t0ken" } }), by);
  const opened = eventOf("opened", { id: "a1" }, ["hook"]);
  for (const event of [opened, eventOf("resolved", { id: "a1" }, ["hook"]), eventOf("opened", { id: "a2" }, ["hook"])])
    await recipients.tell(event);
  // Told again after a crash of whoever tells.
  await recipients.tell(opened);
  await until(typesSeen).toEqual(["a1 alert.opened", "a1 alert.resolved", "a2 alert.opened"]);
  const { headers, body } = receiver.seen[0] as Seen;
  const mac = createHmac("sha256", "s3cret-of-hook")
    .update(`${headers["webhook-id"]}.${headers["webhook-timestamp"]}.${body}`)
    .digest("base64");
  expect(headers).toMatchObject({ "webhook-signature": `v1,${mac}`, authorization: "Bearer t0ken" });
  await until(() => statusOf(part, "hook")).toMatchObject({ waiting: 0, parked: 0, error: "", sentMs: expect.any(Number) });
  const kept = await test.store.clickhouse.rows("SELECT * FROM settings");
  expect(JSON.stringify(kept)).toMatch(/sealed1\./);
  for (const text of [
    JSON.stringify(kept),
    test.logger.lines.join("\n"),
    readFileSync(join(test.dataDir, "secrets.key"), "utf8"),
  ])
    expect(text).not.toMatch(/s3cret-of-hook|t0ken/);
  expect(await recipients.test(wanted(), recipients.book.find("hook"))).toMatchObject({ error: null, said: "HTTP 200 ok" });
  expect(receiver.seen.at(-1)?.headers.authorization).toBe("Bearer t0ken");
  // Nobody gets a secret by having it sent to another place.
  const elsewhere = wanted({ settings: { url: "http://127.0.0.1:1/thief" } });
  await expect(recipients.test(elsewhere, recipients.book.find("hook"))).rejects.toMatchObject({ code: "BAD_RECIPIENT" });
  await expect(recipients.book.set("hook", elsewhere, by)).rejects.toThrow(/secrets.signing_secret: to be given again/);
});

it("tries again when it is refused for now, and parks what is refused for good", async () => {
  const part = await start();
  const { recipients } = part;
  await recipients.book.set("again", wanted(), by);
  const answers = [404, 429, 0, -1, 200];
  const times: number[] = [];
  receiver.answer = ({ body }, response) => {
    if (body.includes('"poison"')) return void response.writeHead(400).end("no such field");
    times.push(Date.now());
    const status = answers[times.length - 1] ?? 200;
    if (status === 0) response.socket?.destroy();
    // -1: no answer at all, until whoever asks has had enough.
    else if (status > 0) response.writeHead(status, status === 429 ? { "retry-after": "1" } : {}).end();
  };
  await recipients.tell(eventOf("opened", { id: "poison" }, ["again"]));
  await recipients.tell(eventOf("opened", { id: "a1" }, ["again"]));
  await recipients.tell(eventOf("resolved", { id: "a1" }, ["again"]));
  await until(() => times.length).toBe(6);
  expect((times[2] ?? 0) - (times[1] ?? 0)).toBeGreaterThanOrEqual(1000);
  const tried = receiver.seen.filter(({ body }) => !body.includes('"poison"'));
  expect(new Set(tried.slice(0, 5).map(({ headers }) => headers["webhook-id"])).size).toBe(1);
  expect(JSON.parse(tried[5]?.body ?? "")).toMatchObject({ type: "alert.resolved" });
  await until(() => statusOf(part, "again")).toMatchObject({ waiting: 0, parked: 1, error: expect.stringMatching(/\S/) });

  const [parked] = await recipients.undelivered("again");
  expect(parked).toMatchObject({
    state: "parked",
    attempts: 1,
    error: "HTTP 400: no such field",
    event: { alert: { id: "poison" } },
  });
  receiver.answer = (_seen, response) => void response.end();
  await recipients.retry("again", parked?.id ?? "");
  await until(() => recipients.undelivered("again")).toEqual([]);
  expect(JSON.parse(receiver.seen.at(-1)?.body ?? "")).toMatchObject({ data: { alert: { id: "poison" } } });
  await expect(recipients.drop("again", parked?.id ?? "")).rejects.toMatchObject({ code: "NOTICE_UNKNOWN" });
});

it("gives up in the end, and drops what a person drops", async () => {
  const { recipients } = await start({ giveUpMs: 100 });
  await recipients.book.set("down", wanted({ settings: { url: "http://127.0.0.1:1/" } }), by);
  await recipients.tell(eventOf("opened", { id: "a1" }, ["down"]));
  await until(async () => (await recipients.undelivered("down")).map(({ state }) => state)).toEqual(["parked"]);
  const [parked] = await recipients.undelivered("down");
  expect(parked?.attempts).toBeGreaterThan(1);
  expect(parked?.error).toMatch(/ECONNREFUSED/);
  await recipients.drop("down", parked?.id ?? "");
  expect(await recipients.undelivered("down")).toEqual([]);
});

it("keeps no secret that the other side repeats", async () => {
  const { recipients } = await start();
  receiver.answer = ({ path, headers, body }, response) =>
    void response.writeHead(400).end(`Cannot POST ${path} ${headers.authorization ?? ""} ${body}`);
  const url = `${receiver.url}/services/T000/B000/SECRETPATH`;
  const slack = wanted({ kind: "slack", settings: {}, secrets: { url } });
  const hook = wanted({ secrets: { authorization: "Bearer SECRETAUTH" } });
  const pager = wanted({
    kind: "pagerduty",
    settings: { url: `${receiver.url}/v2` },
    secrets: { routing_key: "SECRETROUTINGKEY" },
  });
  for (const [id, one] of Object.entries({ slack, hook, pager })) {
    await recipients.book.set(`echo-${id}`, one, by);
    await recipients.tell(eventOf("opened", { id: "a1" }, [`echo-${id}`]));
    await until(async () => (await recipients.undelivered(`echo-${id}`)).map(({ error }) => error)).toEqual([
      expect.stringMatching(/^HTTP 400: Cannot POST .*…/),
    ]);
    const outcome = await recipients.test(one, null);
    expect(outcome).toMatchObject({ said: expect.stringMatching(/Cannot POST .*…/) });
    expect(JSON.stringify([outcome, await recipients.undelivered(`echo-${id}`), await recipients.report()])).not.toMatch(
      /SECRET/,
    );
  }
});

it("is not held up by another one that hangs, and goes on after a restart with what was not told", async () => {
  const first = await start();
  const hanging = await startReceiver();
  hanging.answer = () => undefined;
  const { book } = first.recipients;
  await book.set("slow", wanted({ settings: { url: hanging.url } }), by);
  await book.set("fast", wanted(), by);
  for (let n = 0; n < 8; n++) await first.recipients.tell(eventOf("opened", { id: `r${n}` }, ["slow", "fast"]));
  await until(() => receiver.seen.length).toBe(8);
  expect(hanging.seen.length).toBeLessThan(4);
  // In the middle of a message.
  await first.stop();
  hanging.answer = (_seen, response) => void response.end();
  hanging.seen.length = 0;
  const second = await start();
  const ids = () => new Set(hanging.seen.map(({ body }) => JSON.parse(body).data.alert.id)).size;
  await until(ids).toBe(8);
  await until(() => statusOf(second, "slow")).toMatchObject({ waiting: 0, parked: 0 });
  hanging.close();
  expect(receiver.seen).toHaveLength(8);
});

it("tells as one what is over the limit", async () => {
  const { recipients } = await start();
  await recipients.book.set("often", wanted({ digest_s: 1 }), by);
  for (let n = 0; n < 5; n++) await recipients.tell(eventOf("opened", { id: `d${n}` }, ["often"]));
  await until(typesSeen).toEqual(["5 alerts.digest"]);
  await until(() => recipients.undelivered("often")).toEqual([]);
});

it("tells the end to whom it told the beginning, also when the rule that named them is gone", async () => {
  const { recipients } = await start();
  for (const id of ["named", "other", "beginnings"]) await recipients.book.set(id, wanted({ resolved: id !== "beginnings" }), by);
  await recipients.tell(eventOf("opened", { id: "e1" }, ["named", "beginnings"]));
  await recipients.tell(eventOf("resolved", { id: "e1" }));
  await recipients.tell(eventOf("resolved", { id: "e2" }));
  await until(() => typesSeen().sort()).toEqual(["e1 alert.opened", "e1 alert.opened", "e1 alert.resolved"]);
});

it("is told by one of two servers", async () => {
  const [one, two] = [await start({}, true), await start({}, true)];
  await one.recipients.book.set("both", wanted(), by);
  for (let n = 0; n < 10; n++) await (n % 2 === 0 ? one : two).recipients.tell(eventOf("opened", { id: `s${n}` }, ["both"]));
  await until(() => receiver.seen.length).toBe(10);
  // Whichever it is, the other one goes on.
  await one.stop();
  await two.recipients.tell(eventOf("opened", { id: "last" }, ["both"]));
  await until(() => receiver.seen.length).toBe(11);
  expect(new Set(receiver.seen.map(({ headers }) => headers["webhook-id"])).size).toBe(11);
  await two.recipients.book.remove("both", by);
  await expect(two.recipients.undelivered("both")).rejects.toMatchObject({ code: "RECIPIENT_UNKNOWN" });
});

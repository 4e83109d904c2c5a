/** Two servers that share a store: what is counted once, and what is merged. */
import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, expect, it } from "vitest";
import { Enrol } from "../auth/enrol.ts";
import { Enrolments } from "./enrolments.ts";
import { memoryLogger, startTestStore, type TestStore } from "./testing.ts";
import { TokenUses } from "./token-uses.ts";
import { Tokens } from "./tokens.ts";

let test: TestStore;
beforeAll(async () => {
  test = await startTestStore();
});
afterAll(() => test.stop());

const newKey = () => randomBytes(32).toString("base64url");
/** One more server. */
function server(now: () => number = Date.now): { enrol: Enrol; tokens: Tokens } {
  const { clickhouse } = test.store;
  const tokens = new Tokens(clickhouse, { now });
  const enrol = new Enrol({
    tokens,
    enrolments: new Enrolments(clickhouse, { now }),
    now,
    random: Math.random,
    nodeId: (name) => name,
    isHeard: () => false,
    onEnrolled: () => undefined,
  });
  return { enrol, tokens };
}
async function enrolToken(uses: number, expiresMs?: number): Promise<string> {
  const terms = { uses, node: null, nodePrefix: null, replace: false };
  const expires = expiresMs === undefined ? {} : { expiresMs };
  return (await test.store.tokens.create({ kind: "enrol", name: "test", terms, ...expires })).secret;
}
const outcomes = async (tries: readonly Promise<unknown>[]): Promise<string[]> =>
  (await Promise.allSettled(tries)).map((one) =>
    one.status === "fulfilled" ? "enrolled" : (one.reason as { code: string }).code,
  );

it("never count more uses than there are, whoever asks at once and whatever their clocks say", async () => {
  const secret = await enrolToken(2);
  // The clocks of servers differ.
  const servers = [server(), server(() => Date.now() - 30_000), server(() => Date.now() + 30_000)];
  const tries = servers.flatMap(({ enrol }, i) => [0, 1].map((j) => enrol.enrol({ secret, node: `a-${i}-${j}`, key: newKey() })));
  const all = await outcomes(tries);
  expect(all.filter((one) => one === "enrolled").length).toBeLessThanOrEqual(2);
  const made = (await test.store.tokens.list()).filter(({ node }) => node?.startsWith("a-"));
  expect(made).toHaveLength(all.filter((one) => one === "enrolled").length);
  // Those who withdrew because others came at the same moment: the uses are still there.
  for (let i = made.length; i < 2; i++) await servers[0]?.enrol.enrol({ secret, node: `a-late-${i}`, key: newKey() });
  expect(await outcomes([server().enrol.enrol({ secret, node: "a-more", key: newKey() })])).toEqual(["ENROL_SPENT"]);
});

it("make one agent of a name, though two ask at the same moment", async () => {
  const secret = await enrolToken(10);
  const all = await outcomes(
    [server(), server(), server()].map(({ enrol }) => enrol.enrol({ secret, node: "same", key: newKey() })),
  );
  expect(all.filter((one) => one === "enrolled").length).toBeLessThanOrEqual(1);
  expect(all.filter((one) => one !== "enrolled" && one !== "ENROL_NODE_TAKEN" && one !== "ENROL_BUSY")).toEqual([]);
  expect((await test.store.tokens.list()).filter(({ node }) => node === "same").length).toBeLessThanOrEqual(1);
});

it("answer an agent that lost the other's answer with the same, for an hour, though the token is too old by then", async () => {
  const secret = await enrolToken(1, Date.now() + 1000);
  const request = { secret, node: "lost", key: newKey() };
  const first = await server().enrol.enrol(request);
  expect((await server(() => Date.now() + 1_800_000).enrol.enrol(request)).secret).toBe(first.secret);
  await expect(server(() => Date.now() + 7_200_000).enrol.enrol(request)).rejects.toMatchObject({ code: "ENROL_SPENT" });
  await expect(server(() => Date.now() + 1_800_000).enrol.enrol({ ...request, key: newKey() })).rejects.toMatchObject({
    code: "ENROL_EXPIRED",
  });
});

it("finish what one of them began and died with", async () => {
  const secret = await enrolToken(1);
  const { tokens, enrol } = server();
  const token = await tokens.lookUp(secret);
  const key = newKey();
  const keyHash = (await import("node:crypto")).createHash("sha256").update(key).digest("hex");
  const died = new Enrolments(test.store.clickhouse, { now: Date.now });
  expect(await died.claim({ token: token?.id ?? "", node: "half", keyHash, uses: 1 })).toMatchObject({ kind: "claimed" });
  expect((await enrol.enrol({ secret, node: "half", key })).token.node).toBe("half");
});

it("merge when each saw a token last, and write each at most once a minute", async () => {
  let nowMs = Date.UTC(2026, 10, 23);
  const make = () => new TokenUses(test.store.clickhouse, { now: () => nowMs, logger: memoryLogger() });
  const [one, other] = [make(), make()];
  one.note("t1", "192.0.2.1");
  one.note("t2", "192.0.2.1");
  await one.write();
  nowMs += 1000;
  other.note("t1", "192.0.2.2");
  await other.write();
  one.note("t2", "192.0.2.3");
  await one.write();
  const rows = () => test.store.clickhouse.rows("SELECT token FROM token_uses");
  // The second use of t2 is known here, and will be told when a minute has gone.
  expect(await rows()).toHaveLength(3);
  expect((await one.all()).get("t1")).toEqual({ usedMs: nowMs, address: "192.0.2.2" });
  expect((await one.all()).get("t2")?.address).toBe("192.0.2.3");
  expect((await other.all()).get("t2")?.address).toBe("192.0.2.1");
  nowMs += 60_000;
  await one.write();
  expect((await other.all()).get("t2")?.address).toBe("192.0.2.3");
});

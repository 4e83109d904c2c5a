import fc from "fast-check";
import { expect, it } from "vitest";
import type { SendResult, SinkEvent } from "../ports.ts";
import { Deliver, type Parkable } from "./deliver.ts";

const event = (n: number): SinkEvent => ({ id: `e${n}`, kind: "ended", version: "0", revised: false, storedMs: 0, flow: {} });
const batch = (size: number) => Array.from({ length: size }, (_, n) => event(n));

/** An endpoint whose mood is told beforehand; when there is no more of it, it takes all but its poison. */
function endpoint(moods: readonly string[], poison: ReadonlySet<string>, perItem: boolean) {
  const kept: string[] = [];
  const left = [...moods];
  const keep = (events: readonly SinkEvent[]) => void kept.push(...events.map(({ id }) => id));
  const send = async (events: readonly SinkEvent[]): Promise<SendResult> => {
    const mood = left.shift();
    if (mood === "down") return { kind: "not_now", reason: "unreachable", message: "", retryAfterMs: null };
    if (mood === "throws") throw new Error("torn");
    if (mood === "lies") {
      keep(events.filter(({ id }) => !poison.has(id)));
      return { kind: "not_now", reason: "timeout", message: "", retryAfterMs: null };
    }
    const bad = events.flatMap(({ id }, index) => (poison.has(id) ? [{ index, reason: "mapping", message: id }] : []));
    if (!perItem && bad.length > 0) return { kind: "refused", reason: "http_400", message: "" };
    const busy = mood === "half" ? events.flatMap(({ id }, index) => (index % 2 === 1 && !poison.has(id) ? [index] : [])) : [];
    keep(events.filter(({ id }, index) => !poison.has(id) && !busy.includes(index)));
    if (bad.length === 0 && busy.length === 0) return { kind: "taken" };
    return { kind: "partly", refused: bad, again: busy, retryAfterMs: null };
  };
  return { kept, send };
}

function deliverTo(send: (events: readonly SinkEvent[]) => Promise<SendResult>) {
  const parked: string[] = [];
  const waits: number[] = [];
  const deliver = new Deliver({
    transport: { send },
    park: async (refused: readonly Parkable[]) => void parked.push(...refused.map((one) => one.event.id)),
    onTaken: () => undefined,
    onUnnamed: () => undefined,
    onTrouble: () => undefined,
    random: () => 0.5,
    now: () => 0,
    sleep: async (ms) => void waits.push(ms),
  });
  return { deliver, parked, waits };
}

it("keeps or parks each event, whatever the endpoint's mood is, and repeats only what was not said to be taken", async () => {
  const mood = fc.constantFrom("down", "throws", "lies", "half");
  const size = 40;
  const anyPoison = fc.uniqueArray(fc.nat(size - 1), { maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(fc.array(mood, { maxLength: 12 }), anyPoison, fc.boolean(), async (moods, bad, perItem) => {
      const poison = new Set(bad.map((n) => `e${n}`));
      const { kept, send } = endpoint(moods, poison, perItem);
      const { deliver, parked } = deliverTo(send);
      await deliver.all(batch(size), new AbortController().signal);
      expect(new Set([...kept, ...parked])).toEqual(new Set(batch(size).map(({ id }) => id)));
      expect(new Set(parked)).toEqual(poison);
      expect(parked.length).toBe(poison.size);
      const lies = moods.filter((one) => one === "lies").length;
      expect(kept.length).toBeLessThanOrEqual(size * (1 + lies));
    }),
    { numRuns: 300 },
  );
});

it("waits longer each time, and never sooner than it is asked to", async () => {
  const answers: SendResult[] = [1, 2, 3, 4].map(() => ({ kind: "not_now", reason: "x", message: "", retryAfterMs: null }));
  answers.push({ kind: "not_now", reason: "http_429", message: "", retryAfterMs: 60_000 }, { kind: "taken" });
  const { deliver, waits } = deliverTo(async () => answers.shift() as SendResult);
  await deliver.all(batch(1), new AbortController().signal);
  expect(waits).toEqual([750, 1500, 3000, 6000, 60_000]);
});

it("asks an endpoint that refuses everything again before it parks, and goes on in the end", async () => {
  const all = batch(60);
  const { deliver, parked, waits } = deliverTo(async (events) => ({
    kind: "partly",
    refused: events.map((_, index) => ({ index, reason: "mapping", message: "" })),
    again: [],
    retryAfterMs: null,
  }));
  await deliver.all(all, new AbortController().signal);
  expect(waits.length).toBe(8);
  expect(parked.length).toBe(60);
});

it("gives up what is under way when it is told to", async () => {
  const ending = new AbortController();
  const { deliver } = deliverTo(async () => {
    ending.abort();
    return { kind: "not_now", reason: "x", message: "", retryAfterMs: null };
  });
  await expect(deliver.all(batch(2), ending.signal)).rejects.toThrow(/abort/);
});

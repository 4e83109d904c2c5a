import { describe, expect, it } from "vitest";
import { Gate, type GateConfig } from "./inquiry-gate.ts";
import { Shared } from "./inquiry-shared.ts";

const stay = new AbortController().signal;
const gateOf = (change: Partial<GateConfig> = {}) =>
  new Gate({ slots: 1, maxWaiting: 100, maxWaitingEach: 50, maxWaitMs: 60_000, what: "questions", ...change });
const settled = () => new Promise((resolve) => setImmediate(resolve));

describe("a gate", () => {
  it("lets in as many as it has places, and the next one when a place is free", async () => {
    const gate = gateOf({ slots: 2 });
    const [leave] = await Promise.all([gate.enter("a", stay), gate.enter("a", stay)]);
    let third = false;
    const entering = gate.enter("b", stay).then(() => {
      third = true;
    });
    await settled();
    expect([third, gate.stats]).toEqual([false, { underWay: 2, waiting: 1, refused: 0 }]);
    leave();
    await entering;
    expect(gate.stats).toEqual({ underWay: 2, waiting: 0, refused: 0 });
  });

  it("shares its turns between askers, however many questions one of them has", async () => {
    const gate = gateOf();
    const order: string[] = [];
    const ask = async (who: string) => {
      const leave = await gate.enter(who, stay);
      order.push(who);
      await settled();
      leave();
    };
    await Promise.all([..."aaaaaabbc"].map(ask));
    expect(order.join("")).toBe("abcabaaaa");
    expect(gate.stats).toEqual({ underWay: 0, waiting: 0, refused: 0 });
  });

  it("lets what has begun come to its end before others begin, at the price of no turn", async () => {
    const gate = gateOf();
    const order: string[] = [];
    const ask = async (who: string, goesOn: boolean) => {
      const leave = await gate.enter(who, stay, goesOn);
      order.push(goesOn ? who.toUpperCase() : who);
      await settled();
      leave();
    };
    await Promise.all([ask("a", false), ask("b", false), ask("b", false), ask("a", false), ask("a", true), ask("a", true)]);
    expect(order.join("")).toBe("aAAbab");
  });

  it("prefers whoever has fewer under way", async () => {
    const gate = gateOf({ slots: 3 });
    const a = await gate.enter("a", stay);
    await gate.enter("a", stay);
    const b = await gate.enter("b", stay);
    const order: string[] = [];
    const entering = ["a", "b"].map((who) => gate.enter(who, stay).then(() => order.push(who)));
    b();
    await settled();
    expect(order).toEqual(["b"]);
    a();
    await settled();
    expect(order).toEqual(["b", "a"]);
    await Promise.all(entering);
  });

  it("sends away who comes when the queue is full, or waits too long", async () => {
    const gate = gateOf({ maxWaiting: 3, maxWaitingEach: 2, maxWaitMs: 20 });
    await gate.enter("a", stay);
    const waiting = [gate.enter("a", stay), gate.enter("a", stay)].map((entering) => expect(entering).rejects);
    await expect(gate.enter("a", stay)).rejects.toMatchObject({ code: "QUERY_BUSY" });
    const other = expect(gate.enter("b", stay)).rejects.toMatchObject({ code: "QUERY_BUSY" });
    await expect(gate.enter("c", stay)).rejects.toMatchObject({ data: { code: "QUERY_BUSY", retryAfterMs: expect.any(Number) } });
    await Promise.all([other, ...waiting.map((rejects) => rejects.toMatchObject({ code: "QUERY_BUSY" }))]);
    expect(gate.stats).toEqual({ underWay: 1, waiting: 0, refused: 5 });
  });

  it("forgets askers that are not there any more, however steady the load is", async () => {
    const gate = gateOf({ slots: 2, maxWaiting: 2 });
    const leave = await gate.enter("stays", stay);
    for (let i = 0; i < 5000; i++) {
      (await gate.enter(`session ${i}`, stay))();
      expect(gate.askers).toBeLessThanOrEqual(1001);
    }
    leave();
    expect(gate.askers).toBe(0);
  });

  it("forgets who leaves the queue", async () => {
    const gate = gateOf();
    const leave = await gate.enter("a", stay);
    const leaving = new AbortController();
    const entering = gate.enter("b", leaving.signal);
    leaving.abort(new Error("left"));
    await expect(entering).rejects.toThrow("left");
    await expect(gate.enter("b", leaving.signal)).rejects.toThrow("left");
    leave();
    expect(gate.stats).toEqual({ underWay: 0, waiting: 0, refused: 0 });
  });
});

describe("shared work", () => {
  it("is done once for all that wait, and anew for whoever comes after", async () => {
    const shared = new Shared<number>();
    let begun = 0;
    const work = async () => {
      await settled();
      return ++begun;
    };
    expect(await Promise.all([1, 2, 3].map(() => shared.join("k", stay, work)))).toEqual([1, 1, 1]);
    expect(await shared.join("k", stay, work)).toBe(2);
    expect(shared.joined).toBe(2);
  });

  it("goes on until the last one that waits has left", async () => {
    const shared = new Shared<number>();
    let ended = false;
    const endless = (ending: AbortSignal) =>
      new Promise<number>((_resolve, reject) => {
        ending.addEventListener("abort", () => {
          ended = true;
          reject(ending.reason);
        });
      });
    const leaving = [new AbortController(), new AbortController()] as const;
    const waiting = leaving.map(({ signal }) => expect(shared.join("k", signal, endless)).rejects.toThrow());
    leaving[0].abort();
    await waiting[0];
    expect(ended).toBe(false);
    leaving[1].abort();
    await waiting[1];
    expect(ended).toBe(true);
    expect(await shared.join("k", stay, async () => 7)).toBe(7);
  });

  it("that fails, fails for all", async () => {
    const shared = new Shared<number>();
    const fail = async () => {
      await settled();
      throw new Error("no");
    };
    const all = await Promise.allSettled([1, 2].map(() => shared.join("k", stay, fail)));
    expect(all.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  });
});

import { describe, expect, it } from "vitest";
import { Rota } from "./rota.ts";

/** Queues with so much in each. */
class Queues {
  readonly taken: string[] = [];
  readonly #left: Map<string, number>;

  constructor(counts: readonly (readonly [string, number])[]) {
    this.#left = new Map(counts);
  }
  get names(): string[] {
    return [...this.#left.keys()];
  }
  readonly take = (name: string): number => {
    this.taken.push(name);
    const count = Math.min(64, this.#left.get(name)!);
    this.#left.set(name, this.#left.get(name)! - count);
    return count;
  };
}

describe("Rota", () => {
  it("takes no more in a turn than its share, however many queues are full, and each has its turn", () => {
    const queues = new Queues(Array.from({ length: 100 }, (_, i) => [`eth${i}`, 1e9]));
    const rota = new Rota(512, 64);
    for (let turn = 1; turn <= 25; turn++) {
      expect(rota.turn(queues.names, queues.take)).toBe(false);
      expect(queues.taken).toHaveLength(turn * 8);
    }
    for (const name of queues.names) expect(queues.taken.filter((one) => one === name)).toHaveLength(2);
  });

  it("empties what there is, in turn, and asks each of those that have nothing once", () => {
    const queues = new Queues([
      ["a", 130],
      ["b", 0],
      ["c", 64],
    ]);
    expect(new Rota(512, 64).turn(queues.names, queues.take)).toBe(true);
    expect(queues.taken).toEqual(["a", "b", "c", "a", "c", "a"]);
  });

  it("begins anew when the queue that was next is gone", () => {
    const rota = new Rota(64, 64);
    const queues = new Queues([
      ["a", 64],
      ["b", 64],
    ]);
    expect(rota.turn(queues.names, queues.take)).toBe(false);
    expect(rota.turn(["a", "c"], () => 0)).toBe(true);
  });
});

import { expect, it } from "vitest";
import { exampleFlow } from "../testing.ts";
import { LiveSampler } from "./sampler.ts";

const row = (id: number, change = {}) => exampleFlow({ flow_id: String(id), ...change });

it("hands on all rows of a burst, a part at a time, each flow in its newest revision", () => {
  const sampler = new LiveSampler();
  for (let id = 0; id < 500; id++) sampler.add(row(id));
  sampler.add(row(499, { revision: 1 }));
  const taken: string[] = [];
  for (let part = sampler.take(); part.flows.length > 0; part = sampler.take()) {
    expect(part.flows.length).toBeLessThanOrEqual(20);
    expect(part.of).toBe(part.flows.length);
    taken.push(...part.flows.map(({ flow_id, revision }) => `${flow_id}/${revision}`));
  }
  expect(taken).toHaveLength(500);
  expect(taken.at(-1)).toBe("499/1");
});

it("leaves rows out where more come in than can be taken, and says of how many", () => {
  const sampler = new LiveSampler();
  let [shown, of] = [0, 0];
  for (let tick = 0; tick < 50; tick++) {
    for (let i = 0; i < 200; i++) sampler.add(row(tick * 200 + i));
    const part = sampler.take();
    shown += part.flows.length;
    of += part.of;
  }
  for (let part = sampler.take(); part.of > 0; part = sampler.take()) {
    shown += part.flows.length;
    of += part.of;
  }
  expect(of).toBe(10_000);
  expect(shown).toBeGreaterThan(1200);
  expect(shown).toBeLessThan(1700);
});

it("never leaves out what is on the page and open", () => {
  const sampler = new LiveSampler();
  sampler.watch(["debian/1"]);
  sampler.add(row(2, { state: "open" }));
  expect(sampler.take().flows.map(({ flow_id }) => flow_id)).toEqual(["2"]);
  for (let id = 100; id < 2000; id++) sampler.add(row(id));
  sampler.add(row(1, { revision: 5 }));
  sampler.add(row(2, { revision: 6 }));
  expect(
    sampler
      .take()
      .flows.slice(0, 2)
      .map(({ flow_id, revision }) => [flow_id, revision]),
  ).toEqual([
    ["1", 5],
    ["2", 6],
  ]);
});

it("counts what the server left out", () => {
  const sampler = new LiveSampler();
  sampler.add(row(1));
  sampler.miss(9);
  expect(sampler.take()).toMatchObject({ flows: [{ flow_id: "1" }], of: 10 });
});

import { describe, expect, it } from "vitest";
import { flowBatch } from "../testing-rows.ts";
import { Live, type LiveEvent } from "./live.ts";

const config = { maxClients: 2, queueRows: 3, historyRows: 5 };

class Sink {
  readonly seen: string[] = [];
  ended = false;
  /** Events that it takes before its connection is full. */
  room = Number.POSITIVE_INFINITY;
  send({ row }: LiveEvent): boolean {
    this.seen.push(String(row.flow_id));
    return --this.room > 0;
  }
  dropped(count: number): boolean {
    this.seen.push(`dropped ${count}`);
    return true;
  }
  end(): void {
    this.ended = true;
  }
}

let nowMs = 0;
const deps = () => ({ epoch: "e", now: () => nowMs });
const rows = (...ids: number[]) => flowBatch(...ids.map((id) => ({ flow_id: String(id), protocol: id % 2 === 0 ? 6 : 17 })));

describe("live", () => {
  it("hands rows to all followers that want them", () => {
    const live = new Live(config, deps());
    const [all, some] = [new Sink(), new Sink()];
    live.follow(all, () => true);
    const follower = live.follow(some, (row) => row.protocol === 6);
    live.publish(rows(1, 2));
    if (follower) live.leave(follower);
    live.publish(rows(3, 4));
    expect([all.seen, some.seen]).toEqual([["1", "2", "3", "4"], ["2"]]);
    live.stop();
    expect([all.ended, some.ended]).toEqual([true, false]);
  });

  it("keeps a bounded queue for a slow one and says how many it lost", () => {
    const live = new Live(config, deps());
    const [slow, quick] = [new Sink(), new Sink()];
    slow.room = 1;
    const follower = live.follow(slow, () => true);
    live.follow(quick, () => true);
    live.publish(rows(1, 2, 3, 4, 5, 6));
    expect(slow.seen).toEqual(["1"]);
    expect(quick.seen).toHaveLength(6);
    slow.room = 2;
    follower?.drain();
    expect(slow.seen).toEqual(["1", "dropped 2", "4", "5"]);
    slow.room = 10;
    follower?.drain();
    live.publish(rows(7));
    expect(slow.seen.slice(-2)).toEqual(["6", "7"]);
    expect(live.stats).toMatchObject({ clients: 2, events: 7, dropped: 2 });
  });

  it("sends what a follower missed that comes back", () => {
    const live = new Live(config, deps());
    live.follow(new Sink(), () => true);
    live.publish(rows(1, 2, 3, 4, 5, 6));
    const back = (lastId: string) => {
      const sink = new Sink();
      const follower = live.follow(sink, () => true);
      if (follower) live.begin(follower, lastId);
      if (follower) live.leave(follower);
      return sink.seen;
    };
    expect(back("e-4")).toEqual(["5", "6"]);
    expect(back("e-6")).toEqual([]);
    // Too long ago, or of another server: nothing can be said of it.
    expect(back("e-1")).toEqual([]);
    expect(back("other-4")).toEqual([]);
  });

  it("keeps nothing when nobody has followed for a while", () => {
    const live = new Live(config, deps());
    const follower = live.follow(new Sink(), () => true);
    live.publish(rows(1));
    if (follower) live.leave(follower);
    live.publish(rows(2));
    const sink = new Sink();
    const second = live.follow(sink, () => true);
    if (second) live.begin(second, "e-1");
    expect(sink.seen).toEqual(["2"]);
    if (second) live.leave(second);
    nowMs += 120_000;
    live.publish(rows(3));
    const late = new Sink();
    const third = live.follow(late, () => true);
    if (third) live.begin(third, "e-2");
    expect(late.seen).toEqual([]);
  });

  it("takes only so many followers", () => {
    const live = new Live(config, deps());
    expect([1, 2, 3].map(() => live.follow(new Sink(), () => true) !== null)).toEqual([true, true, false]);
  });
});

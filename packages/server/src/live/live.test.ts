import { parseFilter } from "@flowtrail/model";
import { describe, expect, it } from "vitest";
import { WHOLE } from "../auth/identity.ts";
import { NOT_NARROWED, narrowed } from "../query/narrowed.ts";
import { flowBatch } from "../testing-rows.ts";
import { Live, type LiveEvent } from "./live.ts";

const config = { maxClients: 2, queueRows: 3, historyRows: 5 };

class Sink {
  readonly seen: string[] = [];
  ended = false;
  /** Events that it takes before its connection is full. */
  room = Number.POSITIVE_INFINITY;
  readonly ids = new Map<string, string>();
  send({ id, row }: LiveEvent): boolean {
    this.ids.set(String(row.flow_id), id);
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
const deps = () => ({ now: () => nowMs });
const tcp = narrowed(WHOLE, parseFilter("proto=tcp"));
const rows = (...ids: number[]) => flowBatch(...ids.map((id) => ({ flow_id: String(id), protocol: id % 2 === 0 ? 6 : 17 })));

describe("live", () => {
  it("hands rows to all followers that want them", () => {
    const live = new Live(config, deps());
    const [all, some] = [new Sink(), new Sink()];
    live.follow(all, NOT_NARROWED);
    const follower = live.follow(some, tcp);
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
    const follower = live.follow(slow, NOT_NARROWED);
    live.follow(quick, NOT_NARROWED);
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
    const all = new Sink();
    live.follow(all, NOT_NARROWED);
    live.publish(rows(1, 2, 3, 4, 5, 6));
    const idOf = (flow: string) => all.ids.get(flow) ?? "";
    const back = (lastId: string) => {
      const sink = new Sink();
      const follower = live.follow(sink, NOT_NARROWED);
      if (follower) live.begin(follower, lastId);
      if (follower) live.leave(follower);
      return sink.seen;
    };
    expect(back(idOf("4"))).toEqual(["5", "6"]);
    expect(back(idOf("6"))).toEqual([]);
    // Too long ago, or of another server: nothing can be said of it.
    expect(back(idOf("1"))).toEqual([]);
    expect(back("other-4")).toEqual([]);
  });

  it("keeps nothing when nobody has followed for a while", () => {
    const live = new Live(config, deps());
    const first = new Sink();
    const follower = live.follow(first, NOT_NARROWED);
    live.publish(rows(1));
    if (follower) live.leave(follower);
    live.publish(rows(2));
    const sink = new Sink();
    const second = live.follow(sink, NOT_NARROWED);
    if (second) live.begin(second, first.ids.get("1") ?? "");
    expect(sink.seen).toEqual(["2"]);
    if (second) live.leave(second);
    nowMs += 120_000;
    live.publish(rows(3));
    const late = new Sink();
    const third = live.follow(late, NOT_NARROWED);
    if (third) live.begin(third, sink.ids.get("2") ?? "");
    expect(late.seen).toEqual([]);
  });

  it("takes only so many followers", () => {
    const live = new Live(config, deps());
    expect([1, 2, 3].map(() => live.follow(new Sink(), NOT_NARROWED) !== null)).toEqual([true, true, false]);
  });
});

import { setTimeout } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { needs } from "../../../../test/needs.ts";
import { type EventText, fromConntrack, fromRecord } from "./testing/conntrack-text.ts";
import type { Line } from "./testing/line-process.ts";
import { CLIENT, SERVER, Testbed } from "./testing/testbed.ts";

const done = (line: Line): boolean => line.type === "done";
const RULES = `
table inet compare {
 chain pre {
  type filter hook prerouting priority -300;
  ip saddr ${CLIENT.v4} udp dport 5007 ct zone set 7
 }
 chain marking {
  type filter hook prerouting priority 0;
  udp dport 5007 ct mark set 42
 }
 chain dstnat {
  type nat hook prerouting priority -100;
  tcp dport 8080 dnat ip to ${SERVER.v4}:80
 }
 chain srcnat {
  type nat hook postrouting priority 100;
  ip saddr ${CLIENT.v4} tcp dport 80 masquerade to :50000-50100
 }
}
`;

describe.skipIf(!needs("our events and conntrack's, side by side", "root", "conntrack"))(
  "beside conntrack -E",
  { timeout: 120_000 },
  () => {
    const bed = new Testbed();
    beforeAll(() => bed.up());
    afterAll(() => bed.down());

    it("tells the same of every event of mixed traffic: 0 differences", async () => {
      bed.nft("gateway", RULES);
      for (const name of ["udp_timeout", "icmp_timeout", "icmpv6_timeout", "tcp_timeout_time_wait", "tcp_timeout_close"])
        bed.setSysctl("gateway", name, 2);
      const capture = await bed.capture("gateway");
      // TZ: conntrack prints stamps in local time.
      const theirs = bed.spawn("gateway", "env", "TZ=UTC", "stdbuf", "-oL", "conntrack", "-E", "-o", "id,ktimestamp,extended");
      // It says nothing when it listens: knock until it hears.
      const texts = (): EventText[] => theirs.lines.flatMap((line) => fromConntrack(line.text) ?? []);
      const ids = (events: EventText[], event: string): string[] => events.filter((e) => e.event === event).map((e) => e.id);
      while (ids(texts(), "NEW").length === 0) {
        bed.run("client", "ping", "-qc1", SERVER.v4);
        await setTimeout(50);
      }

      const server = bed.traffic("server");
      const client = bed.traffic("client");
      for (const host of [SERVER.v4, SERVER.v6]) {
        await server.ask({ do: "tcp-listen", host, port: 80 }, done);
        await server.ask({ do: "udp-listen", host, port: 5000 }, done);
      }
      for (let round = 0; round < 5; round++) {
        for (const host of [SERVER.v4, SERVER.v6]) {
          await client.ask({ do: "tcp", host, port: 80, word: "finish" }, done);
          await client.ask({ do: "tcp", host, port: 80, word: "reset" }, done);
          await client.ask({ do: "tcp", host, port: 443, word: "finish" }, done);
          await client.ask({ do: "udp", host, port: 5000, count: 2, pauseMs: 5 }, done);
          await client.ask({ do: "udp", host, port: 5001, count: 2, pauseMs: 5 }, done);
          bed.run("client", "ping", "-qc1", host);
        }
        await client.ask({ do: "tcp", host: "10.77.1.1", port: 8080, word: "finish" }, done);
        await client.ask({ do: "udp", host: SERVER.v4, port: 5007, count: 1, pauseMs: 5 }, done);
      }
      await client.ask({ do: "udp-many", host: SERVER.v4, port: 20_000, count: 50 }, done);

      // Until everything has ended, on both sides.
      const ours = (): EventText[] => capture.records("event").map(fromRecord);
      while (ids(ours(), "NEW").length > ids(ours(), "DESTROY").length)
        await capture.ask("dump", (line) => line.type === "dump-end");
      await theirs.until(() => {
        const ended = new Set(ids(texts(), "DESTROY"));
        return ids(texts(), "NEW").every((id) => ended.has(id));
      });

      // Only connections that conntrack heard from the beginning. Of the updates we keep only those into TIME_WAIT and CLOSE.
      const known = new Set(ids(texts(), "NEW"));
      const wanted = texts().filter(
        (e) => known.has(e.id) && (e.event !== "UPDATE" || e.tcpState === "TIME_WAIT" || e.tcpState === "CLOSE"),
      );
      const compared = ours().filter((e) => known.has(e.id));
      expect(compared.length).toBeGreaterThan(250);
      expect(sorted(compared)).toEqual(sorted(wanted));
      for (const event of ["NEW", "UPDATE", "DESTROY"])
        expect(compared.filter((e) => e.event === event).length, event).toBeGreaterThan(20);
      process.stdout.write(`${wanted.length} events of conntrack -E, ${compared.length} compared, 0 differences\n`);
    });
  },
);

function sorted(events: EventText[]): string[] {
  const order = ["NEW", "UPDATE", "DESTROY"];
  return events
    .map((e) => {
      // conntrack prints no ports for what has none, and ours are 0 then.
      const ports = e.protocol === 6 || e.protocol === 17;
      const { original, reply, ...rest } = e;
      const plain = (tuple: Record<string, string>): [string, string][] =>
        Object.entries(tuple)
          .filter(([key]) => ports || !key.endsWith("port"))
          .sort();
      return `${e.id} ${order.indexOf(e.event)} ${JSON.stringify({ ...rest, original: plain(original), reply: plain(reply) })}`;
    })
    .sort();
}

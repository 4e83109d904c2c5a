/** What is passed on to Netmaker's own collector, when that ends a stream without an error. */
import { createServer } from "node:http2";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { expect, it } from "vitest";
import { FlowService } from "./flow_pb.ts";
import { Forward } from "./forward.ts";

it("opens another stream when the collector has ended one", { timeout: 30_000 }, async () => {
  let isFirst = true;
  const collector = createServer(
    connectNodeAdapter({
      routes: (router) =>
        router.service(FlowService, {
          streamFlows: async function* (envelopes) {
            if (isFirst) {
              isFirst = false;
              return;
            }
            for await (const _ of envelopes) yield { success: true, error: "" };
          },
        }),
    }),
  );
  await new Promise<void>((resolve) => collector.listen(0, "127.0.0.1", resolve));
  const messages: string[] = [];
  const { port } = collector.address() as AddressInfo;
  const forward = new Forward(`http://127.0.0.1:${port}`, { logger: { warn: (_, message) => messages.push(message) } });
  forward.offer([new Uint8Array(3)]);
  while (forward.stats.forwarded + forward.stats.dropped === 0) await sleep(20);
  expect(forward.stats).toMatchObject({ forwarded: 1, dropped: 0, waitingBytes: 0, lastError: null });
  expect(messages).toEqual(["Netmaker's own collector does not take what is passed on: the stream ended"]);
  await forward.stop();
  collector.close();
});

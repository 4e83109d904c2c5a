/** A worker: reads the stream of live rows beside the page, which is never kept busy by parsing them. */
import type { FlowJson } from "@flowtrail/model";
import { followEvents } from "./events.ts";
import type { FromWorker, ToWorker } from "./messages.ts";
import { LiveSampler } from "./sampler.ts";

const TICK_MS = 100;
const sampler = new LiveSampler();
let primaryOnly = false;
let timer = 0;

const tell = (message: FromWorker) => postMessage(message);

function handOn(): void {
  timer = 0;
  const { flows, of } = sampler.take();
  if (of === 0) return;
  tell({ kind: "rows", flows, of });
  schedule();
}

/** The first row at once, further ones together. */
function schedule(): void {
  if (timer === 0) timer = Number(setTimeout(handOn, TICK_MS));
}

function receive(flow: FlowJson): void {
  // In the view of connections the other reports are inside of the primary one.
  if (primaryOnly && !flow.primary) return;
  sampler.add(flow);
  schedule();
}

addEventListener("message", ({ data }: MessageEvent<ToWorker>) => {
  if (data.kind === "watch") {
    sampler.watch(data.keys);
    return;
  }
  primaryOnly = data.primaryOnly;
  followEvents(data.url, {
    onRow: receive,
    onState: (state) => tell({ kind: "state", state }),
    onRefused: () => tell({ kind: "refused" }),
    onDropped: (count) => {
      sampler.miss(count);
      schedule();
    },
  });
});

/** Events as Netmaker's agents send them, for tests: encoded by a library that is not ours, by the .proto of either dialect. */
import { create, toBinary } from "@bufbuild/protobuf";
import type { Dialect } from "../decode.ts";
import { type FlowEvent as Event14, FlowEventSchema as Schema14 } from "./gen/flow_v14_pb.js";
import { type FlowEvent as Event15, FlowEventSchema as Schema15 } from "./gen/flow_v15_pb.js";

type Init<T> = { -readonly [K in keyof T as K extends `$${string}` ? never : K]: T[K] };
type End = { ip: string; type: number; id: string; name?: string };
export type TestEvent = Omit<Init<Event15>, "type" | "direction" | "src" | "dst"> & {
  type: number;
  direction: number;
  src: End;
  dst: End;
};

export const START = 1;
export const DESTROY = 2;
export const INGRESS = 1;
export const EGRESS = 2;
export const NODE = 1;
export const USER = 2;
export const EXTCLIENT = 3;
export const EGRESS_ROUTE = 4;
export const EXTERNAL = 5;

/** Go's zero time, which agents send for "none". */
export const ZERO_TIME = -62_135_596_800_000n;
export const HOST_ID = "3f0a4b57-6d0e-4f0e-9d3b-0a1b2c3d4e5f";
/** Confirmed, assured, seen_reply. */
const STATUS = 14;

/** A DESTROY: node debian asked inetgw for a page, as debian tells it. */
export function destroy(change: Partial<TestEvent> = {}, nowMs: number = Date.now()): TestEvent {
  return {
    type: DESTROY,
    flowId: "7d444840-9dc0-51d1-b245-5ffdce74fad2",
    hostId: HOST_ID,
    hostName: "debian",
    networkId: "netmaker",
    protocol: 6,
    srcPort: 44_006,
    dstPort: 443,
    icmpType: 0,
    icmpCode: 0,
    direction: EGRESS,
    src: { ip: "10.1.0.3", type: NODE, id: "node-debian", name: "debian" },
    dst: { ip: "10.1.0.1", type: NODE, id: "node-inetgw", name: "inetgw" },
    startTsMs: BigInt(nowMs - 5000),
    endTsMs: BigInt(nowMs - 1000),
    bytesSent: 1200n,
    bytesRecv: 8400n,
    packetsSent: 12n,
    packetsRecv: 9n,
    status: STATUS,
    version: BigInt(nowMs - 900),
    ...change,
  };
}

/** Its START, as the dialect has it: 1.4 tells no start. */
export function start(dialect: Dialect, change: Partial<TestEvent> = {}, nowMs: number = Date.now()): TestEvent {
  const counters = { bytesSent: 0n, bytesRecv: 0n, packetsSent: 0n, packetsRecv: 0n };
  const startTsMs = dialect === "1.4" ? ZERO_TIME : BigInt(nowMs - 4990);
  return destroy(
    { type: START, ...counters, status: 8, startTsMs, endTsMs: ZERO_TIME, version: BigInt(nowMs - 4990), ...change },
    nowMs,
  );
}

export function encode(dialect: Dialect, event: Partial<TestEvent>): Uint8Array {
  if (dialect === "1.5") return toBinary(Schema15, create(Schema15, event as never));
  const { hostName: _, src, dst, ...rest } = event;
  const end = ({ name: _name, ...known }: End) => known;
  const init = { ...rest, ...(src && { src: end(src) }), ...(dst && { dst: end(dst) }) };
  return toBinary(Schema14, create(Schema14, init as Partial<Init<Event14>> as never));
}

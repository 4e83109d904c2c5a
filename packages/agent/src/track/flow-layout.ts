/** The columns of the flow table, and what the numbers in them mean. */

/** What a slot holds. */
export const PHASE = {
  free: 0,
  /** The kernel tracks it. */
  open: 1,
  /** TCP that is over; the kernel keeps the entry for a while. */
  closed: 2,
  /** Over for good; its last row is still to be written. */
  ended: 3,
  /** Its last row is written. Kept for a moment, so that late and repeated messages about it are known as such. */
  kept: 4,
} as const;

export const FLAG = {
  /** Waits for a row. */
  dirty: 1,
  /** Nobody knew when it began. */
  startInexact: 2,
  /** `start` is, or may be, the time of arrival: the kernel's stamp is better as long as no row is written. */
  startByArrival: 4,
  /** Counters are known. */
  counted: 8,
  /** The source, the destination is translated. */
  natSource: 16,
  natDestination: 32,
  /** Ask the kernel for its counters before the next row. */
  ask: 64,
  /** Known from the agent that ran before us, and not heard of since. */
  restored: 128,
  /** Ended without anybody knowing how. */
  lost: 256,
  /** The domain may be the outer name of an encrypted ClientHello. */
  outerName: 512,
  /** Something became known of its name since its last row. */
  nameKnown: 1024,
  /** Ended without a row: it was not to be told. */
  untold: 2048,
  /** Its local program was asked for, and is not known yet. */
  ownerUnknown: 4096,
  /** Its first row waits for its name, which may be one of which nothing is stored. */
  held: 8192,
  /** It has one of these names: nothing (more) is written of it. */
  excluded: 16384,
  /** It has waited for a name long enough. */
  heldOut: 32768,
} as const;

export const UNKNOWN_STATE = 255;

type ArrayType =
  | Uint8ArrayConstructor
  | Uint16ArrayConstructor
  | Uint32ArrayConstructor
  | Int32ArrayConstructor
  | Float64ArrayConstructor;

/** Array type and elements per slot. The order is that of the checkpoint. Times: ms since 1970. */
export const LAYOUT = {
  /** Source, destination: 16 bytes each as words. */
  addresses: [Uint32Array, 8],
  /** FlowKey.first, .second */
  ports: [Uint16Array, 2],
  zone: [Uint16Array, 1],
  conntrackId: [Uint32Array, 1],
  protocol: [Uint8Array, 1],
  /** tcpState or sctpState as last heard, or UNKNOWN_STATE. */
  protocolState: [Uint8Array, 1],
  phase: [Uint8Array, 1],
  flags: [Uint16Array, 1],
  /** Number of the network's name. */
  network: [Uint16Array, 1],
  direction: [Uint8Array, 1],
  role: [Uint8Array, 1],
  verdict: [Uint8Array, 1],
  endReason: [Uint8Array, 1],
  status: [Uint32Array, 1],
  flowId: [Uint32Array, 2],
  /** Rows written. */
  revision: [Uint32Array, 1],
  /** Source's bytes and packets, destination's bytes and packets. */
  totals: [Float64Array, 4],
  /** The totals of the last row. */
  reported: [Float64Array, 4],
  start: [Float64Array, 1],
  /** The kernel's start stamp in µs: tells two entries of one identity apart. 0 = unknown. */
  kernelStartUs: [Float64Array, 1],
  /** Time of the newest counters. */
  seen: [Float64Array, 1],
  /** When the counters were still those of the last row. In a kept slot: when its last row was written. */
  since: [Float64Array, 1],
  end: [Float64Array, 1],
  /** When the last row was written, in seconds since 1970. */
  rowS: [Uint32Array, 1],
  /** Numbers of FlowTexts, 0 = none. */
  domain: [Uint32Array, 1],
  about: [Uint32Array, 1],
  /** A code of DOMAIN_SOURCES, or NO_CODE. */
  domainSource: [Uint8Array, 1],
} as const satisfies Record<string, readonly [ArrayType, number]>;

/** Made when the first translated flow comes: most nodes have none. */
export const NAT_LAYOUT = {
  natAddresses: [Uint32Array, 8],
  natPorts: [Uint16Array, 2],
} as const satisfies Record<string, readonly [ArrayType, number]>;

/** Not worth keeping over a restart. */
const PASSING_LAYOUT = {
  /** Number of the last dump that had begun when it was heard of. */
  heard: [Uint32Array, 1],
  /** Next slot of the hash chain or of the free list. */
  next: [Int32Array, 1],
} as const satisfies Record<string, readonly [ArrayType, number]>;

export const ALL_LAYOUTS = { ...LAYOUT, ...NAT_LAYOUT, ...PASSING_LAYOUT };
export type ColumnName = keyof typeof ALL_LAYOUTS;
export type FlowColumns = { [N in ColumnName]: InstanceType<(typeof ALL_LAYOUTS)[N][0]> };
export type AnyArray = FlowColumns[ColumnName];

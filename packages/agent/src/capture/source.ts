/** The port between the kernel and `track`: what a source of conntrack messages promises and whom it tells. */
import type { ConntrackRecord } from "./conntrack/record.ts";

/** All methods are called synchronously on the agent's one thread. Records are reused: copy what you keep. `arrivalMs`: ms since 1970. */
export interface ConntrackListener {
  /** A NEW, UPDATE (TCP entering TIME_WAIT or CLOSE only) or DESTROY event. */
  onEvent(record: ConntrackRecord, arrivalMs: number): void;
  /** A dump begins. Events may come between its entries; entries that were created after this are not in doubt if the dump lacks them. */
  onDumpStart(arrivalMs: number): void;
  onDumpEntry(record: ConntrackRecord, arrivalMs: number): void;
  /** `complete` false: the dump was cut short or changed under us; what is absent from it proves nothing. */
  onDumpEnd(complete: boolean, arrivalMs: number): void;
  /** The kernel dropped events (ENOBUFS). A dump follows by itself; flows that lived wholly inside the gap are lost. */
  onOverrun(arrivalMs: number): void;
  /** The queue has been emptied: a good moment to hand on what was collected. */
  onDrained(arrivalMs: number): void;
}

export interface CaptureStats {
  /** Messages parsed, by kind. */
  newEvents: number;
  updateEvents: number;
  destroyEvents: number;
  dumps: number;
  dumpEntries: number;
  /** Times that the kernel told us that it dropped events, and how many (from /proc/net/netlink). */
  overruns: number;
  overrunEvents: number;
  /** Messages that were no well-formed conntrack entry. */
  malformed: number;
}

export interface ConntrackSource {
  readonly stats: Readonly<CaptureStats>;
  /** Subscribes, then dumps what is there already. Resolves when the first dump is done. */
  start(listener: ConntrackListener): Promise<void>;
  /** Dumps all entries into the listener, yielding to the event loop between chunks. Never two at once: a second call waits for the first. */
  dump(): Promise<void>;
  /**
   * Asks the kernel for the entry with this record's original tuple and zone, and overwrites the record with the answer (same CTA_ID only).
   * False if it is gone. About 10 µs.
   */
  refresh(record: ConntrackRecord): boolean;
  stop(): Promise<void>;
}

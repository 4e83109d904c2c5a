/** The first witness: what the kernel reported, heard by conntrack's own program beside the agent. */
import { ConntrackOracle } from "../integration/harness/conntrack-oracle.ts";
import { numberOf } from "./flow-number.ts";
import type { Ledger } from "./ledger.ts";

// The first tuple of a line is the original one.
const EVENT = /^\s*\[(NEW|DESTROY)\]\s+ipv4\s+2\s+\S+\s+(\d+)\b.*? sport=(\d+) dport=(\d+) /;

/** Listens in a namespace, and writes into the ledger. */
export function kernelRecord(namespace: string, ledger: Ledger): ConntrackOracle {
  return new ConntrackOracle(namespace, (line) => {
    const found = EVENT.exec(line);
    if (found === null) return;
    const number = numberOf(Number(found[2]), Number(found[3]), Number(found[4]));
    if (number === null) return;
    if (found[1] === "NEW") ledger.onBorn(number);
    else ledger.onDied(number);
  });
}

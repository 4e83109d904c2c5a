/** Who had an address at a time: everybody who claims it, in the order in which they count. */
import { type Cidr, cidrContains } from "@flowtrail/model";
import { compareHoldings, isAgents, isCandidate } from "../attribution/order.ts";
import type { Holding } from "../holding.ts";

/** Those of one network, the one that rows name first. */
export function holdersAt(holdings: readonly Holding[], address: Uint8Array, atMs: number): Holding[] {
  const holders = holdings
    .filter((holding) => isCandidate(holding, atMs) && !isDefault(holding.cidr) && cidrContains(holding.cidr, address))
    .sort((a, b) => b.cidr.prefixBits - a.cidr.prefixBits || compareHoldings(a, b, atMs));
  const described = holders.filter((holding) => !isAgents(holding));
  // Whom people or the control plane have there in particular counts before all that agents declare.
  const [first] = described;
  return first === undefined || first.kind === "network" ? holders : [...described, ...holders.filter(isAgents)];
}

const isDefault = ({ prefixBits, v4 }: Cidr) => prefixBits === (v4 ? 96 : 0);

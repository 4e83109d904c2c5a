/** What follows from the logs of one network. Made when first asked for, and good until one of them changes. */
import type { Holding, NodeFact } from "../holding.ts";
import type { EntityVersion } from "./change.ts";
import { holdingsOf, nodeFacts } from "./holdings.ts";
import { NodeRefs } from "./node-refs.ts";

export class NetworkView {
  readonly versions: readonly EntityVersion[];
  readonly nodes: NodeRefs;
  #holdings: readonly Holding[] | null = null;
  #nodeFacts: readonly NodeFact[] | null = null;

  constructor(versions: readonly EntityVersion[]) {
    this.versions = versions;
    this.nodes = new NodeRefs(versions);
  }

  get holdings(): readonly Holding[] {
    this.#holdings ??= holdingsOf(this.versions, this.nodes);
    return this.#holdings;
  }

  get nodeFacts(): readonly NodeFact[] {
    this.#nodeFacts ??= nodeFacts(this.versions);
    return this.#nodeFacts;
  }
}

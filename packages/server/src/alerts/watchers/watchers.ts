/** All that can look for something that no filter and limit can say. */
import type { Watcher } from "../watcher.ts";
import { agentSilentWatcher, clockSkewWatcher } from "./agents.ts";
import { beaconWatcher } from "./beacon.ts";
import { diskWatcher } from "./disk.ts";
import { firstContactWatcher } from "./first-contact.ts";
import { largeFlowWatcher } from "./large-flow.ts";
import { listedWatcher } from "./listed.ts";
import type { ListedIndex } from "./listed-index.ts";
import { outsidePolicyWatcher } from "./outside-policy.ts";
import type { PolicySet } from "./policies.ts";
import { removedWatcher } from "./removed.ts";
import { scanWatcher } from "./scan.ts";
import { uploadWatcher } from "./upload.ts";

export interface WatchersDeps {
  /** In force now. */
  readonly policies: () => PolicySet;
  readonly lists: () => ListedIndex;
  /** Was this reporter's token taken back? */
  readonly isRemoved: (reporterId: string) => boolean;
}

export function namedWatchers({ policies, lists, isRemoved }: WatchersDeps): readonly Watcher[] {
  return [
    scanWatcher,
    firstContactWatcher,
    beaconWatcher,
    uploadWatcher,
    largeFlowWatcher,
    outsidePolicyWatcher(policies),
    listedWatcher(lists),
    removedWatcher,
    agentSilentWatcher(isRemoved),
    clockSkewWatcher,
    diskWatcher,
  ];
}

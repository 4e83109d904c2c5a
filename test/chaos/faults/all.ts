/** Every fault of the bed. */
import type { Fault } from "../fault.ts";
import { CLOCKS } from "./clock.ts";
import { DISKS } from "./disk.ts";
import { KERNEL } from "./kernel.ts";
import { KILLS } from "./kill.ts";
import { NETWORK } from "./network.ts";
import { SEGMENTS } from "./segments.ts";
import { UPGRADES } from "./upgrade.ts";

export const FAULTS: readonly Fault[] = [...KILLS, ...DISKS, ...SEGMENTS, ...CLOCKS, ...NETWORK, ...KERNEL, ...UPGRADES];

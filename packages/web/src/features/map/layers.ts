/**
 * Where on the map which types stand. A force layout of all participants alike is a ball of wool from some sixty on: who is a user and who
 * a server cannot be seen, and labels have no room. So types stand in three bands, in the direction in which most connections go: who
 * comes in from the left, nodes in the middle, what they lead to on the right. Users and destinations, which hardly talk among themselves,
 * stand in columns, where names are read as in a list; only nodes, which talk to each other, are laid out by forces.
 */
import type { ParticipantType } from "@flowtrail/model";

export const LAYERS = ["left", "middle", "right"] as const;
export type Layer = (typeof LAYERS)[number];

const LAYER_OF: Readonly<Record<ParticipantType, Layer>> = {
  user: "left",
  extclient: "left",
  node: "middle",
  egress_route: "right",
  external: "right",
  unknown: "right",
};

export function layerOf(type: ParticipantType): Layer {
  return LAYER_OF[type];
}

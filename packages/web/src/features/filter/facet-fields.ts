/** The fields whose values stand beside the list, in order. */
export interface FacetField {
  readonly name: string;
  readonly label: string;
  /** Few values, which come with one answer. The others are asked for when they are opened. */
  readonly few: boolean;
  /** Open for whoever has not chosen. */
  readonly open: boolean;
}

const few = (name: string, label: string, open = false): FacetField => ({ name, label, few: true, open });
const many = (name: string, label: string): FacetField => ({ name, label, few: false, open: false });

export const FACET_FIELDS: readonly FacetField[] = [
  few("network", "Network"),
  few("reporter", "Node", true),
  many("src.name", "Source"),
  many("dst.name", "Destination"),
  many("domain", "Domain"),
  few("protocol", "Protocol", true),
  many("dst.port", "Service"),
  few("direction", "Direction", true),
  few("src.type", "Source type", true),
  few("dst.type", "Destination type", true),
  few("verdict", "Verdict", true),
  few("state", "State"),
  few("end_reason", "End reason"),
];

/** Values that are told at first, that are told more with each click, and at most. */
export const FIRST_VALUES = 10;
export const MORE_VALUES = 50;
export const MOST_VALUES = 1000;

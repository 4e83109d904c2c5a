import type { FlowKey } from "../../lib/api.ts";
import { navigate, useUrl } from "../../lib/url.ts";
import { readFlowKey, writeFlowKey } from "../traffic/query.ts";

export interface Compared {
  /** Rows that were put aside to be compared with others, in the order in which they were. */
  readonly keys: readonly FlowKey[];
  has(key: FlowKey): boolean;
  /** Puts a row aside, or back. */
  toggle(key: FlowKey): void;
}

/** A screen's width holds no more of them. */
const MOST = 4;

/** `compare=debian/123456` of the address, once each row. */
export function useCompared(): Compared {
  const { path, params } = useUrl();
  const texts = [...new Set(params.getAll("compare"))];
  return {
    keys: texts.flatMap((text) => readFlowKey(new URLSearchParams({ flow: text })) ?? []),
    has: (key) => texts.includes(writeFlowKey(key)),
    toggle(key) {
      const text = writeFlowKey(key);
      const next = texts.includes(text) ? texts.filter((other) => other !== text) : [...texts, text].slice(-MOST);
      const address = new URLSearchParams([...params].filter(([name]) => name !== "compare"));
      for (const one of next) address.append("compare", one);
      navigate(path, address, { replace: true });
    },
  };
}

/** What watchers may ask, bounded, and apart from the questions of people: alerts never take a turn of theirs. */
import type { StoreReport } from "@flowtrail/model";
import type { AgentReport } from "../health/agent-book.ts";
import type { InventoryHistory } from "../identify/history/history.ts";
import { Inquiry } from "../query/inquiry.ts";
import type { Caps } from "../query/inquiry-caps.ts";
import type { InquiryDesk } from "../query/inquiry-desk.ts";
import type { TrafficGroups } from "./groups.ts";
import type { Group, GroupsQuestion, WatchTools } from "./watcher.ts";

export interface AskingDeps {
  readonly desk: InquiryDesk;
  readonly groups: TrafficGroups;
  readonly inventory: InventoryHistory;
  readonly agents: () => readonly AgentReport[];
  readonly storage: () => Promise<StoreReport | null>;
}

/** Of one look of one rule. */
export interface Look {
  readonly nowMs: number;
  readonly isTest: boolean;
  /** Whose turn it is: what came late must not hold up what is now. */
  readonly who: "alerts" | "late rows" | "tests";
  readonly caps: Caps;
  readonly signal: AbortSignal;
  /** Answers of this round: rules that ask the same share them. */
  readonly shared: Map<string, Promise<readonly Group[]>>;
}

export interface LookTools {
  readonly tools: WatchTools;
  readonly inquiry: Inquiry;
  readonly notes: readonly string[];
}

/** Of an answer: it is in our memory as a whole. */
export const MAX_QUESTION_ROWS = 50_000;

export function toolsOf({ desk, groups, inventory, agents, storage }: AskingDeps, look: Look): LookTools {
  const { nowMs, isTest, who, caps, signal, shared } = look;
  const inquiry = new Inquiry(desk.askedBy(who, caps), { signal });
  const notes: string[] = [];
  const ask = (question: GroupsQuestion) => {
    const key = JSON.stringify(question);
    const asked = shared.get(key) ?? groups.ask(question, inquiry);
    shared.set(key, asked);
    return asked;
  };
  const tools: WatchTools = {
    nowMs,
    isTest,
    ask: (question) => inquiry.rows(question),
    groups: ask,
    inquiry,
    inventory,
    agents,
    storage,
    note: (text) => {
      if (!notes.includes(text)) notes.push(text);
    },
  };
  return { tools, inquiry, notes };
}

/** What became of tokens: who was enrolled with them, and when they were used. */
import type { Table } from "./table.ts";

const moment = "DateTime64(3, 'UTC')";

/** Uses of enrolment tokens, append-only: who claimed one, and what became of it (of a claim's states the last counts). */
export const ENROLMENTS: Table = {
  name: "enrolments",
  columns: [
    { name: "claim", type: "String" },
    { name: "state", type: "Enum8('claimed' = 1, 'withdrawn' = 2, 'done' = 3)" },
    { name: "token", type: "String" },
    { name: "node", type: "String" },
    // Of the secret that the agent made for this.
    { name: "key_hash", type: "String" },
    { name: "at", type: moment },
  ],
  engine: "MergeTree",
  orderBy: ["token", "claim", "state"],
};

/** When and from where each token was used last, as far as servers have noted it. */
export const TOKEN_USES: Table = {
  name: "token_uses",
  columns: [
    { name: "token", type: "String" },
    { name: "used", type: moment },
    { name: "address", type: "String" },
  ],
  engine: "ReplacingMergeTree(used)",
  orderBy: ["token"],
  ttl: "toDateTime(used) + INTERVAL 400 DAY",
};

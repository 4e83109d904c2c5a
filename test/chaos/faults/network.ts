/** The network between agent and server. */
import type { ChaosBed } from "../bed.ts";
import { LINK_PORT } from "../bed.ts";
import type { Fault } from "../fault.ts";
import type { Weather } from "../tap.ts";

const TABLE = "chaos";

function rules(bed: ChaosBed, text: string): void {
  bed.net.exec(bed.net.b, "nft", `table inet ${TABLE} { ${text} }`);
}
async function clear(bed: ChaosBed): Promise<void> {
  bed.net.exec(bed.net.b, "nft", "delete", "table", "inet", TABLE);
}
const weather = (name: string, about: string, kind: Weather, lastsMs: [number, number] = [3000, 6000]): Fault => ({
  name,
  about,
  lastsMs,
  begin: async (bed) => {
    bed.tap.weather = kind;
  },
  end: async (bed) => {
    bed.tap.weather = "clear";
  },
});

export const NETWORK: readonly Fault[] = [
  {
    name: "network-cut",
    about: "no packet comes through any more, in either direction",
    lastsMs: [3000, 8000],
    begin: async (bed) =>
      rules(
        bed,
        `chain in { type filter hook input priority 0; tcp dport ${LINK_PORT} drop; }; chain out { type filter hook output priority 0; tcp sport ${LINK_PORT} drop; };`,
      ),
    end: clear,
  },
  {
    name: "half-open",
    about: "what the agent sends arrives, and no answer comes back: nobody is told",
    lastsMs: [3000, 8000],
    begin: async (bed) => rules(bed, `chain out { type filter hook output priority 0; tcp sport ${LINK_PORT} drop; };`),
    end: clear,
  },
  {
    name: "connections-reset",
    about: "every connection is reset, and no new one is taken",
    lastsMs: [2000, 5000],
    begin: async (bed) => {
      rules(bed, `chain in { type filter hook input priority 0; tcp dport ${LINK_PORT} reject with tcp reset; };`);
      bed.tap.cut();
    },
    end: clear,
  },
  {
    name: "name-unknown",
    about: "the server's name can't be resolved, and connections are cut",
    lastsMs: [3000, 6000],
    begin: async (bed) => {
      bed.setServerName(false);
      bed.tap.cut();
      await bed.until("the agent says that the name can't be resolved", () => bed.agent.said.includes("can't be resolved"));
    },
    end: async (bed) => bed.setServerName(true),
  },
  weather("link-slow", "each upload takes up to two seconds", "slow"),
  weather("answers-cut", "answers break off in the middle", "answers cut"),
  weather("answers-lost", "the server stores, and its answer is lost", "answers lost"),
  weather("sent-twice", "each upload arrives twice at the same time", "twice"),
  weather("sent-late-again", "old uploads arrive again behind newer ones, in any order", "late again"),
];

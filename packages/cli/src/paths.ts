/** Where things live if nobody says otherwise: system folders for root, the user's own (XDG) for everybody else. */
import { homedir } from "node:os";
import { join } from "node:path";

export interface DefaultPaths {
  /** The server's data directory. */
  readonly data: string;
  /** The agent's state directory. */
  readonly state: string;
}

export function defaultPaths(env: NodeJS.ProcessEnv = process.env, uid = process.getuid?.()): DefaultPaths {
  const base =
    uid === 0 ? "/var/lib/flowtrail" : join(env.XDG_STATE_HOME ?? join(env.HOME ?? homedir(), ".local", "state"), "flowtrail");
  return { data: env.FLOWTRAIL_DATA ?? join(base, "server"), state: env.FLOWTRAIL_STATE ?? join(base, "agent") };
}

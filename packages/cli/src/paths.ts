/** Where server and agent of this machine live if nobody says otherwise. */
import { defaultDirectory } from "@flowtrail/settings";

export interface DefaultPaths {
  /** The server's data directory. */
  readonly data: string;
  /** The agent's state directory. */
  readonly state: string;
}

export function defaultPaths(env: NodeJS.ProcessEnv = process.env): DefaultPaths {
  return {
    data: env.FLOWTRAIL_DATA || defaultDirectory("server", env),
    state: env.FLOWTRAIL_STATE || defaultDirectory("agent", env),
  };
}

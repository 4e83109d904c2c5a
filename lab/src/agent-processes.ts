/** The agents' processes as the lab's directory knows them. */
import { join } from "node:path";
import { z } from "zod";
import { labDir } from "./names.ts";
import { isAlive, sendSignal, waitForEnd } from "./processes.ts";
import { readJson, writeJson } from "./state.ts";
import { type AgentNodeName, agentNodeNames } from "./topology.ts";

const agentFileSchema = z.strictObject({
  id: z.strictObject({ pid: z.number(), startTicks: z.number() }),
  argv: z.array(z.string()).min(1),
  env: z.record(z.string(), z.string()),
  cwd: z.string().nullable(),
  startedAt: z.string(),
  starts: z.number(),
});
export type AgentFile = z.infer<typeof agentFileSchema>;

const agentFile = (lab: string, node: AgentNodeName): string => join(labDir(lab), "agents", `${node}.json`);

export const readAgentFile = (lab: string, node: AgentNodeName): AgentFile | null =>
  readJson(agentFile(lab, node), agentFileSchema);
export const writeAgentFile = (lab: string, node: AgentNodeName, file: AgentFile): void => writeJson(agentFile(lab, node), file);

/** An agent may need 5 s to ship what it has (its own limit); after this many it is killed. */
const stopTimeoutMs = 8000;

/** Asks the agents to stop (SIGTERM) and kills what doesn't. Returns the nodes whose agent was running. */
export async function stopAgents(lab: string, nodes: readonly AgentNodeName[] = agentNodeNames): Promise<AgentNodeName[]> {
  const running = nodes.flatMap((node) => {
    const file = readAgentFile(lab, node);
    return file && isAlive(file.id) ? [{ node, id: file.id }] : [];
  });
  const ids = running.map(({ id }) => id);
  for (const id of ids) sendSignal(id, "SIGTERM");
  const left = await waitForEnd(ids, stopTimeoutMs);
  for (const id of left) sendSignal(id, "SIGKILL");
  await waitForEnd(left, stopTimeoutMs);
  return running.map(({ node }) => node);
}

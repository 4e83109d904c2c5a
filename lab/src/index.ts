export {
  type AgentNode,
  type AgentStatus,
  LabAgents,
  labAgents,
  labRelay,
  relayPort,
  type StartAgentsOptions,
} from "./agents.ts";
export type { LabConnection, Verdict } from "./connection.ts";
export { type Daemon, startDaemon as labDaemon } from "./daemons.ts";
export { type DownOptions, labDown } from "./down.ts";
export { LabError, type LabErrorData } from "./errors.ts";
export { execIn, spawnIn } from "./exec.ts";
export { type Direction, type ExpectedReport, expectedReports, pathBetween, type Role } from "./expected.ts";
export { labInventory, labInventoryData } from "./inventory.ts";
export { checkLabName, deviceOf, labDir, namespaceOf, namespacesOf } from "./names.ts";
export type { Outcome } from "./peers/protocol.ts";
export { checkMachine, labPrograms } from "./programs.ts";
export { filteredPort } from "./rules.ts";
export type { RunOptions, RunResult } from "./run.ts";
export type { ScenarioOptions } from "./scenarios/scenario.ts";
export { ports } from "./services.ts";
export { type LabRef, type Masquerade, masquerades } from "./state.ts";
export { type LabNodeStatus, type LabProcess, type LabStatus, labList, labStatus } from "./status.ts";
export {
  type Addresses,
  type AgentNodeName,
  agentNodeNames,
  configFile,
  dnsServer,
  egress,
  type Family,
  type HostName,
  hostAddresses,
  internetHosts,
  type LabNode,
  type NodeName,
  network,
  nodeByName,
  nodeNames,
  nodes,
  user,
  wireguardPort,
} from "./topology.ts";
export { labScenarios, labTraffic, type TrafficOptions, type TrafficResult } from "./traffic.ts";
export { labUp, type UpOptions } from "./up.ts";

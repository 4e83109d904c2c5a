/** What `flowtrail netmaker check` found, for people. */
import { formatCount } from "@flowtrail/model";
import type { NetmakerCheck } from "@flowtrail/server";

export function reportLines(url: string, found: NetmakerCheck): string[] {
  const { version, edition, networks, users, missing, way } = found;
  const name = [version ?? "of unknown version", edition === null ? "" : `(${edition})`].filter((part) => part !== "").join(" ");
  return [
    `Netmaker ${name} at ${url}`,
    line("networks", networks.length === 0 ? "none" : networks.map(({ id, ranges }) => `${id} ${ranges.join(", ")}`).join("; ")),
    ...networks.map(({ id, nodes, users: devices, configFiles, egress }) =>
      line(
        `  ${id}`,
        [
          count(nodes, "node"),
          `${count(devices, "user")} with devices`,
          count(configFiles, "config file"),
          count(egress, "egress route"),
        ].join(", "),
      ),
    ),
    line("hosts", hostsText(found)),
    line("users", formatCount(users)),
    line("clock", clockText(found.clockSkewMs)),
    line("flow logs", flowLogsText(found.flowLogs)),
    "",
    way === "netmaker"
      ? "Flows: Netmaker's own agents send them; route grpc.<domain> here (docs/how-to/netmaker.md), or use Flowtrail's agent."
      : "Flows: from Flowtrail's agent on the nodes (docs/how-to/agents.md); names and addresses from this Netmaker.",
    ...(missing.length === 0 ? ["Nothing will be missing."] : ["What will be missing:"]),
    ...missing.flatMap(({ what, why, instead }) => [`  - ${what}: ${why}`, ...(instead === null ? [] : [`    ${instead}`])]),
    ...(found.usable ? [] : ["", "This Netmaker can't be used as an inventory as it is: see above."]),
  ];
}

const line = (name: string, text: string) => `  ${name.padEnd(12)} ${text}`;

function count(many: number, what: string): string {
  return `${formatCount(many)} ${what}${many === 1 ? "" : "s"}`;
}

function hostsText({ hosts }: NetmakerCheck): string {
  const versions = [...new Set(hosts.map(({ version }) => version).filter((version) => version !== ""))].sort();
  const on = hosts.filter(({ reports }) => reports === true).length;
  const isTold = hosts.some(({ reports }) => reports !== null);
  return [
    formatCount(hosts.length),
    ...(versions.length === 0 ? [] : [`versions ${versions.join(", ")}`]),
    ...(isTold ? [`flow logs on for ${formatCount(on)}`] : []),
  ].join(", ");
}

function clockText(skewMs: number | null): string {
  if (skewMs === null) return "it does not tell the time";
  if (Math.abs(skewMs) < 1000) return "as here";
  return `${(Math.abs(skewMs) / 1000).toFixed(0)} s ${skewMs > 0 ? "ahead" : "behind"}`;
}

function flowLogsText({ licensed, enabled, retentionDays, api }: NetmakerCheck["flowLogs"]): string {
  const said = (value: boolean | null, yes: string, no: string) => (value === null ? [] : [value ? yes : no]);
  const rows =
    typeof api === "string"
      ? api === "rows"
        ? "there are rows to import"
        : "there are no rows yet"
      : `no rows to be had (${api.status || "no API"})`;
  return [
    ...said(licensed, "licensed", "not licensed"),
    ...said(enabled, "switched on", "switched off"),
    ...(retentionDays === null ? [] : [`kept for ${count(retentionDays, "day")}`]),
    rows,
  ].join(", ");
}

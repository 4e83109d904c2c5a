/** QUIC by a real client and a real server: those of ngtcp2, in Debian's packages. Node speaks none. */
import type { Bed } from "../bed.ts";
import { protocolNumbers } from "../connection.ts";
import { LabError } from "../errors.ts";
import { execIn } from "../exec.ts";
import { isOnPath, optionalPrograms } from "../programs.ts";
import { ports } from "../services.ts";
import { requireLab } from "../state.ts";
import { type Family, hostAddresses, pick } from "../topology.ts";
import { families, type Scenario } from "./scenario.ts";

/** The client takes any address of a name; it sends a server name only for names that it has resolved itself. */
const nameOf = { 4: "h3.example.test", 6: "h3v6.example.test" } as const;

async function fetchPage(bed: Bed, family: Family): Promise<void> {
  const name = nameOf[family];
  const ends = {
    from: "user",
    to: "internet",
    family,
    what: `the user opens https://${name} by QUIC`,
    known: { domain: name, domainSource: "quic" },
  } as const;
  const ip = pick(hostAddresses(name), family);
  const argv = ["gtlsclient", "--exit-on-all-streams-close", "--no-quic-dump", "--no-http-dump", "--no-pmtud"];
  argv.push(name, String(ports.https), `https://${name}/`);
  const connection = bed.describe(ends, protocolNumbers.udp, { ip, port: ports.https });
  const result = await execIn({ name: bed.lab }, "user", argv, {
    timeoutMs: 20_000,
    ...(bed.signal ? { signal: bed.signal } : {}),
  });
  bed.signal?.throwIfAborted();
  const said = result.stdout + result.stderr;
  const srcPort = /Sent packet: local=\[[^\]]+\]:(\d+)/.exec(said)?.[1];
  if (srcPort === undefined || !said.includes("QUIC handshake has completed"))
    throw new LabError(
      { code: "LAB_COMMAND_FAILED", argv, exitCode: result.code, stderr: result.stderr },
      `gtlsclient did not reach ${name}: ${said.trim().slice(-300)}`,
    );
  bed.keep({ ...connection, srcPort: Number(srcPort), endedAt: Date.now(), outcome: "answered" });
}

export const quic: Scenario = {
  title:
    "QUIC: user → h3.example.test, by a client that asks DNS itself (needs ngtcp2-client and ngtcp2-server when the lab is brought up)",
  async run(bed, options) {
    if (!isOnPath("gtlsclient")) return `gtlsclient is missing (Debian package ${optionalPrograms.gtlsclient})`;
    if (!requireLab({ name: bed.lab }).processes.some(({ what }) => what === "gtlsserver"))
      return `gtlsserver (Debian package ${optionalPrograms.gtlsserver}) was missing when the lab was brought up`;
    for (const family of families(options)) await fetchPage(bed, family);
    return undefined;
  },
};

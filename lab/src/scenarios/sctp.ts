/** The beginning of an SCTP association. Node speaks no SCTP and many kernels don't either, but connection tracking knows it everywhere: so the packet is made here and sent as it is. */
import { randomInt } from "node:crypto";
import { protocolNumbers } from "../connection.ts";
import { LabError } from "../errors.ts";
import { execIn } from "../exec.ts";
import { destinationAddress } from "../expected.ts";
import { isOnPath, optionalPrograms } from "../programs.ts";
import { families, type Scenario } from "./scenario.ts";
import { initPacket } from "./sctp-packet.ts";

/** SIP over SCTP, where nobody listens. */
const port = 5060;

export const sctp: Scenario = {
  title: "an SCTP association that debian begins with inetgw and nobody takes up (needs socat)",
  async run(bed, options) {
    if (!isOnPath("socat")) return `socat is missing (Debian package ${optionalPrograms.socat})`;
    for (const family of families(options)) {
      const ends = { from: "debian", to: "inetgw", family, what: "debian begins an SCTP association with inetgw" } as const;
      const connection = bed.describe(ends, protocolNumbers.sctp, { ip: destinationAddress("inetgw", family), port });
      const srcPort = randomInt(40_000, 60_000);
      const { srcIp, dstIp } = connection;
      const packet = initPacket(srcPort, port, randomInt(1, 2 ** 32));
      const [src, dst] = family === 4 ? [srcIp, dstIp] : [`[${srcIp}]`, `[${dstIp}]`];
      const argv = ["socat", "-u", "STDIN", `IP${family}-SENDTO:${dst}:${protocolNumbers.sctp},bind=${src}`];
      const { code, stderr } = await execIn({ name: bed.lab }, "debian", argv, { input: packet });
      if (code !== 0)
        throw new LabError(
          { code: "LAB_COMMAND_FAILED", argv, exitCode: code, stderr },
          `socat could not send: ${stderr.trim()}`,
        );
      const srcBytes = packet.length + (family === 4 ? 20 : 40);
      // A kernel without SCTP says so by ICMP, one with it by an ABORT.
      const verdicts = ["unanswered", "refused", "answered"] as const;
      const outcome = "silent" as const;
      bed.keep({ ...connection, srcPort, endedAt: Date.now(), outcome, verdicts: [...verdicts], srcBytes, srcPackets: 1 });
    }
    return undefined;
  },
};

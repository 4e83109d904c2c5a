import { isOnPath } from "../programs.ts";
import { denyRules, filteredPort, forwardDrop, iptablesPort } from "../rules.ts";
import { ports } from "../services.ts";
import { perFamily } from "./scenario.ts";

export const refused = perFamily(
  "a TCP and a UDP port where nobody listens, debian → officegw and user → debian",
  async (bed, family) => {
    for (const { from, to } of [{ from: "debian", to: "officegw" } as const, { from: "user", to: "debian" } as const]) {
      await bed.tcp({ from, to, family, what: `${from} tries a closed TCP port of ${to}`, port: ports.closed, up: 0, down: 0 });
      await bed.udp({
        from,
        to,
        family,
        what: `${from} tries a closed UDP port of ${to}`,
        port: ports.closed,
        requestBytes: 32,
        replyBytes: 32,
      });
    }
  },
);

/** Long enough for a second SYN, which comes after 1 s. */
const patienceMs = 2500;

export const filtered = perFamily("a TCP and a UDP port whose packets inetgw drops, debian → inetgw", async (bed, family) => {
  const ends = {
    from: "debian",
    to: "inetgw",
    family,
    port: filteredPort,
    denied: { at: "inetgw", rule: denyRules.filtered },
    timeoutMs: patienceMs,
  } as const;
  await Promise.all([
    bed.tcp({ ...ends, what: "debian tries a filtered TCP port of inetgw", up: 0, down: 0 }),
    bed.udp({ ...ends, what: "debian tries a filtered UDP port of inetgw", requestBytes: 32, replyBytes: 32 }),
  ]);
});

export const denied = perFamily(
  "ports that rules of nftables and iptables drop and log: debian → inetgw, user → debian, user → the LAN through officegw",
  async (bed, family) => {
    const one = { family, up: 0, down: 0, timeoutMs: patienceMs } as const;
    await Promise.all([
      bed.tcp({
        ...one,
        from: "debian",
        to: "inetgw",
        what: "debian tries a TCP port that inetgw denies",
        port: filteredPort,
        denied: { at: "inetgw", rule: denyRules.filtered },
      }),
      // The lab has no rules of iptables where that is not installed.
      isOnPath("iptables") &&
        bed.tcp({
          ...one,
          from: "user",
          to: "debian",
          what: "the user's laptop tries a TCP port that iptables denies on debian",
          port: iptablesPort,
          denied: { at: "debian", rule: denyRules.iptables },
        }),
      bed.tcp({
        ...one,
        from: "user",
        to: "lan",
        what: "the user's laptop tries a TCP port of the LAN that officegw denies",
        port: forwardDrop.port,
        denied: { at: forwardDrop.at, rule: denyRules.forward },
      }),
    ]);
  },
);

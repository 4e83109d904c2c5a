import { randomInt } from "node:crypto";
import { ports } from "../services.ts";
import { perFamily } from "./scenario.ts";

export const udp = perFamily("UDP requests with answers debian → officegw (count: 3)", (bed, family, { count = 3 }) =>
  bed.udp({
    from: "debian",
    to: "officegw",
    family,
    what: "debian asks officegw for the time",
    port: ports.ntp,
    requestBytes: 48,
    replyBytes: 480,
    count,
  }),
);

export const dns = perFamily("the user's and the printer's DNS queries through the tunnel", async (bed, family) => {
  await bed.dns({ from: "user", family, name: "api.example.test" });
  await bed.dns({ from: "user", family, name: "img.example.test" });
  await bed.dns({ from: "config", family, name: "video.example.test" });
});

export const icmp = perFamily("pings debian → inetgw and user → debian (count: 3)", async (bed, family, { count = 3 }) => {
  await Promise.all([
    bed.ping({ from: "debian", to: "inetgw", family, what: "debian pings inetgw", id: randomInt(1, 0x10000), count }),
    bed.ping({ from: "user", to: "debian", family, what: "the user's laptop pings debian", id: randomInt(1, 0x10000), count }),
  ]);
});

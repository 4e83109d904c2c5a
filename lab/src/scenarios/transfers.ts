import { ports } from "../services.ts";
import { perFamily } from "./scenario.ts";

export const bulk = perFamily(
  "a bulk transfer over TCP debian → inetgw (bytes: 8 MiB)",
  (bed, family, { bytes = 8 * 1024 * 1024 }) =>
    bed.tcp({
      from: "debian",
      to: "inetgw",
      family,
      what: "debian sends a backup to inetgw",
      port: ports.smb,
      up: bytes,
      down: 100,
    }),
);

export const trickle = perFamily(
  "a long-lived TCP connection debian → officegw with a few bytes each second (seconds: 10)",
  (bed, family, { seconds = 10 }) =>
    bed.trickle({
      from: "debian",
      to: "officegw",
      family,
      what: "debian keeps a connection to officegw",
      bytes: 32,
      everyMs: 500,
      seconds,
    }),
);

/** So many at a time: a burst, but not one that fills a queue. */
const parallel = 16;

export const short = perFamily(
  "many short TCP connections debian → inetgw (count: 100)",
  async (bed, family, { count = 100 }) => {
    let left = count;
    const worker = async (): Promise<void> => {
      while (left-- > 0)
        await bed.tcp({
          from: "debian",
          to: "inetgw",
          family,
          what: "debian asks inetgw something short",
          port: ports.postgresql,
          up: 64,
          down: 256,
        });
    };
    await Promise.all(Array.from({ length: parallel }, worker));
  },
);

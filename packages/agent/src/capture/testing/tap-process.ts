/**
 * Says which packets the tap takes in the namespace that it is started in, one JSON line each: `{"type":"packet","text":"<interface> <hex of the first bytes>"}`.
 * `ip netns exec NS node tap-process.ts '{"interfaces":["eth0"]}'`. Commands on stdin: `stats`, `block MS` (occupies the thread),
 * `interfaces NAME…`.
 */
import { createInterface } from "node:readline";
import { PacketTap, type PacketTapConfig } from "../packets/tap.ts";

const SHOWN_BYTES = 200;

const say = (line: object): void => {
  process.stdout.write(`${JSON.stringify(line)}\n`);
};

const { interfaces, ...config }: Partial<PacketTapConfig> & { interfaces: string[] } = JSON.parse(process.argv[2] ?? "{}");
const tap = new PacketTap(config, {
  onPacket(bytes, start, end, atMs, interfaceName) {
    const hex = Buffer.from(bytes.subarray(start, Math.min(end, start + SHOWN_BYTES))).toString("hex");
    say({ type: "packet", text: `${interfaceName} ${hex}`, atMs, id: end - start });
  },
});
tap.setInterfaces(interfaces);
say({ type: "started", message: tap.problem });
for await (const line of createInterface(process.stdin)) {
  const [verb, ...rest] = line.split(" ");
  if (verb === "stats") say({ type: "stats", stats: tap.stats, text: tap.interfaces.join(" "), message: tap.problem });
  else if (verb === "interfaces") {
    tap.setInterfaces(rest);
    say({ type: "done", message: tap.problem });
  } else if (verb === "block") {
    const until = Date.now() + Number(rest[0]);
    while (Date.now() < until);
    say({ type: "done" });
  }
}
process.exit(0);

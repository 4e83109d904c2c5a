/** What is known of names when networks come and go. No interface is listened to. */
import { ExcludeRules, parseAddress, parseCidr } from "@flowtrail/model";
import { beforeEach, describe, expect, it } from "vitest";
import { tcpPacket } from "./decode/testing/packets.ts";
import { NameCapture } from "./name-capture.ts";
import type { NameMode } from "./policy.ts";

const network = (id: string, range: string) => ({ id, ranges: [parseCidr(range)!], egress: [], members: [] });
const MESH = network("mesh", "100.64.0.0/16");
const OTHER = network("other", "10.8.0.0/24");
const INTERFACES = ["100.64.0.1", "10.8.0.1"].map((text, i) => ({
  name: `wg${i}`,
  addresses: [{ bytes: parseAddress(text)! }],
}));

describe("NameCapture", () => {
  let capture: NameCapture;
  beforeEach(() => {
    capture = new NameCapture({ quicPorts: [] });
    configure();
    const payload = Buffer.from("GET / HTTP/1.1\r\nHost: www.api.example\r\n\r\n");
    const packet = tcpPacket({
      src: "100.64.0.2",
      dst: "198.51.100.7",
      srcPort: 4000,
      dstPort: 80,
      payload,
      seq: 1,
      flags: 0x18,
    });
    capture.names.packets.onPacket(packet, 0, packet.length, 0, "wg0");
    expect(known()).toBe(1);
  });
  const known = (): number => capture.stats.waiting;
  const configure = (modes: Record<string, NameMode> = {}, networks = [MESH, OTHER], exclude: string[] = []): boolean =>
    capture.configure({
      networks,
      modeOf: (id) => modes[id] ?? "full",
      interfaces: INTERFACES,
      exclude: new ExcludeRules({
        ranges: [{ reason: "excluded", ranges: exclude.map((text) => parseCidr(text)!) }],
        domains: [],
      }),
    });
  const shown = (id: string): string | null => capture.shown(id, "www.api.example");

  it("keeps what is known when a network goes and comes back as it was", () => {
    expect([configure({}, [OTHER]), known(), shown("mesh")]).toEqual([false, 1, "www.api.example"]);
    expect([configure(), known(), shown("mesh")]).toEqual([false, 1, "www.api.example"]);
  });

  it("forgets it when a network's setting becomes stricter, also while it was away, or another range is excluded", () => {
    expect([configure({ mesh: "second-level" }), known(), shown("mesh")]).toEqual([true, 0, "api.example"]);
    expect(configure({ mesh: "second-level" })).toBe(false);
    expect(configure({}, [OTHER])).toBe(false);
    expect([configure({ mesh: "off" }), shown("mesh")]).toEqual([true, null]);
    expect([configure({ mesh: "full" }), shown("mesh")]).toEqual([false, "www.api.example"]);
    expect([configure({}, [MESH, OTHER], ["192.0.2.0/24"]), configure({}, [MESH, OTHER], ["192.0.2.0/24"])]).toEqual([
      true,
      false,
    ]);
    expect(configure()).toBe(true);
  });

  it("forgets it for a new network that is to be known less of", () => {
    expect([configure({ new: "off" }, [MESH, network("new", "100.64.7.0/24")]), known()]).toEqual([true, 0]);
  });
});

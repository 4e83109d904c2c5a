/** What can be said of the lab without building one. */
import { once } from "node:events";
import { type AddressInfo, connect } from "node:net";
import { createServer } from "node:tls";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { expectedDenial, expectedReports, pathBetween, sourceAddress } from "./expected.ts";
import { labInventory } from "./inventory.ts";
import { checkLabName, deviceOf } from "./names.ts";
import { encodeQuery } from "./peers/dns-query.ts";
import { checkMachine, labPrograms } from "./programs.ts";
import { clientHello, encryptedClientHello, keyShare, padding, serverName } from "./scenarios/client-hello.ts";
import { crc32c } from "./scenarios/sctp-packet.ts";
import { labStatus } from "./status.ts";
import { type NodeName, nodeByName, nodes } from "./topology.ts";
import { allowedIps, generateKeys, peersOf } from "./wireguard.ts";

describe("expected reports", () => {
  const seen = (from: NodeName, to: NodeName, droppedAt?: NodeName): string[] =>
    expectedReports({ from, to, family: 4, droppedAt }, ["internet"]).map(
      (report) => `${report.reporter} ${report.direction} ${report.role}`,
    );

  it.each<[NodeName, NodeName, string[]]>([
    ["debian", "inetgw", ["debian egress initiator", "inetgw ingress responder"]],
    ["user", "internet", ["inetgw ingress forwarder"]],
    ["user", "debian", ["inetgw ingress forwarder", "debian ingress responder"]],
    ["user", "config", ["inetgw ingress forwarder"]],
    ["user", "inetgw", ["inetgw ingress responder"]],
    ["debian", "user", ["debian egress initiator", "inetgw ingress forwarder"]],
    ["user", "lan", ["inetgw ingress forwarder", "officegw ingress forwarder"]],
    ["debian", "lan", ["debian egress initiator", "officegw ingress forwarder"]],
    ["lan", "debian", ["officegw egress forwarder", "debian ingress responder"]],
    ["lan", "user", ["officegw egress forwarder", "inetgw egress forwarder"]],
    ["debian", "internet", []],
    ["inetgw", "internet", []],
    ["lan", "internet", []],
  ])("%s → %s", (from, to, reports) => {
    expect(seen(from, to)).toEqual(reports);
  });

  it("leave out the node that drops what comes", () => {
    expect(seen("user", "debian", "debian")).toEqual(["inetgw ingress forwarder"]);
    expect(seen("user", "lan", "officegw")).toEqual(["inetgw ingress forwarder"]);
    expect(expectedDenial({ from: "user", to: "lan", family: 4 }, { at: "officegw", rule: "r" }, [])).toMatchObject({
      reporter: "officegw",
      direction: "ingress",
      role: "forwarder",
      rule: "r",
    });
  });

  it("follow the way and the addresses of the map", () => {
    expect(pathBetween("user", "lan")).toEqual(["user", "inetgw", "officegw", "lan"]);
    expect(pathBetween("inetgw", "user")).toEqual(["inetgw", "user"]);
    expect([
      sourceAddress("user", "internet", 4),
      sourceAddress("debian", "internet", 4),
      sourceAddress("lan", "internet", 6),
    ]).toEqual(["100.102.137.21", "198.51.100.9", "fd20::5"]);
  });
});

describe("WireGuard", () => {
  it("sends members' addresses to their gateway and the LAN's to officegw, and nothing twice", () => {
    const [debian, inetgw, officegw] = ["debian", "inetgw", "officegw"].map(nodeByName);
    expect(allowedIps(debian!, inetgw!)).toEqual(
      ["4", "21", "30"].flatMap((host) => [`100.102.137.${host}/32`, `fd0a::${host}/128`]),
    );
    expect(allowedIps(debian!, officegw!)).toEqual(["100.102.137.12/32", "fd0a::12/128", "10.20.0.0/16", "fd20::/64"]);
    for (const node of nodes.filter((candidate) => candidate.agent)) {
      const all = peersOf(node).flatMap((peer) => allowedIps(node, peer));
      expect(new Set(all).size).toBe(all.length);
    }
    expect(peersOf(nodeByName("user")).map((peer) => peer.name)).toEqual(["inetgw"]);
  });

  it("makes keys of 32 bytes that belong together", () => {
    const keys = generateKeys();
    expect([keys.privateHex, keys.publicHex]).toEqual([
      expect.stringMatching(/^[0-9a-f]{64}$/),
      expect.stringMatching(/^[0-9a-f]{64}$/),
    ]);
    expect(generateKeys().privateHex).not.toBe(keys.privateHex);
  });
});

describe("names", () => {
  it("fit into the kernel's 15 characters", () => {
    const longest = checkLabName("abcdefgh");
    for (const node of nodes.filter((candidate) => candidate.short))
      expect(deviceOf(longest, node.short!).length).toBeLessThanOrEqual(15);
  });

  it.each(["", "Demo", "1st", "abcdefghi", "a-b", "../x"])("refuse %j", (name) => {
    expect(() => labStatus({ name })).toThrow(expect.objectContaining({ code: "LAB_BAD_NAME" }));
  });
});

describe("the machine", () => {
  it.skipIf(process.getuid?.() !== 0)("is told which programs it lacks, and their packages", () => {
    const path = process.env.PATH;
    process.env.PATH = "/nonexistent";
    try {
      expect(checkMachine).toThrow(
        expect.objectContaining({
          code: "LAB_MISSING_PROGRAMS",
          message: expect.stringMatching(/wireguard-go.*apt-get install .*wireguard-go/),
        }),
      );
    } finally {
      process.env.PATH = path;
    }
    expect(labPrograms.ping).toBe("iputils-ping");
  });

  it.skipIf(process.getuid?.() !== 0)("is told that only root may", () => {
    process.seteuid!(65534);
    const { getuid } = process;
    try {
      process.getuid = () => process.geteuid!();
      expect(checkMachine).toThrow(expect.objectContaining({ code: "LAB_NOT_ROOT" }));
    } finally {
      process.getuid = getuid!;
      process.seteuid!(0);
    }
  });
});

describe("inventory", () => {
  it("is the YAML of the server's inventory file", () => {
    expect(parse(labInventory())).toEqual({
      networks: [
        {
          id: "netmaker",
          ranges: ["100.102.137.0/24", "fd0a::/64"],
          nodes: [
            { id: "n-debian", name: "debian", addresses: ["100.102.137.9", "fd0a::9"], gateway: false },
            { id: "n-inetgw", name: "inetgw", addresses: ["100.102.137.4", "fd0a::4"], gateway: true },
            { id: "n-officegw", name: "officegw", addresses: ["100.102.137.12", "fd0a::12"], gateway: false },
          ],
          users: [
            {
              id: "majdi@netmaker.io",
              devices: [{ name: "laptop", addresses: ["100.102.137.21", "fd0a::21"], gateway: "inetgw" }],
            },
          ],
          config_files: [{ id: "printer", addresses: ["100.102.137.30", "fd0a::30"], gateway: "inetgw" }],
          egress: [
            { id: "office-lan", name: "Office LAN", ranges: ["10.20.0.0/16", "fd20::/64"], via: ["officegw"], domains: [] },
          ],
        },
      ],
    });
  });
});

describe("packets", () => {
  it("have the checksum of RFC 9260: CRC32c of its check string", () => {
    expect(crc32c(Buffer.from("123456789"))).toBe(0xe3069283);
  });

  it("ask for one name in class IN", () => {
    expect(encodeQuery("a.test", "AAAA").subarray(2).toString("hex")).toBe("01000001000000000000016104746573740000" + "1c0001");
  });
});

describe("a ClientHello of our own", () => {
  it.each([
    [
      "with a post-quantum key before the name",
      [keyShare("x25519mlkem768", "x25519"), padding(300), serverName("pq.example.test")],
    ],
    ["that hides another one", [serverName("pq.example.test"), encryptedClientHello(), keyShare("x25519")]],
  ])("%s is one for OpenSSL", async (_what, extensions) => {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    // It can't go on without a certificate: it is asked for one by the name that the hello holds.
    const server = createServer({
      SNICallback: (name, done) => {
        resolve(name);
        done(null);
      },
    });
    server.on("tlsClientError", reject).listen(0, "127.0.0.1");
    await once(server, "listening");
    const client = connect((server.address() as AddressInfo).port, "127.0.0.1").on("error", reject);
    client.write(clientHello(...extensions));
    expect(await promise).toBe("pq.example.test");
    client.destroy();
    server.close();
  });
});

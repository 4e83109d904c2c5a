/** The whole agent on a real kernel: what connections were called, by real programs. */
import { chmodSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { JsonRow } from "@flowtrail/model";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { needs } from "../../../../test/needs.ts";
import { asNobody } from "../../../../test/nobody.ts";
import type { LineProcess } from "../capture/testing/line-process.ts";
import { CLIENT, SERVER, Testbed } from "../capture/testing/testbed.ts";
import type { RecordedUpload } from "../testing/recording-server.ts";

/** All that a directory's files hold. */
const written = (directory: string): string =>
  readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), "latin1"))
    .join("");
const script = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const GATEWAY_CAPABILITIES = asNobody("net_admin", "net_raw");
/** Of the client's side of the gateway, where clients ask. */
const OTHER_CLIENT = "10.77.1.3";

/** Asks for a name as the client with this address; prints what it was told. */
const ASK = `
import socket, struct, sys
source, server, name, kind, tcp = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]), sys.argv[5] == "tcp"
q = struct.pack(">6H", 4711, 0x100, 1, 0, 0, 0) + b"".join(bytes([len(l)]) + l.encode() for l in name.split(".")) + struct.pack(">BHH", 0, kind, 1)
family = socket.AF_INET6 if ":" in server else socket.AF_INET
s = socket.socket(family, socket.SOCK_STREAM if tcp else socket.SOCK_DGRAM)
s.bind((source, 0))
s.settimeout(5)
s.connect((server, 53))
if tcp:
    s.sendall(struct.pack(">H", len(q)) + q)
    answer = s.recv(65536)
else:
    s.send(q)
    answer = s.recv(65536)
s.close()
print(len(answer))
`;
/** Opens a connection from an address, says what it is told to say in parts, and closes it. */
const SPEAK = `
import socket, sys, time
source, host, port = sys.argv[1], sys.argv[2], int(sys.argv[3])
s = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
s.bind((source, 0))
s.settimeout(5)
s.connect((host, port))
s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
for part in sys.argv[4:]:
    s.sendall(bytes.fromhex(part))
    time.sleep(0.1)
s.close()
`;

/** `TO ADDRESS NAME FROM`: sends an answer that nobody asked for from port 53 to port 4000, by which the name is at the address. */
const FORGE = `
import socket, struct, sys
to, address, name = sys.argv[1:4]
q = b"".join(bytes([len(l)]) + l.encode() for l in name.split(".")) + struct.pack(">BHH", 0, 1, 1)
answer = struct.pack(">6H", 4711, 0x8180, 1, 1, 0, 0) + q + struct.pack(">HHHIH", 0xc00c, 1, 1, 3600, 4) + socket.inet_aton(address)
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
s.bind((sys.argv[4], 53))
s.sendto(answer, (to, 4000))
`;

describe.skipIf(!needs("names in network namespaces", "root", "lab", "conntrack"))("names on a real kernel", () => {
  const bed = new Testbed();
  let server: LineProcess;
  let port = 0;
  let state = 0;
  let agent: LineProcess | undefined;

  beforeAll(async () => {
    bed.up();
    chmodSync(bed.directory, 0o755);
    bed.run("client", "ip", "addr", "add", `${OTHER_CLIENT}/24`, "dev", "eth0");
    bed.run(
      "gateway",
      "nft",
      "add table ip nat; add chain ip nat post { type nat hook postrouting priority 100; }; add rule ip nat post oifname eth2 masquerade",
    );
    const hosts = ["one.example.test", "two.example.test", "v6.example.test"].flatMap((name) => [
      `--host-record=${name},${SERVER.v4},${SERVER.v6}`,
    ]);
    bed.spawn(
      "server",
      "dnsmasq",
      "--keep-in-foreground",
      "--no-resolv",
      "--no-hosts",
      "--conf-file=/dev/null",
      `--pid-file=${join(bed.directory, "dnsmasq.pid")}`,
      "--user=root",
      ...hosts,
      "--cname=www.shop.test,edge.cdn.test",
      "--cname=edge.cdn.test,one.example.test",
    );
    bed.run(
      "server",
      "sh",
      "-c",
      `cd ${bed.directory} && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=test -keyout key.pem -out cert.pem -days 2 2>/dev/null`,
    );
    for (const [family, at] of [
      ["-4", "443"],
      ["-6", "443"],
    ] as const) {
      bed.spawn(
        "server",
        "sh",
        "-c",
        `cd ${bed.directory} && exec openssl s_server ${family} -accept ${at} -key key.pem -cert cert.pem -quiet -www -alpn h2,http/1.1`,
      );
    }
    bed.spawn(
      "server",
      process.execPath,
      "-e",
      `require("net").createServer((s) => s.on("error", () => 0).resume()).listen(4433, "::"); require("http").createServer((q, r) => r.end("hello")).listen(80, "::")`,
    );
    server = bed.spawn("gateway", process.execPath, script("../testing/recording-server.ts"));
    ({ port } = await server.find((line) => line.type === "listening"));
    await ready();
  });
  afterAll(() => bed.down());
  afterEach(async () => {
    await agent?.kill("SIGTERM");
    agent = undefined;
  });

  /** dnsmasq and the servers listen. */
  async function ready(): Promise<void> {
    const probe = `for p in 53 80 443 4433; do until socat -u OPEN:/dev/null TCP:127.0.0.1:$p 2>/dev/null; do sleep 0.1; done; done`;
    bed.run("server", "timeout", "30", "sh", "-c", probe);
  }

  async function start(
    config: object = {},
    args: string[] = [],
    wrapper = GATEWAY_CAPABILITIES,
    fresh = true,
  ): Promise<LineProcess> {
    if (fresh) {
      state++;
      sinceMs = Date.now();
    }
    const directory = join(bed.directory, `state-${state}`);
    mkdirSync(directory, { recursive: true });
    chmodSync(directory, 0o777);
    await server.ask({ config: { version: "1", capture: { names: "full" }, ...config } }, (line) => line.type === "done");
    const before = server.lines.length;
    agent = bed.spawn(
      "gateway",
      ...wrapper,
      process.execPath,
      script("../run.ts"),
      `--server=http://127.0.0.1:${port}`,
      "--node=gateway",
      `--state=${directory}`,
      "--flush-interval-ms=100",
      "--update-interval-s=1",
      ...(args.some((arg) => arg.startsWith("--network")) ? [] : ["--network=lab=10.77.1.0/24,fd77:1::/64"]),
      ...args,
    );
    const started = agent;
    await Promise.race([
      server.until(() => server.lines.slice(before).some((line) => line.type === "upload")),
      started.end().then(() => {
        throw new Error(`the agent ended: ${started.errors}`);
      }),
    ]);
    rowsFrom = server.lines.length;
    return started;
  }
  let rowsFrom = 0;
  /** Connections of former tests are still in the kernel. */
  let sinceMs = 0;
  const rows = (): JsonRow[] =>
    server.lines.slice(rowsFrom).flatMap((line) => (line.type === "upload" ? (line as unknown as RecordedUpload).rows : []));
  /** The last row of the connection that fits, when `done` holds for it. */
  const row = async (
    fits: Partial<JsonRow>,
    done: (row: JsonRow) => boolean = (one) => one.state === "closed",
  ): Promise<JsonRow> => {
    const find = (): JsonRow | undefined =>
      rows().findLast(
        (one) =>
          Date.parse(String(one.start)) >= sinceMs &&
          Object.entries(fits).every(([key, value]) => one[key as keyof JsonRow] === value) &&
          done(one),
      );
    await server.until(() => find() !== undefined);
    return find()!;
  };
  const named = async (fits: Partial<JsonRow>): Promise<unknown[]> => {
    const { domain, domain_source, app } = await row(fits);
    return [domain, domain_source, app];
  };
  const ask = (source: string, name: string, { tcp = false, kind = 1, via = SERVER.v4 } = {}): void => {
    bed.run("client", "python3", "-c", ASK, source, via, name, String(kind), tcp ? "tcp" : "udp");
  };
  const speak = (source: string, to: string, at: number, ...parts: string[]): void => {
    bed.run("client", "python3", "-c", SPEAK, source, to, String(at), ...parts);
  };
  const tls = (to: string, ...args: string[]): void => {
    bed.run("client", "sh", "-c", `openssl s_client -connect ${to} ${args.join(" ")} </dev/null >/dev/null 2>&1 || true`);
  };
  const NOTHING = [null, null, null];

  it("SNI and ALPN, HTTP's Host, over IPv4 and IPv6; and says nothing where nothing is known", async () => {
    await start();
    tls(`${SERVER.v4}:443`, "-servername", "api.example.test", "-alpn", "h2,http/1.1");
    expect(await named({ dst_port: 443, src_ip: CLIENT.v4 })).toEqual(["api.example.test", "sni", "h2"]);
    tls(`[${SERVER.v6}]:443`, "-servername", "api6.example.test");
    expect(await named({ dst_port: 443, src_ip: CLIENT.v6 })).toEqual(["api6.example.test", "sni", null]);
    bed.run("client", "curl", "-s", "-H", "Host: plain.example.test", `http://${SERVER.v4}/`);
    expect(await named({ dst_port: 80, src_ip: CLIENT.v4 })).toEqual(["plain.example.test", "http", null]);
    bed.run("client", "curl", "-s", "-g", "-H", "Host: plain6.example.test:80", `http://[${SERVER.v6}]/`);
    expect(await named({ dst_port: 80, src_ip: CLIENT.v6 })).toEqual(["plain6.example.test", "http", null]);
    speak(CLIENT.v4, SERVER.v4, 4433, "00");
    expect(await named({ dst_port: 4433 })).toEqual(NOTHING);
  });

  it("the name that this very client asked for: through CNAMEs, over UDP, TCP and IPv6", async () => {
    await start();
    ask(CLIENT.v4, "one.example.test");
    ask(OTHER_CLIENT, "two.example.test", { tcp: true });
    speak(CLIENT.v4, SERVER.v4, 4433, "00");
    speak(OTHER_CLIENT, SERVER.v4, 4433, "00");
    expect(await named({ dst_port: 4433, src_ip: CLIENT.v4 })).toEqual(["one.example.test", "dns", null]);
    expect(await named({ dst_port: 4433, src_ip: OTHER_CLIENT })).toEqual(["two.example.test", "dns", null]);
    ask(CLIENT.v6, "v6.example.test", { kind: 28, via: SERVER.v6 });
    speak(CLIENT.v6, SERVER.v6, 4433, "00");
    expect(await named({ dst_port: 4433, src_ip: CLIENT.v6 })).toEqual(["v6.example.test", "dns", null]);
    rowsFrom = server.lines.length;
    ask(CLIENT.v4, "www.shop.test");
    speak(CLIENT.v4, SERVER.v4, 4433, "00");
    expect(await named({ dst_port: 4433, src_ip: CLIENT.v4 })).toEqual(["www.shop.test", "dns", null]);
  });

  /** Drops of this reason that were told since the agent began. */
  const drops = (reason: string): number =>
    server.lines
      .slice(rowsFrom)
      .reduce((sum, line) => sum + ((line as unknown as RecordedUpload).metadata?.drops[reason] ?? 0), 0);

  it("no name that nobody asked for, and none for this host that it asked for a client whose address it translates", async () => {
    await start({}, ["--network=lab=10.77.1.0/24", "--network=local=10.77.2.1/32"]);
    const forge = (): number => {
      bed.run("gateway", "python3", "-c", FORGE, CLIENT.v4, SERVER.v4, "forged.example.test", "10.77.1.1");
      return drops("dns_unasked");
    };
    await expect.poll(forge, { timeout: 20_000, interval: 200 }).toBeGreaterThan(0);
    speak(CLIENT.v4, SERVER.v4, 4433, "00");
    expect(await named({ dst_port: 4433, src_ip: CLIENT.v4 })).toEqual(NOTHING);
    ask(OTHER_CLIENT, "one.example.test");
    speak(OTHER_CLIENT, SERVER.v4, 4433, "00");
    expect(await named({ dst_port: 4433, src_ip: OTHER_CLIENT })).toEqual(["one.example.test", "dns", null]);
    bed.run("gateway", "python3", "-c", SPEAK, "10.77.2.1", SERVER.v4, "4433", "00");
    expect(await named({ dst_port: 4433, src_ip: "10.77.2.1" })).toEqual(NOTHING);
    await server.until(() => drops("dns_forwarded") > 0);
    bed.run("gateway", "python3", "-c", ASK, "10.77.2.1", SERVER.v4, "two.example.test", "1", "udp");
    bed.run("gateway", "python3", "-c", SPEAK, "10.77.2.1", SERVER.v4, "4433", "00");
    await row({ dst_port: 4433, src_ip: "10.77.2.1" }, (one) => one.domain === "two.example.test");
  });

  it("a hello that is split over packets, with its name in the second", async () => {
    await start();
    const [first, rest] = splitHello("late.example.test");
    speak(CLIENT.v4, SERVER.v4, 443, first, rest);
    expect((await named({ dst_port: 443 })).slice(0, 2)).toEqual(["late.example.test", "sni"]);
  });

  it("keeps the name over a restart, and over all revisions", async () => {
    await start();
    const held = bed.spawn("client", "openssl", "s_client", "-connect", `${SERVER.v4}:443`, "-servername", "kept.example.test");
    const first = await row({ dst_port: 443 }, (one) => one.domain !== null && Number(one.dst_bytes) > 0);
    expect(first.domain).toBe("kept.example.test");
    await agent!.kill("SIGKILL");
    await start({}, [], GATEWAY_CAPABILITIES, false);
    await held.kill();
    const last = await row({ dst_port: 443, flow_id: first.flow_id });
    expect([last.domain, last.domain_source]).toEqual(["kept.example.test", "sni"]);
  });

  it("only the last two labels, where no more is wanted", async () => {
    await start({ networks: [{ id: "lab", ranges: ["10.77.1.0/24"], names: "second-level" }] });
    ask(CLIENT.v4, "one.example.test");
    speak(CLIENT.v4, SERVER.v4, 4433, "00");
    expect(await named({ dst_port: 4433 })).toEqual(["example.test", "dns", null]);
    tls(`${SERVER.v4}:443`, "-servername", "very.secret.example.test");
    expect((await named({ dst_port: 443 })).slice(0, 2)).toEqual(["example.test", "sni"]);
  });

  it("nothing at all, where names are off: not even a socket; and nothing before a server has said that it may", async () => {
    const sockets = (): number => bed.run("gateway", "cat", "/proc/net/packet").trim().split("\n").length - 1;
    await start({ capture: { names: "off" } });
    expect(sockets()).toBe(0);
    tls(`${SERVER.v4}:443`, "-servername", "api.example.test", "-alpn", "h2");
    expect(await named({ dst_port: 443 })).toEqual(NOTHING);
    await agent!.kill("SIGTERM");
    await start();
    expect(sockets()).toBe(1);
    await agent!.kill("SIGTERM");
    await start({}, ["--capture-names=off"]);
    expect(sockets()).toBe(0);
  });

  it("leaves out clients of a network without names that share an interface with one that has them, and excluded ranges", async () => {
    await start(
      {
        networks: [
          { id: "a", ranges: ["10.77.1.2/32", "10.77.1.1/32"], names: "full" },
          { id: "b", ranges: ["10.77.1.3/32", "10.77.1.1/32"], names: "off" },
        ],
        exclude: ["10.77.2.2/32"],
      },
      ["--network=a=10.77.1.2/32,10.77.1.1/32", "--network=b=10.77.1.3/32,10.77.1.1/32"],
    );
    tls(`${SERVER.v4}:443`, "-servername", "excluded.example.test");
    tls(`[${SERVER.v6}]:443`, "-servername", "other.example.test");
    await server.until(() =>
      server.lines.slice(rowsFrom).some((line) => ((line as unknown as RecordedUpload).metadata?.drops.excluded ?? 0) > 0),
    );
    expect(rows().filter((one) => one.dst_ip === SERVER.v4)).toEqual([]);
    ask(OTHER_CLIENT, "one.example.test");
    await server.until(() => drops("name_off") > 0);
  });

  it("writes nothing of users and domains that are excluded: not to the disk, and to nobody; only how many they were", async () => {
    const gateway = await start({
      excluded: [{ reason: "excluded_user", ranges: [`${OTHER_CLIENT}/32`] }],
      exclude_domains: ["secret.test", "*.two.example.test"],
    });
    // Nothing leaves the spool: what is written stays to be looked at.
    await server.ask({ status: 503 }, (line) => line.type === "done");
    speak(OTHER_CLIENT, SERVER.v4, 4433, "00");
    ask(OTHER_CLIENT, "one.example.test");
    tls(`${SERVER.v4}:443`, "-servername", "www.secret.test");
    tls(`[${SERVER.v6}]:443`, "-servername", "kept.example.test");
    const directory = join(bed.directory, `state-${state}`);
    const status = (): { drops: Record<string, number>; flows: { rows: number } } =>
      JSON.parse(readFileSync(join(directory, "status.json"), "utf8"));
    await expect.poll(() => status().drops.excluded_domain, { timeout: 20_000 }).toBe(1);
    // Those of former tests are in the kernel still.
    await expect.poll(() => status().drops.excluded_user, { timeout: 20_000 }).toBeGreaterThanOrEqual(2);
    await expect.poll(() => written(join(directory, "spool")), { timeout: 20_000 }).toContain("kept.example.test");
    const onDisk = written(join(directory, "spool")) + readFileSync(join(directory, "status.json"), "latin1");
    const told = JSON.stringify(gateway.lines) + gateway.errors;
    for (const text of [onDisk, told]) expect(text).not.toMatch(/secret\.test|10\.77\.1\.3/);
    expect(onDisk).not.toContain(Buffer.from([10, 77, 1, 3]).toString("latin1"));
    await server.ask({ status: 200 }, (line) => line.type === "done");
    expect((await named({ dst_port: 443, dst_ip: SERVER.v6 }))[0]).toBe("kept.example.test");
    const mine = rows().filter(({ start }) => Date.parse(String(start)) >= sinceMs);
    expect(mine.filter(({ src_ip }) => src_ip === OTHER_CLIENT)).toEqual([]);
    expect(mine.filter(({ dst_ip, dst_port }) => dst_ip === SERVER.v4 && dst_port === 443)).toEqual([]);
  });

  it("local programs and their users, where that is wanted; programs of others only as root", async () => {
    const hold = (user: string[]): LineProcess =>
      bed.spawn("gateway", ...user, "openssl", "s_client", "-connect", `${SERVER.v4}:443`, "-bind", "10.77.1.1:0");
    const owner = async (): Promise<unknown[]> => {
      const { uid, process } = await row({ dst_port: 443, src_ip: "10.77.1.1" }, () => true);
      return [uid, process];
    };
    const nobody = ["setpriv", "--reuid=65534", "--clear-groups"];
    await start({ capture: { names: "full", process: true } }, [], []);
    let held = hold(nobody);
    expect(await owner()).toEqual([65534, "openssl"]);
    await held.kill();
    await agent!.kill("SIGTERM");
    await start({ capture: { names: "full", process: true } });
    held = hold([]);
    expect(await owner()).toEqual([0, null]);
    await held.kill();
    await agent!.kill("SIGTERM");
    await start();
    held = hold([]);
    expect(await owner()).toEqual([null, null]);
    await held.kill();
  });

  it("goes on without CAP_NET_RAW, and says what is missing", async () => {
    const poor = await start({}, [], asNobody("net_admin"));
    tls(`${SERVER.v4}:443`, "-servername", "api.example.test");
    expect((await named({ dst_port: 443 })).slice(0, 2)).toEqual([null, null]);
    const status = join(bed.directory, `state-${state}`, "status.json");
    const problems = (): string => (JSON.parse(readFileSync(status, "utf8")) as { problems: string[] }).problems.join("\n");
    await expect.poll(problems, { timeout: 20_000 }).toMatch(/no names on eth1: names need CAP_NET_RAW/);
    expect(JSON.stringify(poor.lines) + poor.errors).toContain("CAP_NET_RAW");
  });
});

/** A ClientHello whose server_name is its last extension, cut before it. */
function splitHello(name: string): [string, string] {
  const host = Buffer.from(name);
  const sni = Buffer.concat([u16(0), u16(host.length + 5), u16(host.length + 3), Buffer.from([0]), u16(host.length), host]);
  const padding = Buffer.concat([u16(21), u16(700), Buffer.alloc(700)]);
  const extensions = Buffer.concat([padding, sni]);
  const body = Buffer.concat([
    u16(0x0303),
    Buffer.alloc(32, 7),
    Buffer.from([0]),
    u16(2),
    u16(0x1301),
    Buffer.from([1, 0]),
    u16(extensions.length),
    extensions,
  ]);
  const message = Buffer.concat([Buffer.from([1, 0]), u16(body.length), body]);
  const record = Buffer.concat([Buffer.from([22, 3, 1]), u16(message.length), message]);
  const cut = record.length - sni.length;
  return [record.subarray(0, cut).toString("hex"), record.subarray(cut).toString("hex")];
}

function u16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value);
  return bytes;
}

/**
 * Makes ../fixtures/messages.json: what real clients and a real DNS server say, for the tests of the decoders. Run as root, rarely, on a machine with
 * openssl, curl, git (GnuTLS), wget, chromium, gtlsclient and gtlsserver (Debian's ngtcp2), go ≥ 1.23 and dnsmasq:
 * `node packages/agent/src/name/decode/testing/record-messages.ts [dns] [tls] [quic] [http]`. Everything stays on the loopback interface.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { createSocket, type Socket as UdpSocket } from "node:dgram";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, connect as connectTcp, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { connect as connectTls } from "node:tls";

const NAME = "www.example.org";
const folder = mkdtempSync(join(tmpdir(), "flowtrail-record-"));
const children = new Set<ChildProcess>();

/** Starts a client; that it fails in the end, since nobody answers, is no matter. */
function run(command: string, ...args: string[]): ChildProcess {
  const child = spawn(command, args, { cwd: folder, stdio: "ignore", env: { ...process.env, GIT_TERMINAL_PROMPT: "0" } });
  child.on("error", (error) => console.error(`${command}: ${error.message}`));
  child.on("exit", () => children.delete(child));
  children.add(child);
  return child;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGTERM");
  await Promise.race([once(child, "exit"), pause(3000)]);
  child.kill("SIGKILL");
}

/** What the first client that connects says before it is answered. */
async function firstFlight(client: (port: number) => (() => unknown) | ChildProcess): Promise<string[]> {
  const parts: Buffer[] = [];
  const server = createServer((socket) => {
    socket.on("error", () => undefined);
    if (parts.length > 0) return;
    socket.on("data", (data) => parts.push(data));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const started = client((server.address() as AddressInfo).port);
  for (let tries = 0; parts.length === 0 && tries < 200; tries++) await pause(100);
  await pause(300);
  if (typeof started === "function") started();
  else await end(started);
  server.close();
  return [Buffer.concat(parts).toString("hex")];
}

/** The datagrams that a client sends, to a server behind `relayTo` or to nobody. */
async function datagrams(client: (port: number) => ChildProcess, relayTo: number | null, count: number): Promise<string[]> {
  const found: string[] = [];
  const front = createSocket("udp4");
  const back = createSocket("udp4");
  let peer: { port: number; address: string } | null = null;
  front.on("message", (data, from) => {
    peer = from;
    if (found.length < count) found.push(data.toString("hex"));
    if (relayTo !== null) back.send(data, relayTo, "127.0.0.1");
  });
  back.on("message", (data) => peer && front.send(data, peer.port, peer.address));
  front.bind(0, "127.0.0.1");
  back.bind(0, "127.0.0.1");
  await Promise.all([once(front, "listening"), once(back, "listening")]);
  const child = client(front.address().port);
  for (let tries = 0; found.length < count && tries < 400; tries++) await pause(100);
  await end(child);
  front.close();
  back.close();
  return found;
}

const chromium = (port: number, ...args: string[]): ChildProcess =>
  run(
    "chromium",
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    `--user-data-dir=${mkdtempSync(join(folder, "chromium-"))}`,
    `--host-resolver-rules=MAP ${NAME} 127.0.0.1:${port}`,
    "--ignore-certificate-errors",
    "--disable-background-networking",
    ...args,
    `https://${NAME}/`,
  );

const GO_ECH = `package main

import ("crypto/ecdh"; "crypto/rand"; "crypto/tls"; "os")

func main() {
	key, _ := ecdh.X25519().GenerateKey(rand.Reader)
	public := key.PublicKey().Bytes()
	name := []byte("public.example.net")
	// ECHConfig: config id 7, KEM 0x0020, the key, the suites, maximum name length, public name, no extensions (RFC 9849).
	body := append([]byte{7, 0, 0x20, 0, 32}, public...)
	body = append(body, 0, 4, 0, 1, 0, 1, 0, byte(len(name)))
	body = append(append(body, name...), 0, 0)
	config := append([]byte{0xfe, 0x0d, 0, byte(len(body))}, body...)
	list := append([]byte{0, byte(len(config))}, config...)
	tls.Dial("tcp", "127.0.0.1:"+os.Args[1], &tls.Config{ServerName: "secret.example.org", EncryptedClientHelloConfigList: list,
		MinVersion: tls.VersionTLS13, NextProtos: []string{"h2"}})
}
`;

async function tls(): Promise<Record<string, string[]>> {
  writeFileSync(join(folder, "ech.go"), GO_ECH);
  await once(run("go", "build", "-o", "ech", "ech.go"), "exit");
  const url = (port: number): string => `https://${NAME}:${port}/`;
  return {
    openssl: await firstFlight((port) =>
      run("openssl", "s_client", "-connect", `127.0.0.1:${port}`, "-servername", NAME, "-alpn", "h2,http/1.1"),
    ),
    opensslNoName: await firstFlight((port) => run("openssl", "s_client", "-connect", `127.0.0.1:${port}`, "-noservername")),
    opensslTls12: await firstFlight((port) =>
      run("openssl", "s_client", "-tls1_2", "-connect", `127.0.0.1:${port}`, "-servername", NAME),
    ),
    /** Records of 512 bytes: the hello of a long session and name goes over several. */
    opensslRecords: await firstFlight((port) =>
      run(
        "openssl",
        "s_client",
        "-max_send_frag",
        "512",
        "-connect",
        `127.0.0.1:${port}`,
        "-servername",
        NAME,
        "-alpn",
        Array.from({ length: 30 }, (_, i) => `protocol-number-${i}`).join(","),
      ),
    ),
    curl: await firstFlight((port) => run("curl", "-sk", "--resolve", `${NAME}:${port}:127.0.0.1`, url(port))),
    gnutls: await firstFlight((port) =>
      run("git", "-c", "http.sslVerify=false", "-c", `http.curloptResolve=${NAME}:${port}:127.0.0.1`, "ls-remote", url(port)),
    ),
    node: await firstFlight((port) => {
      const socket = connectTls({ host: "127.0.0.1", port, servername: NAME, ALPNProtocols: ["h2"] });
      socket.on("error", () => undefined);
      return () => socket.destroy();
    }),
    chromium: await firstFlight((port) => chromium(port)),
    goEch: await firstFlight((port) => run(join(folder, "ech"), String(port))),
  };
}

async function quic(): Promise<Record<string, string[]>> {
  await once(
    run(
      "openssl",
      ..."req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout key.pem -out cert.pem -days 30 -subj /CN=x".split(
        " ",
      ),
    ),
    "exit",
  );
  const serverPort = 20_000 + (process.pid % 10_000);
  const server = run("gtlsserver", "-q", "127.0.0.1", String(serverPort), "key.pem", "cert.pem");
  const retrying = run("gtlsserver", "-q", "-V", "127.0.0.1", String(serverPort + 1), "key.pem", "cert.pem");
  await pause(500);
  // It sends the name that it connects to, whatever --sni says: so the name must have an address.
  writeFileSync(join(folder, "hosts"), `127.0.0.1 ${NAME}\n`);
  const gtls = (port: number): ChildProcess =>
    run(
      "unshare",
      "--mount",
      "sh",
      "-c",
      `mount --bind hosts /etc/hosts && exec gtlsclient -q --exit-on-all-streams-close ${NAME} ${port} https://${NAME}/`,
    );
  const recorded = {
    /** A whole handshake: Initial, then Initial with an ACK and the server's id, Handshake, 1-RTT. */
    gnutls: await datagrams(gtls, serverPort, 5),
    gnutlsRetry: await datagrams(gtls, serverPort + 1, 3),
    chromium: await datagrams((port) => chromium(port, "--enable-quic", `--origin-to-force-quic-on=${NAME}:443`), null, 4),
  };
  await end(server);
  await end(retrying);
  return recorded;
}

async function http(): Promise<Record<string, string[]>> {
  const url = (port: number, scheme = "http"): string => `${scheme}://${NAME}:${port}/path?q=1`;
  return {
    curl: await firstFlight((port) => run("curl", "-s", "--resolve", `${NAME}:${port}:127.0.0.1`, url(port))),
    curlAddress: await firstFlight((port) => run("curl", "-s", `http://127.0.0.1:${port}/`)),
    curlProxy: await firstFlight((port) => run("curl", "-s", "-x", `http://127.0.0.1:${port}`, `http://${NAME}:8080/path`)),
    curlConnect: await firstFlight((port) => run("curl", "-s", "-x", `http://127.0.0.1:${port}`, `https://${NAME}/`)),
    wget: await firstFlight((port) =>
      run("wget", "-q", "-t1", "-T5", "-e", `http_proxy=http://127.0.0.1:${port}`, "-O-", `http://${NAME}/`),
    ),
  };
}

/** A question (RFC 1035 §4.1) with recursion desired. */
function question(name: string, type: number): Buffer {
  const labels = name.split(".").flatMap((label) => [label.length, ...Buffer.from(label)]);
  return Buffer.from([0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, ...labels, 0, type >> 8, type & 255, 0, 1]);
}

async function ask(socket: UdpSocket, port: number, name: string, type: number): Promise<string[]> {
  socket.send(question(name, type), port, "127.0.0.1");
  const [data] = (await once(socket, "message", { signal: AbortSignal.timeout(5000) })) as [Buffer];
  return [data.toString("hex")];
}

async function askTcp(port: number, name: string, type: number): Promise<string[]> {
  const asked = question(name, type);
  const socket = connectTcp(port, "127.0.0.1");
  socket.write(Buffer.concat([Buffer.from([0, asked.length]), asked]));
  const [data] = (await once(socket, "data")) as [Buffer];
  socket.destroy();
  return [data.toString("hex")];
}

async function dns(): Promise<Record<string, string[]>> {
  const port = 30_000 + (process.pid % 10_000);
  // HTTPS (RFC 9460): priority 1, target ".", alpn h3, ipv4hint 192.0.2.7, ech (of 4 bytes), ipv6hint 2001:db8::7.
  const https =
    "000100" + "00010003026833" + "00040004c0000207" + "00050004fe0d0000" + "0006001020010db8000000000000000000000007";
  const server = run(
    "dnsmasq",
    "--keep-in-foreground",
    "--conf-file=/dev/null",
    "--no-hosts",
    "--no-resolv",
    "--pid-file=",
    `--port=${port}`,
    "--listen-address=127.0.0.1",
    "--bind-interfaces",
    "--user=root",
    "--local=/example.org/",
    "--local-ttl=300",
    "--max-ttl=3600",
    "--host-record=host.example.org,192.0.2.1,2001:db8::1,120",
    "--cname=cdn.example.org,host.example.org,60",
    `--cname=${NAME},cdn.example.org,600`,
    `--dns-rr=svc.example.org,65,${https}`,
    ...Array.from({ length: 12 }, (_, i) => `--host-record=many.example.org,198.51.100.${i + 1}`),
    ...Array.from({ length: 60 }, (_, i) => `--host-record=crowd.example.org,198.51.100.${i + 1}`),
  );
  const socket = createSocket("udp4");
  socket.bind(0, "127.0.0.1");
  await pause(500);
  const recorded = {
    a: await ask(socket, port, "host.example.org", 1),
    aaaa: await ask(socket, port, "host.example.org", 28),
    mixedCase: await ask(socket, port, "hOsT.eXample.ORG", 1),
    cnames: await ask(socket, port, NAME, 1),
    cnamesV6: await ask(socket, port, NAME, 28),
    https: await ask(socket, port, "svc.example.org", 65),
    many: await ask(socket, port, "many.example.org", 1),
    truncated: await ask(socket, port, "crowd.example.org", 1),
    none: await ask(socket, port, "missing.example.org", 1),
    tcp: await askTcp(port, "crowd.example.org", 1),
  };
  socket.close();
  await end(server);
  return recorded;
}

const only = process.argv.slice(2);
const parts = { dns, tls, quic, http };
const recorded: Record<string, Record<string, string[]>> = {};
try {
  for (const [name, record] of Object.entries(parts))
    if (only.length === 0 || only.includes(name)) recorded[name] = await record();
} finally {
  for (const child of [...children]) await end(child);
  rmSync(folder, { recursive: true, force: true });
}
for (const [part, messages] of Object.entries(recorded))
  for (const [name, data] of Object.entries(messages)) console.log(part, name, ...data.map((hex) => hex.length / 2));
const file = new URL("../fixtures/messages.json", import.meta.url);
const before = only.length === 0 ? {} : JSON.parse(readFileSync(file, "utf8"));
writeFileSync(file, `${JSON.stringify({ ...before, ...recorded }, null, 1)}\n`);

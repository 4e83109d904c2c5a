/** What is sent over the wire, to real servers on this machine. */
import { createSocket } from "node:dgram";
import { readFileSync, rmSync } from "node:fs";
import { type AddressInfo, createServer as createTcp, type Server, type Socket } from "node:net";
import { createServer as createTls } from "node:tls";
import { SMTPServer, type SMTPServerOptions } from "smtp-server";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { makeCertificate } from "../tls/testing.ts";
import type { SettingsOf } from "./kinds.ts";
import { entryOf, type Message } from "./message.ts";
import { newNotice } from "./notice.ts";
import { type Address, sender } from "./send.ts";
import { eventOf } from "./testing.ts";

const files = makeCertificate("mail.example.com");
const pem = { cert: readFileSync(files.cert), key: readFileSync(files.key) };
const stops: (() => void)[] = [];

beforeAll(() => expect(pem.key.length).toBeGreaterThan(100));
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
});
afterAll(() => rmSync(files.dir, { recursive: true }));

const send = sender({ timeoutMs: 3000, allowLinkLocal: false }, { now: Date.now });
const hasty = sender({ timeoutMs: 300, allowLinkLocal: false }, { now: Date.now });
const never = new AbortController().signal;
const message: Message = {
  id: "m1",
  madeMs: Date.parse("2026-11-23T06:00:05Z"),
  isTest: false,
  entries: [
    entryOf(
      newNotice("r", eventOf("opened", { summary: "scan\r\nBcc: thief@example.com\r\n\r\n.\r\nfrom grüße" }), 1, 0),
      "https://flows.example.com",
    ),
  ],
};

interface Mailed {
  readonly to: string[];
  readonly user: string | undefined;
  readonly secure: boolean;
  readonly data: string;
}

/** A mail server that takes bob's password "right". */
async function startMail(options: SMTPServerOptions = {}): Promise<{ port: number; mails: Mailed[]; server: SMTPServer }> {
  const mails: Mailed[] = [];
  const server = new SMTPServer({
    ...pem,
    authOptional: true,
    disableReverseLookup: true,
    closeTimeout: 10,
    onAuth: ({ username, password }, _session, done) =>
      password === "right" ? done(null, { user: username }) : done(Object.assign(new Error("wrong"), { responseCode: 535 })),
    onData: (stream, { envelope, user, secure }, done) => {
      const chunks: Buffer[] = [];
      stream.on("data", (chunk: Buffer) => chunks.push(chunk));
      stream.on("end", () => {
        mails.push({
          to: envelope.rcptTo.map(({ address }) => address),
          user: user as string | undefined,
          secure,
          data: Buffer.concat(chunks).toString(),
        });
        done(null);
      });
    },
    ...options,
  });
  server.on("error", () => undefined); // connections that a test breaks off
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  stops.push(() => server.close(() => undefined));
  return { port: (server.server.address() as AddressInfo).port, mails, server };
}

function email(port: number, change: Partial<SettingsOf<"email">> = {}, password = "right"): Address {
  const settings: SettingsOf<"email"> = {
    host: "127.0.0.1",
    port,
    security: "starttls",
    from: "flows@example.com",
    to: ["ops@example.com"],
    ca_file: files.cert,
    ...change,
  };
  const secrets: Readonly<Record<string, string>> = change.user === undefined ? {} : { password };
  return { kind: "email", opened: { ...settings, secrets } };
}

it("sends mail over STARTTLS, with a password", async () => {
  const { port, mails } = await startMail();
  expect(await send(message, email(port, { user: "bob", to: ["ops@example.com", "noc@example.com"] }), never)).toMatchObject({
    error: null,
    said: expect.stringMatching(/^250/),
  });
  const [mail] = mails;
  expect(mail).toMatchObject({ to: ["ops@example.com", "noc@example.com"], user: "bob", secure: true });
  const head = mail?.data.slice(0, mail.data.indexOf("\r\n\r\n")) ?? "";
  expect(head).toMatch(/^Message-ID: <m1@example.com>$/im);
  expect(head).toMatch(/^References: <alert\.a1@example.com>$/m);
  expect(head).toMatch(/^Auto-Submitted: auto-generated$/m);
  expect(head).not.toMatch(/^Bcc:/im);
  expect(mail?.data).toMatch(/Content-Type: text\/plain[\s\S]*Content-Type: text\/html/);
});

it("sends mail over TLS from the beginning, and without any where that was said", async () => {
  const tls = await startMail({ secure: true });
  expect(await send(message, email(tls.port, { security: "tls" }), never)).toMatchObject({ error: null });
  expect(tls.mails[0]?.secure).toBe(true);
  const plain = await startMail({ disabledCommands: ["STARTTLS"] });
  expect(await send(message, email(plain.port, { security: "none" }), never)).toMatchObject({ error: null });
  // Nobody takes TLS away on the way.
  expect(await send(message, email(plain.port), never)).toMatchObject({ error: expect.stringMatching(/STARTTLS/i) });
  expect(plain.mails).toHaveLength(1);
  const unknown = await startMail();
  const { ca_file: _ca, ...without } = email(unknown.port).opened as SettingsOf<"email">;
  const trusting = { kind: "email", opened: { ...without, secrets: {} } } as Address;
  expect(await send(message, trusting, never)).toMatchObject({ error: expect.stringMatching(/self.signed/i), isFinal: false });
  expect(unknown.mails).toEqual([]);
});

it("tells a refusal for now from one for good", async () => {
  const refusing = (responseCode: number) =>
    startMail({ onRcptTo: (_address, _session, done) => done(Object.assign(new Error("not so"), { responseCode })) });
  expect(await send(message, email((await refusing(451)).port), never)).toMatchObject({
    error: expect.stringMatching(/451/),
    isFinal: false,
  });
  expect(await send(message, email((await refusing(550)).port), never)).toMatchObject({
    error: expect.stringMatching(/550/),
    isFinal: true,
  });
  const { port, mails } = await startMail();
  const wrong = await send(message, email(port, { user: "bob" }, "wr0ng-s3cret"), never);
  expect(wrong).toMatchObject({ error: expect.stringMatching(/535/), isFinal: true });
  expect(JSON.stringify(wrong)).not.toContain("wr0ng");
  expect(mails).toEqual([]);
  // One that repeats what it was told.
  const echoing = await startMail({
    onAuth: ({ username, password }, _session, done) => {
      const plain = Buffer.from(`\0${username}\0${password}`).toString("base64");
      done(Object.assign(new Error(`not ${password}, not AUTH PLAIN ${plain}`), { responseCode: 535 }));
    },
  });
  const echoed = await send(message, email(echoing.port, { user: "bob" }, "wr0ng-s3cret"), never);
  expect(echoed).toMatchObject({ error: expect.stringContaining("not …, not AUTH PLAIN …"), said: expect.stringContaining("…") });
  expect(JSON.stringify(echoed)).not.toContain("wr0ng");
  // One of two is refused for now: the other one gets it once more rather than that one never.
  const partly = await startMail({
    onRcptTo: ({ address }, _session, done) =>
      address === "b@example.com" ? done(Object.assign(new Error("later"), { responseCode: 450 })) : done(),
  });
  expect(await send(message, email(partly.port, { to: ["a@example.com", "b@example.com"] }), never)).toMatchObject({
    error: expect.stringMatching(/b@example.com.*450/),
    isFinal: false,
  });
});

it("does not wait for ever", async () => {
  const sockets: Socket[] = [];
  const mute = createTcp((socket) => void sockets.push(socket.on("error", () => undefined)));
  const port = await listening(mute);
  stops.push(() => {
    for (const socket of sockets) socket.destroy();
  });
  expect(await hasty(message, email(port), never)).toMatchObject({
    error: expect.stringMatching(/within 0.3 s/),
    isFinal: false,
  });
  expect(await hasty(message, syslog({ port, transport: "tls" }), never)).toMatchObject({
    error: expect.stringMatching(/within 0.3 s/),
  });
  const stop = new AbortController();
  const sending = send(message, email(port), stop.signal);
  setTimeout(() => stop.abort(new Error("stopped")), 50);
  await expect(sending).rejects.toThrow("stopped");
  for (const address of [
    email(25, { host: "169.254.169.254" }),
    syslog({ host: "169.254.169.254" }),
    syslog({ host: "fe80::1", transport: "udp" }),
  ])
    expect(await send(message, address, never)).toMatchObject({
      error: expect.stringMatching(/nothing is sent there/),
      isFinal: true,
    });
});

function syslog(change: Partial<SettingsOf<"syslog">>): Address {
  const settings = {
    host: "127.0.0.1",
    port: 1,
    transport: "tcp",
    framing: "octets",
    facility: "local0",
    ca_file: files.cert,
    ...change,
  } as const;
  return { kind: "syslog", opened: { ...settings, secrets: {} } };
}

async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  stops.push(() => server.close());
  return (server.address() as AddressInfo).port;
}

it("tells syslog over TCP, TLS and UDP", async () => {
  const told: string[] = [];
  const take = (socket: Socket) => {
    let all = "";
    socket
      .on("error", () => undefined)
      .on("data", (chunk: Buffer) => (all += chunk))
      .on("end", () => void told.push(all));
  };
  const tcp = await listening(createTcp(take));
  const tls = await listening(createTls(pem, take));
  const udp = createSocket("udp4");
  udp.on("message", (bytes) => told.push(String(bytes)));
  await new Promise<void>((resolve) => udp.bind(0, "127.0.0.1", resolve));
  stops.push(() => udp.close());
  const line =
    /^<131>1 2026-11-23T06:00:05.000Z \S+ flowtrail - alert \[flowtrail@32473 [^\n]*\] High: scan Bcc: thief@example.com \. from grüße/;
  for (const framing of ["octets", "lines"] as const)
    expect(await send(message, syslog({ port: tcp, framing }), never)).toMatchObject({ error: null });
  expect(await send(message, syslog({ port: tls, transport: "tls" }), never)).toMatchObject({ error: null });
  expect(await send(message, syslog({ port: udp.address().port, transport: "udp" }), never)).toMatchObject({ error: null });
  await expect.poll(() => told.length, { timeout: 5000 }).toBe(4);
  for (const text of told) expect(text.replace(/^\d+ /, "")).toMatch(line);
  for (const text of [told[0], told[2]]) {
    const [, length = "", rest = ""] = /^(\d+) ([\s\S]*)$/.exec(text ?? "") ?? [];
    expect(Buffer.byteLength(rest)).toBe(Number(length));
  }
  expect(told[1]?.endsWith("\n")).toBe(true);
  const other = createTls({ ...pem });
  const closed = await listening(other);
  expect(
    await send(
      message,
      {
        kind: "syslog",
        opened: { ...(syslog({ port: closed, transport: "tls" }).opened as object), ca_file: undefined },
      } as unknown as Address,
      never,
    ),
  ).toMatchObject({
    error: expect.stringMatching(/self.signed/i),
  });
  expect(await send(message, syslog({ port: 1 }), never)).toMatchObject({
    error: expect.stringMatching(/ECONNREFUSED/),
    isFinal: false,
  });
});

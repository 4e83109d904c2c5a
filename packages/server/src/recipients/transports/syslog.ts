/**
 * Hands one message to a syslog server. Over TCP and TLS it is told when the connection ended well: syslog itself has no answer, so what a
 * server loses afterwards is lost. Over UDP nothing is known at all.
 */
import { createSocket } from "node:dgram";
import { readFile } from "node:fs/promises";
import { connect as connectTcp, isIP, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { AddressError, allowedLookup, assertAllowed } from "../../outgoing/allowed-addresses.ts";
import { framed, type SyslogMessage, syslogMessage } from "../../outgoing/syslog.ts";
import type { Opened } from "../kinds.ts";
import { type Outcome, refused, taken } from "../outcome.ts";
import type { TransportDeps } from "./mail.ts";

const MAX_BYTES = { udp: 2048, tcp: 8192, tls: 8192 } as const;

export async function sendSyslog(message: SyslogMessage, settings: Opened<"syslog">, deps: TransportDeps): Promise<Outcome> {
  const { host, port, transport, framing } = settings;
  const bytes = syslogMessage(message, MAX_BYTES[transport]);
  const timeout = AbortSignal.timeout(deps.timeoutMs);
  const signal = AbortSignal.any([timeout, deps.signal]);
  try {
    if (!deps.allowLinkLocal) assertAllowed(host);
    if (transport === "udp") await sendUdp(bytes, settings, deps);
    // RFC 5425 § 4.3: with TLS always by length.
    else await sendStream(framed(bytes, transport === "tls" ? "octets" : framing), await opened(settings, deps), signal);
    return taken(`${bytes.length} bytes over ${transport}, which syslog does not answer`);
  } catch (cause) {
    deps.signal.throwIfAborted();
    if (timeout.aborted) return refused(`${host}:${port} did not take the message within ${deps.timeoutMs / 1000} s`);
    const { message: why, code } = cause as NodeJS.ErrnoException;
    return refused(`${host}:${port}: ${why || code}`, { isFinal: cause instanceof AddressError });
  }
}

async function opened({ host, port, transport, ca_file }: Opened<"syslog">, { allowLinkLocal }: TransportDeps): Promise<Socket> {
  const to = { host, port, ...(allowLinkLocal ? {} : { lookup: allowedLookup }) };
  if (transport !== "tls") return connectTcp(to);
  const ca = ca_file === undefined ? {} : { ca: await readFile(ca_file) };
  return connectTls({ ...to, ...ca, ...(isIP(host) === 0 ? { servername: host } : {}) });
}

/** Resolves when all was sent and the connection was closed by both sides, or by us when the other one keeps it open. */
function sendStream(bytes: Buffer, socket: Socket, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = () => socket.destroy(new Error("ended"));
    signal.addEventListener("abort", end, { once: true });
    socket.once("error", reject);
    socket.once("close", () => {
      signal.removeEventListener("abort", end);
      resolve();
    });
    // The other side says nothing, but may reset the connection.
    socket.resume();
    socket.once(isTls(socket) ? "secureConnect" : "connect", () => {
      socket.end(bytes, () => setTimeout(() => socket.destroy(), LINGER_MS).unref());
    });
  });
}

/** So long a reset may come after the last byte. */
const LINGER_MS = 200;

const isTls = (socket: Socket) => "encrypted" in socket;

function sendUdp(bytes: Buffer, { host, port }: Opened<"syslog">, { allowLinkLocal }: TransportDeps): Promise<void> {
  return new Promise((resolve, reject) => {
    const lookup = allowLinkLocal ? {} : { lookup: allowedLookup as never };
    const socket = createSocket({ type: isIP(host) === 6 ? "udp6" : "udp4", ...lookup });
    socket.once("error", reject);
    socket.send(bytes, port, host, (error) => {
      socket.close();
      if (error === null) resolve();
      else reject(error);
    });
  });
}

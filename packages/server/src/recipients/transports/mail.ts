/** Hands a mail to a mail server (SMTP, RFC 5321). A server that refuses for now (4xx) is asked again, one that refuses for good (5xx) is not. */
import { readFile } from "node:fs/promises";
import { connect } from "node:net";
import nodemailer from "nodemailer";
import { AddressError, allowedLookup, assertAllowed } from "../../outgoing/allowed-addresses.ts";
import type { Mail } from "../forms/mail.ts";
import type { Opened } from "../kinds.ts";
import { type Outcome, refused, taken } from "../outcome.ts";

export interface TransportDeps {
  /** Of all of one message. */
  readonly timeoutMs: number;
  readonly allowLinkLocal: boolean;
  readonly signal: AbortSignal;
}

/** What nodemailer's errors tell. */
interface MailError extends Error {
  readonly code?: string;
  readonly responseCode?: number;
  readonly response?: string;
}

export async function sendMail(mail: Mail, settings: Opened<"email">, deps: TransportDeps): Promise<Outcome> {
  const { host, port, security, user, ca_file, secrets } = settings;
  const { timeoutMs, allowLinkLocal } = deps;
  const timeout = AbortSignal.timeout(timeoutMs);
  try {
    if (!allowLinkLocal) assertAllowed(host);
    const ca = ca_file === undefined ? {} : { ca: await readFile(ca_file) };
    const transport = nodemailer.createTransport({
      host,
      port,
      secure: security === "tls",
      requireTLS: security === "starttls",
      ignoreTLS: security === "none",
      ...(user === undefined ? {} : { auth: { user, pass: secrets.password ?? "" } }),
      tls: { ...ca, rejectUnauthorized: true },
      connectionTimeout: timeoutMs,
      greetingTimeout: timeoutMs,
      socketTimeout: timeoutMs,
      socketCloseTimeout: 1000,
      // What a mail holds is ours: nothing in it is a path or an address to be read.
      disableFileAccess: true,
      disableUrlAccess: true,
      getSocket: (_options, done) => {
        const socket = connect({ host, port, ...(allowLinkLocal ? {} : { lookup: allowedLookup }) });
        socket.once("error", done);
        socket.once("connect", () => {
          socket.off("error", done);
          done(null, { connection: socket });
        });
        timeout.addEventListener("abort", () => socket.destroy(new Error("no connection in time")), { once: true });
      },
    });
    const signal = AbortSignal.any([timeout, deps.signal]);
    const {
      response,
      rejected,
      rejectedErrors = [],
    } = await transport.sendMail({ ...mail, to: [...mail.to], references: [...mail.references], signal });
    if (rejected.length === 0) return taken(response);
    // Some got it. Those that were refused for now are worth another mail, which the others get, too, and know by its id.
    const later = rejectedErrors.some(({ responseCode = 0 }) => responseCode < 500);
    const why = `${rejected.join(", ")}: ${rejectedErrors[0]?.response ?? "refused"}`;
    return later ? refused(why, { said: response }) : taken(`${response}; but not for ${why}`);
  } catch (cause) {
    deps.signal.throwIfAborted();
    if (timeout.aborted) return refused(`${host}:${port} did not take the mail within ${timeoutMs / 1000} s`);
    if (cause instanceof AddressError) return refused(cause.message, { isFinal: true });
    const { message, response, responseCode = 0 } = cause as MailError;
    return refused(`${host}:${port}: ${message}`, { said: response ?? "", isFinal: responseCode >= 500 });
  }
}

/**
 * Messages of syslog (RFC 5424) and how they stand one after the other in a stream (RFC 6587). Whatever is in a text, it stays within its place:
 * nothing that is told can look like a message of its own.
 */

export const SYSLOG_FACILITIES = [
  ...["kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp"],
  ...["ntp", "audit", "alert", "clock", "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7"],
] as const;

/** RFC 5424 § 6.2.1. */
export const SYSLOG_SEVERITIES = ["emergency", "alert", "critical", "error", "warning", "notice", "info", "debug"] as const;

export interface SyslogMessage {
  /** As they stand in the lists above: 0 to 23, and 0 to 7. */
  readonly facility: number;
  readonly severity: number;
  readonly timeMs: number;
  readonly host: string;
  readonly app: string;
  readonly procId?: string;
  /** What kind of message it is. */
  readonly msgId?: string;
  /** Structured data: parameters by the id of their element, such as `flowtrail@32473`. */
  readonly data?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly text: string;
}

/**
 * @param maxBytes the text is cut so that the message has no more: 2048 over UDP (RFC 5426 § 3.2) and 8192 over TCP are safe with most receivers
 */
export function syslogMessage(message: SyslogMessage, maxBytes: number): Buffer {
  const { facility, severity, timeMs, host, app, procId = "", msgId = "", data = {}, text } = message;
  const time = new Date(timeMs).toISOString();
  const head = [`<${facility * 8 + severity}>1`, time, name(host, 255), name(app, 48), name(procId, 128), name(msgId, 32)];
  const elements = Object.entries(data).map(([id, params]) => {
    const pairs = Object.entries(params).map(([key, value]) => ` ${sdName(key)}="${sdValue(value)}"`);
    return `[${sdName(id)}${pairs.join("")}]`;
  });
  const bytes = Buffer.from(`${head.join(" ")} ${elements.join("") || "-"} ${oneLine(text)}`);
  return bytes.length <= maxBytes ? bytes : bytes.subarray(0, lastWhole(bytes, maxBytes));
}

/** `octets`: its length before each message (RFC 6587 § 3.4.1, RFC 5425 § 4.3). `lines`: a line feed after each (§ 3.4.2). */
export type SyslogFraming = "octets" | "lines";

export function framed(message: Buffer, framing: SyslogFraming): Buffer {
  if (framing === "lines") return Buffer.concat([message, Buffer.from("\n")]);
  return Buffer.concat([Buffer.from(`${message.length} `), message]);
}

/** PRINTUSASCII, or the nil value. */
function name(text: string, max: number): string {
  return text.replaceAll(/[^\x21-\x7e]/g, "_").slice(0, max) || "-";
}

/** SD-NAME: no `=`, `]` or quotes, too. */
function sdName(text: string): string {
  return name(text.replaceAll(/[="\]]/g, "_"), 32);
}

/** § 6.3.3. */
function sdValue(text: string): string {
  return oneLine(text).replaceAll(/["\\\]]/g, "\\$&");
}

/** § 6.4 lets control characters be escaped; half of a pair of surrogates is no character. */
function oneLine(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  return text.toWellFormed().replaceAll(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, " ");
}

/** Where the last whole character before `max` ends. */
function lastWhole(bytes: Buffer, max: number): number {
  let end = max;
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end--;
  return end;
}

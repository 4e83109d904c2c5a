/** The kinds of recipients, with what each is told by. What is secret of a kind is not among its settings: it is sealed, and never told. */
import { z } from "zod";
import { SYSLOG_FACILITIES } from "../outgoing/syslog.ts";

const MAX_URL = 2000;
const URL_EXPECTED = "expected an address that begins with http:// or https://, without a name and password in it";

/** http or https, and no password in it: that is asked for apart. */
export function isWebUrl(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && /^https?:$/.test(url.protocol) && url.username + url.password === "" && text.length <= MAX_URL;
}

const url = z.string().max(MAX_URL).refine(isWebUrl, URL_EXPECTED);
const host = z.string().regex(/^[a-z0-9._:-]{1,253}$/i, "expected a name or an address, without a port");
const port = z.number().int().min(1).max(65_535);
const file = z.string().min(1).max(1000);
/** Enough for what people write; what it is good for is decided by mail servers. */
const mailbox = z
  .string()
  .max(320)
  .regex(/^[^\s<>(),;:"[\]\\@]+@[^\s<>(),;:"[\]\\@]+$/, "expected an address such as ops@example.com");
const caFile = file
  .optional()
  .describe("File of certificates (PEM) on the server that vouch for the other side, instead of the usual authorities");

export const KINDS = {
  webhook: {
    settings: z.strictObject({
      url: url.describe("Where requests go: POST"),
      template: z
        .string()
        .max(20_000)
        .optional()
        .describe("Body instead of ours, with {{summary}} and the like. See docs/how-to/recipients.md"),
      content_type: z
        .string()
        .max(100)
        .regex(/^[a-z]+\/[a-z0-9.+-]+(; ?charset=utf-8)?$/i, "expected a type such as application/json")
        .optional()
        .describe("Of a template; left out: application/json"),
      ca_file: caFile,
    }),
    secrets: ["signing_secret", "authorization"],
    needed: [],
    goesTo: ["url"],
  },
  slack: { settings: z.strictObject({ ca_file: caFile }), secrets: ["url"], needed: ["url"], goesTo: [] },
  teams: { settings: z.strictObject({ ca_file: caFile }), secrets: ["url"], needed: ["url"], goesTo: [] },
  discord: { settings: z.strictObject({ ca_file: caFile }), secrets: ["url"], needed: ["url"], goesTo: [] },
  pagerduty: {
    settings: z.strictObject({
      url: url
        .default("https://events.pagerduty.com/v2/enqueue")
        .describe("In the EU: https://events.eu.pagerduty.com/v2/enqueue"),
      ca_file: caFile,
    }),
    secrets: ["routing_key"],
    needed: ["routing_key"],
    goesTo: ["url"],
  },
  ntfy: {
    settings: z.strictObject({
      url: url.default("https://ntfy.sh").describe("Of the server, without the topic"),
      ca_file: caFile,
    }),
    secrets: ["topic", "token"],
    needed: ["topic"],
    goesTo: ["url"],
  },
  email: {
    settings: z.strictObject({
      host: host.describe("Mail server (SMTP)"),
      port: port.default(587),
      security: z
        .enum(["starttls", "tls", "none"])
        .default("starttls")
        .describe("starttls: refused without it. tls: from the beginning, mostly port 465. none: for a relay on this machine"),
      user: z.string().min(1).max(320).optional().describe("Left out: the server asks for none"),
      from: mailbox,
      to: z.array(mailbox).min(1).max(50),
      ca_file: caFile,
    }),
    secrets: ["password"],
    needed: [],
    goesTo: ["host", "port", "security", "user"],
  },
  syslog: {
    settings: z.strictObject({
      host,
      port: port.default(514).describe("TLS mostly has 6514"),
      transport: z.enum(["udp", "tcp", "tls"]).default("tcp"),
      framing: z.enum(["octets", "lines"]).default("octets").describe("Of tcp: RFC 6587. udp and tls need none"),
      facility: z.enum(SYSLOG_FACILITIES).default("local0"),
      ca_file: caFile,
    }),
    secrets: [],
    needed: [],
    goesTo: [],
  },
} as const satisfies Readonly<Record<string, KindRules>>;

interface KindRules {
  readonly settings: z.ZodObject;
  readonly secrets: readonly string[];
  readonly needed: readonly string[];
  /** Where a change of these needs the secrets again: nobody gets them by letting them be sent to another place. */
  readonly goesTo: readonly string[];
}

export type RecipientKind = keyof typeof KINDS;
export const RECIPIENT_KINDS = Object.keys(KINDS) as [RecipientKind, ...RecipientKind[]];
export type SettingsOf<Kind extends RecipientKind> = z.infer<(typeof KINDS)[Kind]["settings"]>;

export const rulesOf = (kind: RecipientKind): KindRules => KINDS[kind];

/** What it is told by, with its secrets opened: only while something is sent. */
export type Opened<Kind extends RecipientKind> = SettingsOf<Kind> & { readonly secrets: Readonly<Record<string, string>> };

/** One message for each alert: what leads its life by its id, or is a line. */
export function tellsOneByOne(kind: RecipientKind, settings: Readonly<Record<string, unknown>>): boolean {
  return kind === "pagerduty" || kind === "syslog" || (kind === "webhook" && settings.template !== undefined);
}

/** The kinds of recipients, and what each is told by: the fields of its form. */
import { ALERT_SEVERITIES } from "@flowtrail/model";
import type { KindField } from "./kind-fields.ts";

export interface Kind {
  readonly kind: string;
  readonly label: string;
  readonly about: string;
  readonly fields: readonly KindField[];
}

const CA: KindField = {
  path: "settings.ca_file",
  label: "Certificates (PEM file on the server)",
  about: "That vouch for the other side, instead of the usual authorities. It may be empty.",
  type: "text",
};
const hookUrl = (about: string): readonly KindField[] => [
  { path: "secrets.url", label: "Webhook address", about, type: "secret", needed: true },
];

export const RECIPIENT_KINDS: readonly Kind[] = [
  {
    kind: "webhook",
    label: "Webhook",
    about: "A request (POST, JSON) to a system of yours, signed if you give a secret.",
    fields: [
      { path: "settings.url", label: "URL", placeholder: "https://example.com/hooks/flowtrail", type: "text", needed: true },
      { path: "secrets.signing_secret", label: "Signing secret", about: "Requests are signed with it.", type: "secret" },
      { path: "secrets.authorization", label: "Authorization header", about: "Such as Bearer …", type: "secret" },
      {
        path: "settings.template",
        label: "Body",
        about: "Instead of ours, with {{summary}} and the like: see docs/how-to/recipients.md. It may be empty.",
        type: "lines",
      },
      { path: "settings.content_type", label: "Type of that body", placeholder: "application/json", type: "text" },
      CA,
    ],
  },
  {
    kind: "slack",
    label: "Slack",
    about: "A message in a channel, by an incoming webhook.",
    fields: hookUrl("https://hooks.slack.com/services/…: whoever has it can write there."),
  },
  {
    kind: "teams",
    label: "Microsoft Teams",
    about: "A message in a channel, by a workflow with a webhook.",
    fields: hookUrl("Of the workflow: whoever has it can write there."),
  },
  {
    kind: "discord",
    label: "Discord",
    about: "A message in a channel, by its webhook.",
    fields: hookUrl("https://discord.com/api/webhooks/…: whoever has it can write there."),
  },
  {
    kind: "pagerduty",
    label: "PagerDuty",
    about: "An incident that is resolved when the alert is over (Events API v2).",
    fields: [
      { path: "secrets.routing_key", label: "Routing key", about: "Of the integration.", type: "secret", needed: true },
      {
        path: "settings.url",
        label: "Address",
        about: "In the EU: https://events.eu.pagerduty.com/v2/enqueue",
        placeholder: "https://events.pagerduty.com/v2/enqueue",
        type: "text",
      },
      CA,
    ],
  },
  {
    kind: "ntfy",
    label: "ntfy",
    about: "A notice on phones and desktops.",
    fields: [
      { path: "settings.url", label: "Server", about: "Without the topic.", placeholder: "https://ntfy.sh", type: "text" },
      { path: "secrets.topic", label: "Topic", about: "Whoever knows it reads along.", type: "secret", needed: true },
      { path: "secrets.token", label: "Access token", about: "Of servers that ask for one.", type: "secret" },
      CA,
    ],
  },
  {
    kind: "email",
    label: "E-mail",
    about: "By a mail server of yours (SMTP).",
    fields: [
      {
        path: "settings.to",
        label: "To",
        about: "Several with commas.",
        placeholder: "ops@example.com",
        type: "list",
        needed: true,
      },
      { path: "settings.from", label: "From", placeholder: "flowtrail@example.com", type: "text", needed: true },
      { path: "settings.host", label: "Mail server", placeholder: "smtp.example.com", type: "text", needed: true },
      { path: "settings.port", label: "Port", type: "number", initial: "587" },
      {
        path: "settings.security",
        label: "Security",
        type: "choice",
        initial: "starttls",
        options: [
          { value: "starttls", label: "STARTTLS (refused without it)" },
          { value: "tls", label: "TLS from the beginning (port 465)" },
          { value: "none", label: "none: a relay on the server's machine" },
        ],
      },
      { path: "settings.user", label: "User", about: "Empty: the mail server asks for none.", type: "text" },
      { path: "secrets.password", label: "Password", type: "secret" },
      CA,
    ],
  },
  {
    kind: "syslog",
    label: "Syslog",
    about: "A line for each alert (RFC 5424).",
    fields: [
      { path: "settings.host", label: "Host", placeholder: "syslog.example.com", type: "text", needed: true },
      { path: "settings.port", label: "Port", type: "number", initial: "514", about: "TLS mostly has 6514." },
      {
        path: "settings.transport",
        label: "Transport",
        type: "choice",
        initial: "tcp",
        options: ["tcp", "tls", "udp"].map((value) => ({ value, label: value.toUpperCase() })),
      },
      { path: "settings.facility", label: "Facility", type: "text", initial: "local0" },
      CA,
    ],
  },
];

/** Of every kind: what it takes, and how often it is told. */
export const TAKES_FIELDS: readonly KindField[] = [
  {
    path: "takes.every",
    label: "Alerts of all rules that name no recipient",
    about: "Off: only of rules that name this one.",
    type: "switch",
    initial: "true",
  },
  {
    path: "takes.severities",
    label: "Severities",
    about: `With commas: ${ALERT_SEVERITIES.join(", ")}. Empty: all.`,
    placeholder: "high, critical",
    type: "list",
  },
  { path: "resolved", label: "Tell also when an alert is over", type: "switch", initial: "true" },
  { path: "digest_s", label: "Gather for", about: "And tell in one message. 0s: at once.", type: "span", initial: "0s" },
  {
    path: "max_per_hour",
    label: "At most, in an hour",
    about: "Messages; what is over it goes into one.",
    type: "number",
    initial: "100",
  },
];

export function kindOf<K extends Kind>(kinds: readonly K[], kind: string): K | null {
  return kinds.find((one) => one.kind === kind) ?? null;
}

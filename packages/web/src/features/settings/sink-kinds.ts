/** Where records can be handed to, and what each needs: the fields of its form. */
import type { KindField } from "./kind-fields.ts";
import type { Kind } from "./recipient-kinds.ts";

export interface SinkKind extends Kind {
  /** Formats that it takes, the usual one first. */
  readonly formats: readonly string[];
}

const url = (placeholder: string, about?: string): KindField => ({
  path: "transport.url",
  label: "URL",
  placeholder,
  ...(about !== undefined && { about }),
  type: "text",
  needed: true,
});
const CA: KindField = {
  path: "transport.ca_file",
  label: "Certificates (PEM file on the server)",
  about: "That vouch for the other side, instead of the usual authorities. It may be empty.",
  type: "text",
};
const HTTP: readonly KindField[] = [
  { path: "transport.headers", label: "Headers", about: "Lines such as X-Team: network. Nothing secret.", type: "pairs" },
  { path: "transport.gzip", label: "Compressed (gzip)", type: "switch", initial: "true" },
  { path: "transport.max_events", label: "Records in a request, at most", type: "number", initial: "1000" },
  { path: "transport.timeout_s", label: "Waits for an answer", type: "span", initial: "30s" },
  CA,
];
const isAuth = (...is: readonly string[]) => ({ path: "transport.auth.kind", is });
const AUTH: readonly KindField[] = [
  {
    path: "transport.auth.kind",
    label: "Credentials",
    type: "choice",
    initial: "none",
    options: [
      { value: "none", label: "none" },
      { value: "bearer", label: "Bearer token" },
      { value: "basic", label: "User and password" },
      { value: "api_key", label: "API key (Elastic)" },
      { value: "header", label: "A header of its own" },
    ],
  },
  { path: "transport.auth.user", label: "User", type: "text", needed: true, when: isAuth("basic") },
  {
    path: "transport.auth.header",
    label: "Header",
    placeholder: "X-Api-Key",
    type: "text",
    needed: true,
    when: isAuth("header"),
  },
  {
    path: "secrets.secret",
    label: "Secret",
    about: "Token, password or key.",
    type: "secret",
    needed: true,
    when: isAuth("bearer", "basic", "api_key", "header"),
  },
];
const LINES = ["flowtrail", "ecs", "csv", "vpc-v2", "vpc-v5"];
const text = (name: string, label: string, more: Partial<KindField> = {}): KindField => ({
  path: `transport.${name}`,
  label,
  type: "text",
  ...more,
});

export const SINK_KINDS: readonly SinkKind[] = [
  {
    kind: "http",
    label: "HTTP",
    about: "Any endpoint that takes lines or an array of records.",
    formats: [...LINES, "otlp-json"],
    fields: [
      url("https://logs.example.com/ingest"),
      {
        path: "transport.body",
        label: "Body",
        type: "choice",
        initial: "lines",
        options: [
          { value: "lines", label: "a record in each line" },
          { value: "array", label: "a JSON array" },
        ],
      },
      ...AUTH,
      ...HTTP,
    ],
  },
  {
    kind: "elastic",
    label: "Elasticsearch, OpenSearch",
    about: "By _bulk; a record that is refused is parked, the others are kept.",
    formats: ["ecs", "flowtrail"],
    fields: [
      url("https://elastic.example.com:9200", "Without a path."),
      text("index", "Index or data stream", { initial: "logs-flowtrail.flow-default" }),
      {
        path: "transport.op",
        label: "Records that come again",
        type: "choice",
        initial: "create",
        options: [
          { value: "create", label: "keep the first (data streams)" },
          { value: "index", label: "keep the newest" },
        ],
      },
      ...AUTH,
      ...HTTP,
    ],
  },
  {
    kind: "splunk",
    label: "Splunk",
    about: "By the HTTP event collector.",
    formats: ["flowtrail", "ecs", "otlp-json"],
    fields: [
      url("https://splunk.example.com:8088"),
      { path: "secrets.token", label: "Token", about: "Of the event collector.", type: "secret", needed: true },
      text("index", "Index", { about: "Empty: the token's own." }),
      text("sourcetype", "Source type", { initial: "flowtrail:flow" }),
      ...HTTP,
    ],
  },
  {
    kind: "datadog",
    label: "Datadog",
    about: "By the log intake.",
    formats: ["flowtrail", "ecs"],
    fields: [
      { path: "secrets.api_key", label: "API key", type: "secret", needed: true },
      text("url", "URL", { initial: "https://http-intake.logs.datadoghq.com/api/v2/logs", about: "Of your site.", needed: true }),
      text("service", "Service", { initial: "flowtrail" }),
      text("tags", "Tags", { placeholder: "env:prod,team:network" }),
      ...HTTP,
    ],
  },
  {
    kind: "otlp",
    label: "OpenTelemetry (OTLP)",
    about: "Log records over HTTP.",
    formats: ["otlp", "otlp-json"],
    fields: [url("https://collector.example.com:4318/v1/logs"), ...AUTH, ...HTTP],
  },
  {
    kind: "syslog",
    label: "Syslog",
    about: "RFC 5424 over TCP or TLS.",
    formats: ["ecs", ...LINES.filter((name) => name !== "ecs")],
    fields: [
      text("host", "Host", { placeholder: "syslog.example.com", needed: true }),
      { path: "transport.port", label: "Port", type: "number", initial: "6514" },
      { path: "transport.tls", label: "TLS", type: "switch", initial: "true" },
      text("facility", "Facility", { initial: "local0" }),
      CA,
    ],
  },
  {
    kind: "file",
    label: "Files",
    about: "On the server's machine, below sinks/ of its data directory, with rotation.",
    formats: LINES,
    fields: [
      { path: "transport.max_age_s", label: "A file is complete after", type: "span", initial: "1h" },
      { path: "transport.max_bytes", label: "Or when it has so many bytes", type: "number", initial: "100000000" },
      { path: "transport.keep", label: "Files that are kept", about: "Older ones are deleted.", type: "number", initial: "168" },
      { path: "transport.gzip", label: "Complete files are compressed", type: "switch", initial: "true" },
    ],
  },
  {
    kind: "s3",
    label: "S3",
    about: "Objects by hour and network, Parquet by default.",
    formats: ["parquet", ...LINES],
    fields: [
      text("url", "URL", { placeholder: "https://s3.eu-central-1.amazonaws.com", about: "Without the bucket.", needed: true }),
      text("region", "Region", { initial: "us-east-1" }),
      text("bucket", "Bucket", { needed: true }),
      text("prefix", "Prefix", { initial: "flowtrail" }),
      {
        path: "transport.path_style",
        label: "Bucket in the path",
        about: "As most servers but Amazon's want it.",
        type: "switch",
        initial: "true",
      },
      text("access_key_id", "Access key id", { needed: true }),
      { path: "secrets.secret_access_key", label: "Secret access key", type: "secret", needed: true },
      { path: "secrets.session_token", label: "Session token", about: "Of temporary credentials.", type: "secret" },
      { path: "transport.linger_s", label: "An object waits for more records", type: "span", initial: "60s" },
      CA,
    ],
  },
];

export const FORMAT_LABELS: Readonly<Record<string, string>> = {
  flowtrail: "Flowtrail JSON",
  ecs: "ECS JSON",
  csv: "CSV",
  "vpc-v2": "AWS VPC flow log, v2",
  "vpc-v5": "AWS VPC flow log, v5",
  otlp: "OTLP (protobuf)",
  "otlp-json": "OTLP (JSON)",
  parquet: "Parquet",
};

import { createHmac } from "node:crypto";
import { expect, it } from "vitest";
import { syslogMessage } from "../outgoing/syslog.ts";
import { discordForm, escapeMarkdown } from "./forms/discord.ts";
import { mailOf } from "./forms/mail.ts";
import { ntfyForm } from "./forms/ntfy.ts";
import { pagerdutyForm } from "./forms/pagerduty.ts";
import { slackForm } from "./forms/slack.ts";
import { syslogLine } from "./forms/syslog-line.ts";
import { teamsForm } from "./forms/teams.ts";
import { assertTemplate } from "./forms/template.ts";
import { webhookForm } from "./forms/webhook.ts";
import { type Entry, entryOf, type Message, oneLine } from "./message.ts";
import { newNotice } from "./notice.ts";
import { alertOf, eventOf } from "./testing.ts";

const nowMs = Date.parse("2026-11-23T06:00:05Z");
const BASE = "https://flows.example.com";
const EVIL = "<!channel> <b>&\"'*_~`[x](https://evil.example) @everyone\r\nBcc: a@b\u202e \u{1f600}";

function messageOf(...events: readonly Readonly<Parameters<typeof eventOf>>[]): Message {
  const entries = events.map((event, n) => entryOf({ ...newNotice("r", eventOf(...event), n, nowMs), id: `n${n + 1}` }, BASE));
  return { id: "m1", madeMs: nowMs, isTest: false, entries: entries as [Entry, ...Entry[]] };
}
const opened = messageOf(["opened"]);
const resolved = messageOf(["resolved"]);
const evil = messageOf(["opened", { summary: EVIL, rule_name: EVIL, labels: { "src.name": EVIL } }]);
const digest = messageOf(
  ...Array.from({ length: 25 }, (_, n) => [n === 0 ? "resolved" : "opened", { id: `a${n}`, summary: `scan ${n}` }] as const),
);
const link = `${BASE}/alerts?alert=a1`;
const evidence = `${BASE}/traffic-logs?from=2026-11-23T05%3A55%3A00.000Z&to=2026-11-23T06%3A00%3A00.000Z&q=src.name+%3D+officegw`;
const json = ({ body }: { body: string }) => JSON.parse(body);

it("is signed as Standard Webhooks says", () => {
  const key = Buffer.alloc(24, 7);
  const secrets = { signing_secret: `whsec_${key.toString("base64")}`, authorization: "Bearer x" };
  const { url, headers, body } = webhookForm(opened, { url: "https://a.example/hook", secrets }, nowMs);
  expect(url).toBe("https://a.example/hook");
  expect(headers).toMatchObject({
    "webhook-id": "m1",
    "webhook-timestamp": "1795413605",
    authorization: "Bearer x",
    "content-type": "application/json",
  });
  const mac = createHmac("sha256", key)
    .update(`${headers["webhook-id"]}.${headers["webhook-timestamp"]}.${body}`)
    .digest("base64");
  expect(headers["webhook-signature"]).toBe(`v1,${mac}`);
  // The example of their own specification.
  const theirs = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
  expect(
    createHmac("sha256", Buffer.from(theirs.slice(6), "base64"))
      .update('msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330.{"test": 2432232314}')
      .digest("base64"),
  ).toBe("g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
  expect(webhookForm(opened, { url: "https://a.example/", secrets: {} }, nowMs).headers).not.toHaveProperty("webhook-signature");
});

it("is JSON of ours, of one or of several", () => {
  const one = json(webhookForm(opened, { url: "https://a.example/", secrets: {} }, nowMs));
  expect(one).toEqual({
    id: "m1",
    type: "alert.opened",
    timestamp: "2026-11-23T06:00:05.000Z",
    data: { alert: alertOf(), explanation: "Somebody looks which ports are open.", link, evidence },
  });
  const many = json(webhookForm(digest, { url: "https://a.example/", secrets: {} }, nowMs));
  expect(many.type).toBe("alerts.digest");
  expect(many.data.events.slice(0, 2)).toMatchObject([
    { id: "n1", type: "alert.resolved" },
    { id: "n2", type: "alert.opened", data: { alert: { id: "a1" } } },
  ]);
  expect(many.data.events).toHaveLength(25);
});

it("fills templates, escaped for their type", () => {
  const filled = (template: string, content_type?: string) =>
    webhookForm(evil, { url: "https://a.example/", template, ...(content_type && { content_type }), secrets: {} }, nowMs).body;
  const said = oneLine(EVIL, 500);
  expect(JSON.parse(filled('{"text": "{{ summary }}", "n": {{value}}}'))).toEqual({ text: said, n: 412 });
  expect(filled("<p>{{summary}}</p>", "text/html")).toMatch(/^<p>&lt;!channel&gt; &lt;b&gt;&amp;&quot;&#39;/);
  expect(new URLSearchParams(filled("a={{summary}}&b={{rule}}", "application/x-www-form-urlencoded")).get("a")).toBe(said);
  // What is put in is never looked at again.
  const nested = messageOf(["opened", { summary: "{{link}} $& $1" }]);
  expect(webhookForm(nested, { url: "https://a.example/", template: '"{{summary}}"', secrets: {} }, nowMs).body).toBe(
    '"{{link}} $& $1"',
  );
  expect(() => assertTemplate("{{constructor}}", "text/plain")).toThrow(/there is no {{constructor}}/);
  expect(() => assertTemplate('{"a": {{summary}}}', "application/json")).toThrow(/no JSON/);
  expect(() => assertTemplate('{"a": "{{summary}}"}', "application/json")).not.toThrow();
});

it("has Slack's form", () => {
  const { url, body } = slackForm(opened, { secrets: { url: "https://hooks.slack.com/services/T/B/X" } });
  expect(url).toBe("https://hooks.slack.com/services/T/B/X");
  const plain = (text: string) => ({ type: "plain_text", text, emoji: false });
  expect(JSON.parse(body)).toEqual({
    text: "High: officegw tried 412 ports on 10.20.0.5 in 40 s; 3 answered",
    attachments: [
      {
        color: "#dc2626",
        blocks: [
          { type: "section", text: plain("High: officegw tried 412 ports on 10.20.0.5 in 40 s; 3 answered") },
          {
            type: "context",
            elements: [
              "Rule: Port scan",
              "Severity: High",
              "src.name: officegw",
              "dst.ip: 10.20.0.5",
              "Since: 2026-11-23T06:00:00.000Z",
              "MITRE ATT&CK: T1046",
            ].map(plain),
          },
          {
            type: "actions",
            elements: [
              { type: "button", text: plain("Open the alert"), url: link },
              { type: "button", text: plain("See the flows"), url: evidence },
            ],
          },
        ],
      },
    ],
    unfurl_links: false,
    unfurl_media: false,
  });
  const { text } = json(slackForm(evil, { secrets: { url: "" } }));
  expect(text).toMatch(/^High: &lt;!channel&gt; &lt;b&gt;&amp;"/);
  expect(text).not.toMatch(/[<>\r\n\u202e]/);
  const many = json(slackForm(digest, { secrets: { url: "" } }));
  expect(many.text).toBe("24 alerts, 1 resolved");
  expect(many.attachments[0].blocks).toHaveLength(22);
  expect(many.attachments[0].blocks.at(-1).elements[0].text).toBe("and 5 more");
});

it("has Teams' form", () => {
  const { attachments, type } = json(teamsForm(opened, { secrets: { url: "https://x.logic.azure.com/w" } }));
  expect(type).toBe("message");
  expect(attachments).toHaveLength(1);
  const [{ contentType, content }] = attachments;
  expect(contentType).toBe("application/vnd.microsoft.card.adaptive");
  expect(content).toMatchObject({ type: "AdaptiveCard", version: "1.4" });
  expect(content.body[0]).toEqual({
    type: "RichTextBlock",
    inlines: [
      {
        type: "TextRun",
        text: "High: officegw tried 412 ports on 10.20.0.5 in 40 s; 3 answered",
        size: "Medium",
        weight: "Bolder",
        color: "Attention",
      },
    ],
  });
  expect(content.actions).toEqual([
    { type: "Action.OpenUrl", title: "Open the alert", url: link },
    { type: "Action.OpenUrl", title: "See the flows", url: evidence },
  ]);
  // Nothing is a TextBlock, which would read Markdown.
  expect(JSON.stringify(json(teamsForm(evil, { secrets: {} })))).not.toContain('"TextBlock"');
});

it("has Discord's form, within its limits", () => {
  const { embeds, allowed_mentions } = json(discordForm(opened, { secrets: { url: "https://discord.com/api/webhooks/1/x" } }));
  expect(allowed_mentions).toEqual({ parse: [] });
  expect(embeds).toEqual([
    {
      title: "High\\: officegw tried 412 ports on 10.20.0.5 in 40 s; 3 answered",
      description: "Somebody looks which ports are open.",
      url: link,
      color: 0xdc2626,
      timestamp: "2026-11-23T06:00:05.000Z",
      fields: [
        { name: "Rule", value: "Port scan", inline: true },
        { name: "Severity", value: "High", inline: true },
        { name: "src.name", value: "officegw", inline: true },
        { name: "dst.ip", value: "10.20.0.5", inline: true },
        { name: "Since", value: "2026\\-11\\-23T06\\:00\\:00.000Z", inline: true },
        { name: "MITRE ATT&CK", value: "T1046", inline: true },
      ],
    },
  ]);
  const { title } = json(discordForm(evil, { secrets: {} })).embeds[0];
  expect(title).toContain("\\<!channel\\>");
  expect(title).toContain("\\[x\\]\\(https\\:\\/\\/evil.example\\) \\@everyone");
  expect(title).not.toMatch(/[\r\n\u202e]/);
  for (const max of [9, 10, 11]) {
    const cut = escapeMarkdown("*".repeat(50), max);
    expect(cut.length).toBeLessThanOrEqual(max);
    expect(cut).toMatch(/^(\\\*)+…$/);
  }
  const labels = Object.fromEntries(Array.from({ length: 20 }, (_, n) => [`${n}${"*".repeat(300)}`, "_".repeat(300)]));
  const [full] = json(discordForm(messageOf(["opened", { labels, summary: "*".repeat(600) }]), { secrets: {} })).embeds;
  const texts = full.fields.flatMap(({ name, value }: { name: string; value: string }) => [name, value]);
  expect([full.title, full.description, ...texts].join("").length).toBeLessThanOrEqual(6000);
  const long = messageOf(
    ...Array.from({ length: 100 }, (_, n) => ["opened", { id: `a${n}`, summary: "*".repeat(500) }] as const),
  );
  expect(json(discordForm(long, { secrets: {} })).embeds[0].description.length).toBeLessThanOrEqual(4096);
});

it("has PagerDuty's form, one incident for each alert", () => {
  const settings = { url: "https://events.pagerduty.com/v2/enqueue", secrets: { routing_key: "R".repeat(32) } };
  const made = pagerdutyForm(opened, settings, "host");
  expect(made.url).toBe(settings.url);
  expect(json(made)).toEqual({
    routing_key: "R".repeat(32),
    event_action: "trigger",
    dedup_key: "flowtrail-a1",
    client: "Flowtrail",
    client_url: link,
    links: [
      { href: link, text: "Open the alert" },
      { href: evidence, text: "See the flows" },
    ],
    payload: {
      summary: "officegw tried 412 ports on 10.20.0.5 in 40 s; 3 answered",
      source: "officegw",
      severity: "error",
      timestamp: "2026-11-23T06:00:00.000Z",
      class: "port-scan",
      custom_details: {
        rule: "Port scan",
        explanation: "Somebody looks which ports are open.",
        "src.name": "officegw",
        "dst.ip": "10.20.0.5",
        value: 412,
        limit: 100,
        filter: "src.name = officegw",
        mitre: ["T1046"],
      },
    },
  });
  expect(json(pagerdutyForm(resolved, settings, "host"))).toEqual({
    routing_key: "R".repeat(32),
    event_action: "resolve",
    dedup_key: "flowtrail-a1",
  });
  expect(json(pagerdutyForm(messageOf(["acknowledged"]), settings, "host"))).toMatchObject({
    event_action: "acknowledge",
    dedup_key: "flowtrail-a1",
  });
});

it("has ntfy's form", () => {
  const { url, headers, body } = ntfyForm(opened, { url: "https://ntfy.sh", secrets: { topic: "t0p", token: "tk_1" } });
  expect({ url, authorization: headers.authorization }).toEqual({ url: "https://ntfy.sh", authorization: "Bearer tk_1" });
  expect(JSON.parse(body)).toMatchObject({
    topic: "t0p",
    title: "High: Port scan",
    priority: 4,
    tags: ["rotating_light"],
    click: link,
  });
  expect(JSON.parse(body).message).toMatch(/^officegw tried 412 ports .*\nRule: Port scan\n/);
  expect(json(ntfyForm(resolved, { url: "https://ntfy.sh", secrets: { topic: "t" } }))).toMatchObject({
    priority: 2,
    tags: ["white_check_mark"],
  });
});

it("makes mails that stay together and hold nothing but text", () => {
  const address = { from: "flows@example.com", to: ["ops@example.com"] };
  const mail = mailOf(opened, address);
  expect(mail).toMatchObject({
    subject: "[Flowtrail] High: officegw tried 412 ports on 10.20.0.5 in 40 s; 3 answered",
    messageId: "<m1@example.com>",
    references: ["<alert.a1@example.com>"],
  });
  expect(mailOf(resolved, address)).toMatchObject({
    references: mail.references,
    subject: expect.stringContaining("Resolved: officegw"),
  });
  expect(mail.text).toContain(`The alert: ${link}\nIts flows: ${evidence}`);
  expect(mail.html).toContain(`href="${evidence.replaceAll("&", "&amp;")}"`);
  const bad = mailOf(evil, address);
  expect(bad.subject).not.toMatch(/[\r\n]/);
  expect(bad.html).toContain("&lt;!channel&gt; &lt;b&gt;&amp;&quot;");
  expect(bad.html).not.toContain("<b>&");
});

it("is a line of syslog", () => {
  const settings = { host: "h", port: 514, transport: "tcp", framing: "octets", facility: "local0" } as const;
  const line = (message: Message) => syslogMessage(syslogLine(message, settings, "gw"), 8192).toString();
  expect(line(opened)).toBe(
    `<131>1 2026-11-23T06:00:05.000Z gw flowtrail - alert [flowtrail@32473 id="m1" event="opened" alert="a1" rule="port-scan" severity="high" src.name="officegw" dst.ip="10.20.0.5" link="${link}"] High: officegw tried 412 ports on 10.20.0.5 in 40 s; 3 answered`,
  );
  expect(line(resolved)).toMatch(/^<133>1 .* Resolved: /);
  expect(line(evil)).not.toMatch(/[\r\n]/);
});

it("makes one bounded line of whatever somebody calls a node", () => {
  expect(oneLine("a\r\nb\u0000c\u2028d", 100)).toBe("a b c d");
  expect(oneLine("user\u202egpj.exe\u200b\u{e0041}", 100)).toBe("usergpj.exe");
  expect(oneLine("x".repeat(50), 10)).toBe("xxxxxxxxx…");
  expect(oneLine(`${"x".repeat(8)}\u{1f600}yy`, 10).isWellFormed()).toBe(true);
});

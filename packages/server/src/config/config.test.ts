import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ConfigError } from "@flowtrail/settings";
import { afterAll, describe, expect, it } from "vitest";
import { type ConfigInputs, loadConfig, parseConfig } from "./load.ts";
import { configOptions, parseListen } from "./schema.ts";

function problems(inputs: ConfigInputs) {
  try {
    parseConfig(inputs);
  } catch (error) {
    if (error instanceof ConfigError && error.data.code === "CONFIG_INVALID") return error.data.problems;
    throw error;
  }
  throw new Error("no error");
}

const directory = mkdtempSync(join(tmpdir(), "flowtrail-config-"));
afterAll(() => rmSync(directory, { recursive: true }));

describe("the configuration", () => {
  it("has defaults for everything that needs one", () => {
    const config = parseConfig({});
    expect(config.listen).toEqual({ host: "127.0.0.1", port: 8080 });
    expect(config).toMatchObject({ insecure_no_auth: false, retention: { days: 30 }, ingest: { max_body: 16 * 1024 ** 2 } });
    expect(config.inventory.file).toBeUndefined();
  });

  it("takes flags before environment before file", () => {
    const file = { path: "f.yaml", text: "retention: {days: 1}\ninventory: {file: a.yaml}\nlog: {level: debug}\n" };
    const env = { FLOWTRAIL_RETENTION_DAYS: "2", FLOWTRAIL_INVENTORY_FILE: "b.yaml", FLOWTRAIL_LOG_LEVEL: "" };
    const config = parseConfig({ file, env, flags: { "retention.days": "3" } });
    expect(config).toMatchObject({ retention: { days: 3 }, inventory: { file: "b.yaml" }, log: { level: "debug" } });
  });

  it("tells every mistake at once, with path, value, expectation and place", () => {
    const text = "listen: nowhere\nretention:\n  days: 0\n  dayz: 4\nstore:\n  password: 17\ningets: {max_rows: 1}\n";
    const found = problems({
      file: { path: "f.yaml", text },
      env: { FLOWTRAIL_INGEST_MAX_BODY: "lots" },
      flags: { insecure_no_auth: "maybe" },
    });
    expect(found).toEqual([
      { path: "listen", value: '"nowhere"', source: "f.yaml:1", expectation: expect.stringContaining("expected HOST:PORT") },
      { path: "insecure_no_auth", value: '"maybe"', source: "--insecure-no-auth", expectation: "expected true or false" },
      { path: "store.password", value: "(not shown)", source: "f.yaml:6", expectation: "expected a text" },
      { path: "retention.days", value: "0", source: "f.yaml:3", expectation: "expected a whole number from 1 to 3650" },
      { path: "retention.dayz", value: "4", source: "f.yaml:4", expectation: "no such key; did you mean retention.days?" },
      {
        path: "ingest.max_body",
        value: '"lots"',
        source: "FLOWTRAIL_INGEST_MAX_BODY",
        expectation: expect.stringContaining("64MiB"),
      },
      { path: "ingets", value: '{"max_rows":1}', source: "f.yaml:7", expectation: "no such key; did you mean ingest?" },
    ]);
  });

  it("reads switches, lists and sizes from texts", () => {
    const env = {
      FLOWTRAIL_AGENTS_EXCLUDE: "10.0.0.0/8, 192.168.0.0/16",
      FLOWTRAIL_AGENTS_DNS: "off",
      FLOWTRAIL_STORE_MEMORY: "2GiB",
    };
    const { agents, store } = parseConfig({ env, flags: { insecure_no_auth: true } });
    expect(parseConfig({ flags: { "agents.exclude": ["10.0.0.0/8", "192.168.0.0/16"] } }).agents.exclude).toEqual(agents.exclude);
    expect(agents).toMatchObject({ exclude: ["10.0.0.0/8", "192.168.0.0/16"], dns: false });
    expect(store.memory).toBe(2 * 1024 ** 3);
  });

  it("says what is wrong with a file that is none", () => {
    expect(() => parseConfig({ file: { path: "f.yaml", text: "a: [1" } })).toThrow(/f\.yaml is no YAML: .* at line 1/s);
    expect(() => parseConfig({ file: { path: "f.yaml", text: "hello" } })).toThrow("f.yaml: expected keys and values");
    expect(parseConfig({ file: { path: "f.yaml", text: "# nothing\n" } }).retention.days).toBe(30);
    expect(() => loadConfig({}, join(directory, "none.yaml"), {})).toThrow("none.yaml can't be read (ENOENT)");
  });

  it("takes the store's password from its file", () => {
    const path = join(directory, "password");
    writeFileSync(path, "s3cret\n");
    chmodSync(path, 0o600);
    expect(loadConfig({ "store.password_file": path }, undefined, {}).store.password).toBe("s3cret");
  });

  it.each([
    ["store.url", "ftp://x", "expected a URL of ClickHouse's HTTP interface, such as http://clickhouse:8123"],
    ["store.url", "clickhouse", "expected a URL of ClickHouse's HTTP interface, such as http://clickhouse:8123"],
    ["store.database", "a-b", "expected a name of letters, digits and _"],
    ["inventory.file", "", "expected a path"],
    ["agents.names", "some", "expected one of off, second-level, full"],
    ["agents.update_interval_s", "301", "expected a whole number from 1 to 300"],
  ])("refuses %s = %s", (key, value, expectation) => {
    expect(problems({ flags: { [key]: value } })).toMatchObject([{ path: key, value: JSON.stringify(value), expectation }]);
  });

  it("needs a token where it is to ask Netmaker, and an address without secrets in it", () => {
    const url = "https://api.example.com";
    expect(
      parseConfig({ flags: { "inventory.netmaker.url": url, "inventory.netmaker.token_file": "t" } }).inventory.netmaker,
    ).toEqual({ url, token_file: "t", interval_s: 60 });
    expect(problems({ flags: { "inventory.netmaker.url": url } })).toMatchObject([
      { path: "inventory.netmaker.token_file", expectation: expect.stringContaining("needs a token") },
    ]);
    for (const bad of ["api.example.com", "https://user:pass@api.example.com", "https://api.example.com/?token=x", "ftp://x"])
      expect(problems({ flags: { "inventory.netmaker.url": bad, "inventory.netmaker.token_file": "t" } })).toMatchObject([
        { path: "inventory.netmaker.url" },
      ]);
  });

  it("takes TLS for Netmaker's agents as one word or as files, and where they may come from", () => {
    const read = (text: string) => ({ file: { path: "f.yaml", text } });
    const { netmaker } = parseConfig(read("netmaker: { listen: '[::]:50051', tls: off, allow: [10.20.0.0/16] }"));
    expect(netmaker).toMatchObject({ listen: { host: "::", port: 50_051 }, tls: {}, allow: ["10.20.0.0/16"] });
    const files = { cert: "a.pem", key: "b.pem" };
    expect(parseConfig(read("netmaker: { tls: { cert: a.pem, key: b.pem } }")).netmaker).toMatchObject({ tls: files });
    const flags = { "netmaker.tls.cert": "a.pem", "netmaker.tls.key": "b.pem" };
    expect(parseConfig({ ...read("netmaker: { tls: off }"), flags }).netmaker).toMatchObject({ tls: files });
    for (const wrong of ["cert: a.pem", "client_ca: a.pem"]) {
      expect(problems(read(`netmaker: { tls: { ${wrong} } }`))).toHaveLength(1);
    }
    expect(problems(read("netmaker: { tls: yes }"))[0]).toMatchObject({ path: "netmaker.tls" });
  });

  it("refuses ranges that are none before agents are told of them", () => {
    expect(problems({ flags: { "agents.exclude": "10.0.0.0/33" } })).toMatchObject([
      { path: "agents.exclude.0", value: '"10.0.0.0/33"', expectation: "expected an address range, such as 10.20.0.0/16" },
    ]);
  });

  it("describes every option", () => {
    expect(configOptions.find((option) => option.key === "inventory.file")).toEqual({
      key: "inventory.file",
      flag: "--inventory-file",
      env: "FLOWTRAIL_INVENTORY_FILE",
      kind: "text",
      placeholder: "file",
      expected: "a path",
      description: expect.stringContaining("YAML file"),
    });
    expect(configOptions.find((option) => option.key === "ingest.max_body")).toMatchObject({
      kind: "size",
      defaultText: "16MiB",
    });
    expect(configOptions.filter((option) => option.description === "")).toEqual([]);
    expect(new Set(configOptions.map((option) => option.env)).size).toBe(configOptions.length);
  });
});

it.each([
  ["127.0.0.1:80", { host: "127.0.0.1", port: 80 }],
  ["[::1]:80", { host: "::1", port: 80 }],
  [":80", { host: "::", port: 80 }],
  ["8080", { host: "127.0.0.1", port: 8080 }],
  ["localhost:0", { host: "localhost", port: 0 }],
  ["::1:80", null],
  ["host", null],
  ["host:65536", null],
])("listens on %s", (text, address) => expect(parseListen(text)).toEqual(address));

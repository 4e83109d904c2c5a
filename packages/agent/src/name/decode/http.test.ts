import { DecodeError } from "@flowtrail/model";
import { describe, expect, it } from "vitest";
import { decodeHttp, HTTP_WORK, type HttpRequest, MAX_HTTP_HEAD } from "./http.ts";
import { message, placed } from "./testing/messages.ts";
import { Work } from "./work.ts";

function read(stream: Uint8Array | string): HttpRequest | null {
  const { bytes, offset, end } = placed(Buffer.from(stream as string, "latin1"), 0x0a);
  const work = new Work();
  try {
    return decodeHttp(bytes, offset, end, work);
  } finally {
    expect(work.steps).toBeLessThanOrEqual(HTTP_WORK.perByte * (end - offset) + HTTP_WORK.fixed);
  }
}

const request = (host: string, target = "/"): string => `GET ${target} HTTP/1.1\r\nUser-Agent: x\r\nHost: ${host}\r\n\r\n`;

describe("requests of real clients", () => {
  it.each([
    ["curl", "www.example.org"],
    ["curlAddress", null],
    ["curlProxy", "www.example.org"],
    ["curlConnect", "www.example.org"],
    ["wget", "www.example.org"],
  ])("reads that of %s", (client, host) => {
    expect(read(message("http", client))).toEqual({ host, complete: true });
  });

  it("reads on where it is cut", () => {
    const stream = message("http", "curl");
    const hostEnd = Buffer.from(stream).indexOf("\r\nUser-Agent") + 2;
    for (let length = 0; length < stream.length; length++)
      expect(read(stream.subarray(0, length))).toEqual({ host: length < hostEnd ? null : "www.example.org", complete: false });
  });
});

describe("made requests", () => {
  it.each([
    ["Example.COM", "example.com"],
    ["example.com:8080", "example.com"],
    ["example.com:", "example.com"],
    ["example.com.", "example.com"],
    [" \texample.com \t", "example.com"],
    ["intranet", "intranet"],
    ["192.0.2.1", null],
    ["192.0.2.1:80", null],
    ["[2001:db8::1]:80", null],
    ["2001:db8::1", null],
    ["example.com:http", null],
    ["example.com:123456", null],
    ["exa mple.com", null],
    ["example.com\0.evil", null],
    ["b\xfccher.example", null],
    ["", null],
    [":80", null],
    ["@", null],
  ])("takes the host %j for %j", (host, expected) => {
    expect(read(request(host))).toEqual({ host: expected, complete: true });
  });

  it.each([
    ["http://a.example/x", "a.example"],
    ["HTTP://user:pass@A.example:81?b.example", "a.example"],
    ["https://a.example", "a.example"],
    ["http://192.0.2.1/", null],
    ["ftp://a.example/", "host.example"],
    ["/http://a.example/", "host.example"],
    ["*", "host.example"],
  ])("takes the target %s for %j", (target, expected) => {
    expect(read(request("host.example", target))).toEqual({ host: expected, complete: true });
  });

  it("reads lines that end in LF only, a name in any case, and a header that goes on", () => {
    expect(read("GET / HTTP/1.0\nX: 1\n  2\nhOST:a.example\n\n")).toEqual({ host: "a.example", complete: true });
  });

  it("has no host where there is no header", () => {
    expect(read("GET / HTTP/1.0\r\n\r\n")).toEqual({ host: null, complete: true });
  });

  it("reads no more than 16 KiB of a head", () => {
    const long = `GET / HTTP/1.1\r\n${"X: y\r\n".repeat(5000)}Host: a.example\r\n\r\n`;
    expect(read(long)).toEqual({ host: null, complete: true });
    expect(read(`GET /${"x".repeat(MAX_HTTP_HEAD)}`)).toEqual({ host: null, complete: true });
    expect(read(`GET /${"x".repeat(MAX_HTTP_HEAD - 9)}`)).toEqual({ host: null, complete: false });
  });

  it.each([
    "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "GET /\r\n",
    "GET  HTTP/1.1\r\n",
    "get / HTTP/1.1\r\n",
    " / HTTP/1.1\r\n",
    "HTTP/1.1 200 OK\r\n",
    "ABCDEFGHIJKLMNOPQRSTUVWXYZ / HTTP/1.1\r\n",
    "SSH-2.0-OpenSSH\r\n",
    "\x16\x03\x01",
  ])("says null of %j", (text) => {
    expect(read(text)).toBeNull();
  });

  it.each([
    "Host: a.example\r\nHost: a.example\r\n",
    "Host: a.example\r\nhost: b.example\r\n",
    "Host: a.\r\n example\r\n",
    "Host\r\n",
    ": x\r\n",
  ])("throws DecodeError of %j", (headers) => {
    expect(() => read(`GET / HTTP/1.1\r\n${headers}\r\n`)).toThrow(DecodeError);
  });
});

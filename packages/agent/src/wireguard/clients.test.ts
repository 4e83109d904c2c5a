import { formatAddress, formatCidr } from "@flowtrail/model";
import { expect, it } from "vitest";
import { AddressHolders, pairsOf } from "./clients.ts";

const pairs = (...peers: string[][]): string[][] =>
  pairsOf([{ name: "wg0", publicKey: "k", peers: peers.map((allowedIps) => ({ publicKey: "p", allowedIps })) }]).map((pair) =>
    pair.map((bytes) => formatAddress(bytes)),
  );

it("takes a peer's two addresses for one client's, whatever ranges it has besides", () => {
  expect(pairs(["100.64.0.7/32", "fd0a::7/128"], ["fd0a::8/128", "10.20.0.0/16", "100.64.0.8/32", "::/0"])).toEqual([
    ["fd0a::7", "100.64.0.7"],
    ["fd0a::8", "100.64.0.8"],
  ]);
});

it("takes the addresses of a gateway and of those behind it for nobody's", () => {
  const many = ["100.64.0.4/32", "fd0a::4/128", "100.64.0.21/32", "fd0a::21/128"];
  expect(pairs(many, ["100.64.0.9/32"], ["fd0a::9/128"], ["100.64.0.5/32", "fd0a::5/128", "fd0a::6/128"], [])).toEqual([]);
});

it("says which addresses are no longer their former peer's", () => {
  const holders = new AddressHolders();
  const change = (peers: Record<string, string[]>, problem: string | null = null): string[] => {
    const read = Object.entries(peers).map(([publicKey, allowedIps]) => ({ publicKey, allowedIps }));
    return holders.change({ interfaces: [{ name: "wg0", publicKey: "k", peers: read }], problem }).map(formatCidr);
  };
  expect(change({ ana: ["100.64.0.2/32", "fd0a::2/128"], ben: ["100.64.0.3/32", "10.0.0.0/24"] })).toEqual([]);
  expect(change({}, "wg is not there")).toEqual([]);
  expect(change({ ana: ["100.64.0.2/32", "fd0a::2/128"], ben: ["100.64.0.3/32", "10.0.0.0/24"], eve: [] })).toEqual([]);
  expect(change({ eve: ["100.64.0.2/32"], ben: ["10.0.0.0/24", "100.64.0.4/32"] })).toEqual([
    "100.64.0.2/32",
    "fd0a::2/128",
    "100.64.0.3/32",
  ]);
  expect(change({ eve: ["100.64.0.2/32"], ben: ["10.0.0.0/24", "100.64.0.4/32"] })).toEqual([]);
});

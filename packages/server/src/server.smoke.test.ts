import { expect, it } from "vitest";
import { rowNow, startTestServer } from "./testing.ts";

it("smoke", async () => {
  const t = await startTestServer();
  try {
    console.log(t.url, await t.ask("GET", "/api/health", { token: null }));
    const token = await t.agentToken("debian");
    console.log(await t.deliver(token, [rowNow(), rowNow({ flow_id: "7", state: "open", end: null, end_reason: null })]));
    console.log(JSON.stringify(await t.ask("GET", "/api/flows?reports=all"), null, 1));
    console.log(JSON.stringify(await t.ask("GET", "/api/flows/debian/1000"), null, 1).slice(0, 300));
    console.log(JSON.stringify(await t.ask("GET", "/api/health"), null, 1));
    console.log((await t.ask<string>("GET", "/metrics")).body.slice(-2500));
    console.log(JSON.stringify((await t.ask("GET", "/api/openapi.json")).body).slice(0, 300));
    console.log(await t.ask("GET", "/api/flows?portt=4"));
    console.log(await t.ask("GET", "/"));
    expect(1).toBe(1);
  } finally {
    await t.stop();
    console.log(t.log.join(""));
  }
}, 60_000);

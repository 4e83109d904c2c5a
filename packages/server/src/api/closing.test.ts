import { once } from "node:events";
import { type AddressInfo, connect } from "node:net";
import fastify from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import { expect, it } from "vitest";
import { refuseWhileClosing } from "./closing.ts";
import { sendError } from "./errors.ts";

it("tells who comes over a kept connection while it closes to come back, and when", async () => {
  const app = fastify({ return503OnClosing: false }).withTypeProvider<ZodTypeProvider>();
  app.setErrorHandler(sendError);
  refuseWhileClosing(app);
  let finish: (text: string) => void = () => undefined;
  const begun = new Promise<void>((resolve) => {
    app.get("/slow", () => {
      resolve();
      return new Promise<string>((done) => {
        finish = done;
      });
    });
  });
  app.get("/late", async () => "here");
  await app.listen({ port: 0, host: "127.0.0.1" });
  const socket = connect((app.server.address() as AddressInfo).port, "127.0.0.1");
  let heard = "";
  socket.on("data", (part) => {
    heard += String(part);
  });
  const ask = (path: string) => socket.write(`GET ${path} HTTP/1.1\r\nHost: test\r\n\r\n`);
  ask("/slow");
  await begun;
  const closing = app.close();
  // On the same connection, which is not idle: answered behind the first one.
  ask("/late");
  await expect.poll(() => app.server.listening).toBe(false);
  setTimeout(() => finish("at last"), 100);
  await once(socket, "close");
  await closing;
  const [first = "", second = ""] = heard.split(/(?=HTTP\/1\.1 )/);
  expect(first).toMatch(/^HTTP\/1\.1 200 .*at last$/s);
  expect(second).toMatch(/^HTTP\/1\.1 503 /);
  expect(second.toLowerCase()).toContain("\r\nretry-after: 2\r\n");
  expect(second).toContain('"code":"STORE_UNAVAILABLE","message":"the server is being stopped"');
});

/** What a browser keeps of a sign-in. */
import type {} from "@fastify/cookie";
import type { FastifyReply, FastifyRequest } from "fastify";
import { sessionCookieName } from "../auth/cookies.ts";
import { newDevice } from "../auth/device.ts";
import type { OpenedSession } from "../auth/sessions.ts";
import type { Account } from "../store/account-rows.ts";

export const DEVICE_COOKIE = "flowtrail_device";
/** The longest that browsers keep one. */
const DEVICE_MS = 400 * 24 * 3_600_000;
/** The only place that looks at it. */
const DEVICE_PATH = "/api/auth/signin";

export function setSession(request: FastifyRequest, reply: FastifyReply, { secret, expiresMs }: OpenedSession): void {
  reply.setCookie(sessionCookieName(request), secret, { ...safe(request), path: "/", expires: new Date(expiresMs) });
}

export function clearSession(reply: FastifyReply): void {
  reply.clearCookie(sessionCookieName(reply.request), { path: "/", secure: reply.request.protocol === "https" });
}

/** By this its next sign-in to the account is nobody else's business. */
export function setDevice(request: FastifyRequest, reply: FastifyReply, { deviceKey }: Account): void {
  const expires = new Date(Date.now() + DEVICE_MS);
  reply.setCookie(DEVICE_COOKIE, newDevice(deviceKey), { ...safe(request), path: DEVICE_PATH, expires });
}

function safe({ protocol }: FastifyRequest) {
  return { httpOnly: true, sameSite: "strict" as const, secure: protocol === "https" };
}

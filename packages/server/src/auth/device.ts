/** By this cookie a browser that signed in to an account is known at its next sign-in. It opens nothing. */
import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";

/** Any text from 16 random bytes on; new for each sign-in. */
export function newDevice(deviceKey: string): string {
  const id = randomBytes(16).toString("base64url");
  return `${id}.${sign(id, deviceKey)}`;
}

/** Which device of the account this is, or null. Not after its `deviceKey` was made anew. */
export function knownDevice(cookie: string | undefined, deviceKey: string): string | null {
  const [id = "", signature = ""] = (cookie ?? "").split(".", 2);
  const expected = Buffer.from(sign(id, deviceKey));
  const given = Buffer.from(signature);
  return given.length === expected.length && timingSafeEqual(given, expected) ? id : null;
}

function sign(id: string, deviceKey: string): string {
  return createHmac("sha256", deviceKey).update(`device ${id}`).digest("base64url");
}

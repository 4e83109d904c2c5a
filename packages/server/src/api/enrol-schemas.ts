/** What is said when agents get their tokens. */
import { z } from "zod";

const nodeName = z.string().regex(/^[\w.:@-]{1,128}$/, "expected letters, digits and . : @ _ -, at most 128");
const key = z
  .string()
  .regex(/^[\w-]{43}$/, "expected 32 random bytes in base64url")
  .describe(
    "32 random bytes that the agent made for this and keeps until it has the answer: asked again with them, it gets the same",
  );

export const enrolSchema = z.strictObject({
  node: nodeName.describe("What the agent calls itself"),
  key,
  proof: z.string().max(200).optional().describe("A token of this node that the agent has already"),
});

export const renewSchema = z.strictObject({ key });

export const agentTokenSchema = z.object({
  token: z.string().describe("The agent's own token, for this node only"),
  node: z.string().describe("Id of the node that it speaks for"),
});

const YEAR_S = 366 * 24 * 3600;

export const newEnrolTokenSchema = z.strictObject({
  name: z.string().min(1).max(128).optional().describe("What it is for"),
  uses: z.number().int().min(1).max(10_000).default(1).describe("So many nodes can be made with it"),
  expires_s: z
    .number()
    .int()
    .min(60)
    .max(YEAR_S)
    .default(24 * 3600)
    .describe("Seconds until it is worthless"),
  node: nodeName.optional().describe("For this node only"),
  node_prefix: nodeName.optional().describe("For nodes whose name begins with this"),
  networks: z.array(z.string().min(1).max(256)).min(1).max(100).optional().describe("Its agents may report these networks only"),
  replace: z.boolean().default(false).describe("A node that there is already may be taken over"),
});

export const createdEnrolTokenSchema = z.object({
  id: z.string(),
  kind: z.literal("enrol"),
  name: z.string(),
  created: z.string(),
  expires: z.string(),
  uses: z.number().int(),
  token: z.string().describe("The secret, shown this once"),
});

export const rotateSchema = z.strictObject({
  node: nodeName,
  show: z
    .boolean()
    .default(false)
    .describe("Make the new token now and tell it here, for people to bring to the node. Else its agent asks for it by itself"),
});

export const rotatedSchema = z.object({
  node: z.string(),
  asked: z.number().int().describe("Tokens whose agent is asked to change them"),
  token: z.string().nullable().describe("The new one, if it was to be shown"),
});

/** The walk of packages/server/src/api/scope.test.ts with every question, by every role: some 3,000 of them. */
process.env.FLOWTRAIL_WALK = "full";
await import("../../packages/server/src/api/scope.test.ts");

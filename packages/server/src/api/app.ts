/** All routes as one fastify app: first who asks, then what. */
import cookie from "@fastify/cookie";
import helmet from "@fastify/helmet";
import rateLimit from "@fastify/rate-limit";
import swagger from "@fastify/swagger";
import fastify, { LogController } from "fastify";
import { validatorCompiler, type ZodTypeProvider } from "fastify-type-provider-zod";
import { heldBy } from "../address-ranges.ts";
import { AuthError } from "../auth/errors.ts";
import { guard } from "../auth/guard.ts";
import { auditHook } from "./audit-hook.ts";
import { refuseWhileClosing } from "./closing.ts";
import type { Api, ApiContext } from "./context.ts";
import { notFound, sendError } from "./errors.ts";
import { addSecureHeaders, HEADERS } from "./headers.ts";
import { takeNoBody } from "./no-body.ts";
import { withAccess } from "./openapi-access.ts";
import { limitQuotas } from "./quotas.ts";
import { accountRoutes } from "./routes/accounts.ts";
import { alertRuleRoutes } from "./routes/alert-rules.ts";
import { alertRoutes } from "./routes/alerts.ts";
import { auditRoutes } from "./routes/audit.ts";
import { authRoutes } from "./routes/auth.ts";
import { backupRoutes } from "./routes/backups.ts";
import { chartRoutes } from "./routes/charts.ts";
import { complianceRoutes } from "./routes/compliance.ts";
import { enrolRoutes } from "./routes/enrol.ts";
import { exportRoutes } from "./routes/export.ts";
import { facetRoutes } from "./routes/facets.ts";
import { filterRoutes } from "./routes/filter.ts";
import { flowRoutes } from "./routes/flows.ts";
import { ingestRoutes } from "./routes/ingest.ts";
import { inventoryRoutes } from "./routes/inventory.ts";
import { inventoryListRoutes } from "./routes/inventory-list.ts";
import { liveRoutes } from "./routes/live.ts";
import { netmakerFlowRoutes } from "./routes/netmaker-flows.ts";
import { netmakerImportRoutes } from "./routes/netmaker-import.ts";
import { oidcRoutes } from "./routes/oidc.ts";
import { overviewRoutes } from "./routes/overview.ts";
import { pageRoutes } from "./routes/page.ts";
import { peopleRoutes } from "./routes/people.ts";
import { policyRoutes } from "./routes/policies.ts";
import { privacyRoutes } from "./routes/privacy.ts";
import { recipientRoutes } from "./routes/recipients.ts";
import { replayRoutes } from "./routes/replay.ts";
import { seedRoutes } from "./routes/seed.ts";
import { settingsRoutes } from "./routes/settings.ts";
import { settingsCaptureRoutes } from "./routes/settings-capture.ts";
import { settingsHistoryRoutes } from "./routes/settings-history.ts";
import { sinkRoutes } from "./routes/sinks.ts";
import { systemRoutes } from "./routes/system.ts";
import { tokenRoutes } from "./routes/tokens.ts";
import { noteTokenUses } from "./token-use-hook.ts";
import { Visits } from "./visits.ts";

const JSON_BODY_LIMIT = 256 * 1024;

/** The app, ready to listen. */
export async function buildApp(context: ApiContext): Promise<Api> {
  const app = fastify({
    loggerInstance: context.logger,
    // Requests are counted (/metrics); what fails is logged by the error handler.
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: JSON_BODY_LIMIT,
    serverFactory: (handler) => context.http.make(handler),
    trustProxy: heldBy(context.config.auth.proxy.from),
    frameworkErrors: sendError,
    return503OnClosing: false,
    routerOptions: { maxParamLength: 300 },
  }).withTypeProvider<ZodTypeProvider>();
  app.setValidatorCompiler(validatorCompiler);
  // Answers are ours; that they fit their schemas is shown by tests and not asked anew for each of a thousand rows.
  app.setSerializerCompiler(() => (data) => JSON.stringify(data));
  app.setErrorHandler(sendError);
  app.setNotFoundHandler((request, reply) =>
    sendError(notFound(`${request.method} ${request.url}: there is nothing here`), request, reply),
  );
  takeNoBody(app);
  refuseWhileClosing(app);
  await app.register(helmet, HEADERS);
  addSecureHeaders(app);
  await app.register(cookie);
  await app.register(rateLimit, {
    global: false,
    errorResponseBuilder: (_request, { ttl }) => new AuthError({ code: "RATE_LIMITED", retryAfterMs: ttl }, "too many attempts"),
  });
  await app.register(swagger, { openapi: description(context.version), transform: withAccess });
  const visits = new Visits({ awayMs: context.config.auth.session.idle }, context);
  auditHook(app, { ...context, visits });
  guard(app, { ...context, clientCa: context.config.tls.client_ca ?? null });
  limitQuotas(app, context.config);
  noteTokenUses(app, context);
  context.metrics.observe(app);
  const questions = [
    exportRoutes,
    flowRoutes,
    facetRoutes,
    chartRoutes,
    overviewRoutes,
    filterRoutes,
    liveRoutes,
    netmakerFlowRoutes,
  ];
  const all = [
    ingestRoutes,
    ...questions,
    inventoryRoutes,
    inventoryListRoutes,
    replayRoutes,
    authRoutes,
    oidcRoutes,
    accountRoutes,
    tokenRoutes,
    enrolRoutes,
    settingsRoutes,
    settingsCaptureRoutes,
    settingsHistoryRoutes,
    auditRoutes,
    peopleRoutes,
    backupRoutes,
    recipientRoutes,
    sinkRoutes,
    systemRoutes,
    seedRoutes,
    netmakerImportRoutes,
    privacyRoutes,
    alertRoutes,
    alertRuleRoutes,
    policyRoutes,
    complianceRoutes,
  ];
  for (const routes of all) routes(app, context);
  await pageRoutes(app, context.config.web.dir);
  await app.ready();
  return app;
}

/** How long a slow client may take to get its answer. */
const LAST_ANSWERS_MS = 10_000;

/** Takes no more requests, answers those that are under way. */
export async function closeGracefully(app: Api): Promise<void> {
  // A connection that is kept alive after its last answer would hold the server up for as long as it is kept.
  const idle = setInterval(() => app.server.closeIdleConnections(), 50);
  const late = setTimeout(() => app.server.closeAllConnections(), LAST_ANSWERS_MS);
  try {
    await app.close();
  } finally {
    clearInterval(idle);
    clearTimeout(late);
  }
}

function description(version: string) {
  return {
    openapi: "3.1.0",
    info: { title: "Flowtrail", version, description: "Network flows: questions, live rows, deliveries, credentials." },
    components: {
      securitySchemes: {
        bearer: { type: "http" as const, scheme: "bearer" },
        session: { type: "apiKey" as const, in: "cookie" as const, name: "flowtrail_session" },
      },
    },
    security: [{ bearer: [] }, { session: [] }],
  };
}

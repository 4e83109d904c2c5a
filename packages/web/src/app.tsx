import { MantineProvider } from "@mantine/core";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { SessionGate } from "./features/session/session-gate.tsx";
import { Shell } from "./features/shell/shell.tsx";
import { ApiError } from "./lib/errors.ts";
import { useUrl } from "./lib/url.ts";
import { HealthRoute } from "./routes/health.tsx";
import { TrafficLogsRoute } from "./routes/traffic-logs.tsx";
import { theme } from "./ui/mantine.ts";

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      // A refusal stays a refusal; a server that was away may be back.
      retry: (count, error) => error instanceof ApiError && error.code === "UNREACHABLE" && count < 2,
      refetchOnWindowFocus: false,
    },
  },
});

export function App() {
  // Variables and classes come from style sheets (ui/theme.css): the Content-Security-Policy allows no style tags.
  return (
    <MantineProvider theme={theme} defaultColorScheme="auto" withCssVariables={false} withGlobalClasses={false}>
      <QueryClientProvider client={queries}>
        <SessionGate>
          <Shell>
            <Route />
          </Shell>
        </SessionGate>
      </QueryClientProvider>
    </MantineProvider>
  );
}

function Route() {
  const { path } = useUrl();
  return path === "/health" ? <HealthRoute /> : <TrafficLogsRoute />;
}

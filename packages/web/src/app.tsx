import { MantineProvider } from "@mantine/core";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { Suspense, useEffect } from "react";
import { SessionGate } from "./features/session/session-gate.tsx";
import { NotForYou } from "./features/shell/not-for-you.tsx";
import { NotFound } from "./features/shell/not-found.tsx";
import { Shell } from "./features/shell/shell.tsx";
import { ApiError, mayPass } from "./lib/errors.ts";
import { useMe } from "./lib/me.ts";
import { useUrl } from "./lib/url.ts";
import { screenAt } from "./screens.ts";
import { CopyNote } from "./ui/copy-note.tsx";
import { ErrorBoundary } from "./ui/error-boundary.tsx";
import { theme } from "./ui/mantine.ts";
import { ScreenSkeleton } from "./ui/screen-skeleton.tsx";

const MOST_RETRIES = 3;

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      // A refusal stays a refusal; a server that was away may be back, and one that had too much to do has less later.
      retry: (count, error) => error instanceof ApiError && mayPass(error) && count < MOST_RETRIES,
      retryDelay: (count) => Math.min(1000 * 2 ** count, 8000),
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
        <CopyNote />
      </QueryClientProvider>
    </MantineProvider>
  );
}

function Route() {
  const url = useUrl();
  const screen = screenAt(url.path);
  const { mayAudit } = useMe();
  const title = screen?.titleOf?.(url) ?? screen?.title ?? "Not found";
  useEffect(() => {
    document.title = `${title} · Flowtrail`;
  }, [title]);
  if (screen === null) return <NotFound path={url.path} />;
  if (screen.isForAudit && !mayAudit) return <NotForYou title={screen.title} />;
  // The key: another screen begins anew, whatever became of this one.
  return (
    <ErrorBoundary key={screen.path}>
      <Suspense fallback={<ScreenSkeleton />}>
        <screen.Component />
      </Suspense>
    </ErrorBoundary>
  );
}

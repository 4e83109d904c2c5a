/** What takes the whole page: before there is a session, or a server. */
import { Button, Loader } from "@mantine/core";
import type { ReactNode } from "react";
import { Logo } from "./logo.tsx";
import "./full-page.css";

export function FullPage({ children, busy = false }: { children?: ReactNode; busy?: boolean }) {
  return (
    <main className="full-page">
      {busy ? (
        <Loader aria-label="Loading" />
      ) : (
        <div className="full-page-card">
          <Logo />
          {children}
        </div>
      )}
    </main>
  );
}

export function FullPageError({ message, onRetry }: { message: string; onRetry(): void }) {
  return (
    <FullPage>
      <h1>No answer from the server</h1>
      <p role="alert">{message} Is it still running? The page will be here again when it is.</p>
      <Button onClick={onRetry}>Try again</Button>
    </FullPage>
  );
}

import { type UseQueryResult, useQuery } from "@tanstack/react-query";
import { fetchSignInMethods, type SignInMethods } from "../../lib/api-sign-in.ts";

/** How people can sign in here. */
export function useSignInMethods(): UseQueryResult<SignInMethods> {
  return useQuery({
    queryKey: ["sign-in-methods"],
    queryFn: ({ signal }) => fetchSignInMethods(signal),
    staleTime: 60_000,
  });
}

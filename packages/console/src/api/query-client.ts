import { QueryCache, QueryClient } from '@tanstack/react-query';
import { ApiError } from './request.ts';

const maxTries = 3;
/** Another try can help: the server is away, busy, or being started. */
const isTemporary = (error: unknown) =>
  error instanceof ApiError && (error.code === 'unreachable' || error.status === 503 || error.status === 504);

/** One for the whole page. A session that ended shows the login, whichever request found out. */
export function createQueryClient(): QueryClient {
  const client: QueryClient = new QueryClient({
    queryCache: new QueryCache({
      onError: (error, query) => {
        const ended = error instanceof ApiError && error.code === 'unauthenticated';
        if (ended && query.queryKey[0] !== 'session')
          void client.invalidateQueries({ queryKey: ['session'] });
      },
    }),
    defaultOptions: {
      queries: {
        retry: (tries, error) => tries < maxTries && isTemporary(error),
        staleTime: 2_000,
        refetchOnWindowFocus: false,
      },
    },
  });
  return client;
}

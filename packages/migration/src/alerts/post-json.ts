/** One request to a service outside; what fails is told by the host alone, since such a URL is often itself a secret. */
import { MigrationError } from '../errors.ts';

export interface PostJsonOptions {
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
  readonly signal: AbortSignal;
}

/** @throws MigrationError `unavailable` when there is no answer, or one that another try may change; else `precondition` */
export async function postJson({ url, headers = {}, body, signal }: PostJsonOptions): Promise<void> {
  const { host } = new URL(url);
  let status: number;
  try {
    const answer = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body,
      // A secret is for the host that the configuration names.
      redirect: 'manual',
      signal,
    });
    status = answer.status;
    await answer.body?.cancel();
  } catch (cause) {
    throw new MigrationError('unavailable', `${host} does not answer: ${reasonOf(cause)}`);
  }
  if (status >= 200 && status < 300) return;
  const mayPass = status >= 500 || status === 429 || status === 408;
  throw new MigrationError(mayPass ? 'unavailable' : 'precondition', `${host} answered ${status}`);
}

/** `fetch failed` says nothing; its cause does, and names an address at most. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'no reason given';
  const { cause } = error;
  if (!(cause instanceof Error)) return error.name;
  return 'code' in cause && typeof cause.code === 'string' ? cause.code : cause.name;
}

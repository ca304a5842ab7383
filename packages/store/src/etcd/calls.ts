/** gRPC's callbacks as promises. */
import type { Client, ClientDuplexStream, Metadata } from '@grpc/grpc-js';
import type { Method } from './rpc.ts';

/** Waits for an open connection; resolves to what kept it from opening. */
export function ready(client: Client, deadline: number): Promise<Error | undefined> {
  return new Promise((resolve) => {
    try {
      client.waitForReady(deadline, resolve);
    } catch (error) {
      resolve(error instanceof Error ? error : new Error(String(error)));
    }
  });
}

export function duplex<Request, Response>(
  client: Client,
  method: Method<Request, Response>,
  headers: Metadata,
  deadline?: number,
): ClientDuplexStream<Request, Response> {
  return client.makeBidiStreamRequest(
    method.path,
    method.requestSerialize,
    method.responseDeserialize,
    headers,
    deadline === undefined ? {} : { deadline },
  );
}

/** Makes one call to one server, until `deadline` (milliseconds since 1970). */
export type Send = <Request, Response>(
  client: Client,
  method: Method<Request, Response>,
  request: Request,
  headers: Metadata,
  deadline: number,
) => Promise<Response>;

export const unary: Send = (client, method, request, headers, deadline) =>
  new Promise((resolve, reject) => {
    const { path, requestSerialize, responseDeserialize } = method;
    client.makeUnaryRequest(
      path,
      requestSerialize,
      responseDeserialize,
      request,
      headers,
      { deadline },
      (error, answer) => {
        if (error !== null) reject(error);
        else if (answer === undefined) reject(new Error(`${path} gave no answer`));
        else resolve(answer);
      },
    );
  });

/** One question and one answer on a streaming method. */
export const firstAnswer: Send = (client, method, request, headers, deadline) =>
  new Promise((resolve, reject) => {
    const stream = duplex(client, method, headers, deadline);
    stream.on('error', reject); // also the cancellation below, when the promise is settled already
    stream.once('data', (answer) => {
      resolve(answer);
      stream.cancel();
    });
    stream.once('end', () => reject(new Error(`${method.path} ended without an answer`)));
    stream.write(request);
  });

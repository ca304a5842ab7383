import type { ControlAnswer, wire } from '@orchestrator/report';
import { outcomeOf } from '@orchestrator/runtime/errors';
import type { ControlDesk } from '../control/desk.ts';
import { ProbeError } from '../errors.ts';
import type { Pipes } from './pipes.ts';

/** Controls under way at once over one connection. */
const callLimit = 64;

/** Carries out what an app asks for; the answer says what came of it, also when that is an error. */
export function createCalls(desk: ControlDesk, pipes: Pipes, pipeName: () => string) {
  let underWay = 0;

  const carryOut = async (request: wire.ControlRequest): Promise<ControlAnswer> => {
    const { id, nodeId, control } = request;
    const result = await desk.call({ nodeId, control, arguments: request.arguments });
    const answer: ControlAnswer = {
      id,
      value: result.value ?? '',
      rawTty: result.rawTty ?? false,
      resizeTtyControl: result.resizeTtyControl ?? '',
      removedNode: result.removedNode ?? '',
    };
    if (result.pipe === undefined) return answer;
    const pipeId = pipeName();
    pipes.open(pipeId, result.pipe);
    result.named?.(pipeId);
    return { ...answer, pipeId };
  };

  return async (request: wire.ControlRequest): Promise<ControlAnswer> => {
    try {
      if (underWay >= callLimit) {
        throw new ProbeError(`${callLimit} controls are under way already`, {
          code: 'limit',
          retryable: true,
        });
      }
      underWay++;
      try {
        return await carryOut(request);
      } finally {
        underWay--;
      }
    } catch (error) {
      return {
        id: request.id,
        error: error instanceof Error ? error.message : String(error),
        errorCode: outcomeOf(error).code,
      };
    }
  };
}

import { FlagError, MesosError } from '@orchestrator/mesos';

/**
 * - `InvalidContainer`: the specification asks for something that no containerizer here can do, or that does not exist.
 * - `ImageUnavailable`: the image cannot be had: no such image, no access, no registry.
 * - `ImageRefused`: whom the operator lets judge images (`--image_gate`) says no, or cannot be asked.
 * - `LaunchFailed`: made or started, and the runtime said no.
 * - `Killed`: the launch was ended by `kill` or `destroy`.
 * - `NoSuchContainer`: unknown, or destroyed.
 * - `RuntimeUnavailable`: Docker Engine, runc or conmon does not answer or is not installed.
 * - `FetchFailed`: a URI could not be fetched, or is not what its checksum says.
 * - `UnsafeArchive`: an archive has entries that lead out of the sandbox, or is larger than allowed.
 * - `CheckpointUnreadable`: a file below `meta` is damaged, or of another version.
 * - `Config`: a flag is unknown or has a value that cannot be, or the agent was configured anew.
 * - `Expelled`: the master has no place for this agent.
 */
export type AgentErrorCode =
  | 'InvalidContainer'
  | 'ImageUnavailable'
  | 'ImageRefused'
  | 'LaunchFailed'
  | 'Killed'
  | 'NoSuchContainer'
  | 'RuntimeUnavailable'
  | 'FetchFailed'
  | 'UnsafeArchive'
  | 'CheckpointUnreadable'
  | 'Config'
  | 'Expelled';

/** The one error class of this package. */
export class AgentError extends Error {
  readonly code: AgentErrorCode;
  /** The same call may succeed later. */
  readonly retryable: boolean;

  constructor(code: AgentErrorCode, message: string, options: { cause?: unknown; retryable?: boolean } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'AgentError';
    this.code = code;
    this.retryable = options.retryable ?? code === 'RuntimeUnavailable';
  }
}

/** The message of whatever was thrown. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** What is wrong with a flag or a file that it names, as an error of this package. */
export function asConfigError(error: unknown): unknown {
  if (error instanceof FlagError) {
    const { flag, value, write } = error;
    return new AgentError('Config', `--${flag} is ${value}; write ${write}`, { cause: error });
  }
  if (!(error instanceof MesosError)) return error;
  const { message, remedy } = error;
  return new AgentError('Config', remedy === undefined ? message : `${message}; ${remedy}`, { cause: error });
}

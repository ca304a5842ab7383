import { OrchestratorError } from '@orchestrator/runtime/errors';

/** Base class of what the probe throws; `code` is a row of `errorTable`. */
export class ProbeError extends OrchestratorError {}

/** As much of the types as the test needs; the library comes without any. */
declare module 'mesos-framework' {
  import type { EventEmitter } from 'node:events';

  export class Scheduler extends EventEmitter {
    constructor(options: object);
    readonly frameworkId: string;
    subscribe(): void;
    kill(taskId: string, agentId: string): void;
    reconcile(): void;
    revive(): void;
    teardown(): void;
  }

  export const Mesos: {
    getMesos(): { readonly CommandInfo: new (...fields: readonly unknown[]) => object };
  };
}

import type { MasterInfoValid } from '@orchestrator/mesos';

/** What a master says of itself, whether it leads or not. */
export interface About {
  readonly info: MasterInfoValid;
  readonly startedAtMs: number;
  /** The flags as they are in force, by Mesos' names. No secrets. */
  readonly flags: Readonly<Record<string, string>>;
  readonly cluster: string | undefined;
  /** What `/files` shows as `/master/log`. */
  readonly logFile: string | undefined;
  readonly version: { readonly version: string; readonly buildDate: string; readonly buildTimeMs: number };
}

export interface MesosSourceOptions {
  /** The agent of this host. Default `http://127.0.0.1:5051`. */
  readonly agent?: string;
  /** Asked for agents and frameworks of the cluster, if any; on one probe of a cluster. */
  readonly masters?: readonly string[];
  /** Asked for apps, if any; on one probe of a cluster. */
  readonly marathon?: readonly string[];
  /** Distance of looks at the agent. Default 5000. */
  readonly everyMs?: number;
  /** `authorization` of requests, asked for each. */
  readonly authorization?: () => string | undefined;
}

/** Masters and Marathon are asked more rarely: their answers are those of a whole cluster. */
export const clusterEveryFactor = 3;
export const share = 0.003;

export const headersOf =
  ({ authorization }: MesosSourceOptions) =>
  (): Record<string, string> => {
    const value = authorization?.();
    return value === undefined ? {} : { authorization: value };
  };

/** What can be asked of a probe that is connected; the transports make it. */
export interface ControlRequest {
  readonly nodeId: string;
  readonly control: string;
  readonly arguments: Readonly<Record<string, string>>;
}

export interface ControlResult {
  readonly value?: string;
  /** Bytes follow under this name, both ways, until the pipe ends. */
  readonly pipeId?: string;
  /** The pipe is a terminal in raw mode. */
  readonly rawTty?: boolean;
  /** To be called with `pipeID`, `width` and `height` when the terminal changes its size. */
  readonly resizeTtyControl?: string;
  /** The node is gone by it. */
  readonly removedNode?: string;
}

export interface ProbeLink {
  readonly probeId: string;
  /**
   * @throws MonitorError with the probe's own code if it refuses; `unavailable` if it has gone before it was sent,
   * `outcome-unknown` if it goes or takes too long afterwards
   */
  call(request: ControlRequest): Promise<ControlResult>;
  sendPipe(pipeId: string, bytes: Uint8Array): void;
  endPipe(pipeId: string, reason: string): void;
}

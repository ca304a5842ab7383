/**
 * - `connecting`: no server has answered yet.
 * - `connected`: the first session is established.
 * - `readOnly`: connected to a server that is cut off from its quorum; writes fail with `NotReadOnly`.
 * - `suspended`: the connection is gone. The session may live on; act as if locks and leadership were in doubt.
 * - `reconnected`: connected again. Watches are restored; ephemeral nodes are there unless `lost` came between.
 * - `lost`: the session has expired, or nothing was heard for its whole timeout so that it must be taken for expired.
 * - `closed`: for good; by `close()`, or by what `ZooKeeperClient.failure` says.
 */
export type ConnectionState =
  | 'connecting'
  | 'connected'
  | 'readOnly'
  | 'suspended'
  | 'reconnected'
  | 'lost'
  | 'closed';

/** Whether requests are sent at once in this state. */
export function isConnected(state: ConnectionState): boolean {
  return state === 'connected' || state === 'reconnected' || state === 'readOnly';
}

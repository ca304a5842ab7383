import { clusterDifference } from '@orchestrator/monitor/schema';
import { useEffect, useState } from 'react';
import { openSocket, type SocketState } from '../api/index.ts';
import { applyDifference, type ClusterState } from './cluster-state.ts';

export interface LiveCluster {
  readonly state: ClusterState | undefined;
  /** Of the way to the monitor; whether that hears the master is in the summary. */
  readonly socket: SocketState;
}

export function useLiveCluster(): LiveCluster {
  const [state, setState] = useState<ClusterState>();
  const [socket, setSocket] = useState<SocketState>('connecting');
  useEffect(() => {
    const opened = openSocket({
      path: () => '/api/cluster/ws',
      onState: setSocket,
      onMessage: (data) => {
        const difference = clusterDifference.safeParse(JSON.parse(String(data)));
        if (difference.success) setState((known) => applyDifference(known, difference.data));
      },
    });
    return () => opened.close();
  }, []);
  return { state, socket };
}

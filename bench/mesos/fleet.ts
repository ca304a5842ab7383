/** Thousands of simulated agents in one process, each with a process id and, but for the largest fleets, an address of its own. */
import { createServer as createHttpServer } from 'node:http';
import { connect, type Server } from 'node:net';
import { createLibprocess, createSharedServer, type Libprocess } from '@orchestrator/mesos';
import { type FleetCounts, SimulatedAgent } from './simulated-agent.ts';

/** Each node costs a listener and two connections here, and two connections at the master. */
const mostNodes = 5_000;
const resendIntervalMs = 1_000;

export interface Fleet {
  readonly counts: Readonly<FleetCounts>;
  follow(masterPid: string, spreadMs: number): void;
  close(): void;
}

/** 127.1.0.0 and on: all of 127.0.0.0/8 is this machine. */
const hostOf = (index: number) => `127.${1 + (index >> 16)}.${(index >> 8) & 255}.${index & 255}`;

async function startNode(host: string, port: number): Promise<{ node: Libprocess; server: Server }> {
  const node = createLibprocess({
    address: { host, port },
    connect: (to) => connect({ ...to, localAddress: host, noDelay: true }),
  });
  const server = createSharedServer({ libprocess: node, http: createHttpServer() });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port }, resolve);
  });
  return { node, server };
}

export async function startFleet(agentCount: number, port: number): Promise<Fleet> {
  const nodeCount = Math.min(agentCount, mostNodes);
  const nodes: Awaited<ReturnType<typeof startNode>>[] = [];
  for (let index = 0; index < nodeCount; index++) nodes.push(await startNode(hostOf(index), port));
  const counts: FleetCounts = { registered: 0, running: 0, acknowledged: 0, resent: 0 };
  const agents: SimulatedAgent[] = [];
  for (let index = 0; index < agentCount; index++) {
    const node = nodes[index % nodeCount]?.node;
    const processId = `slave(${1 + Math.floor(index / nodeCount)})`;
    if (node !== undefined) agents.push(new SimulatedAgent(node, processId, counts));
  }
  const resending = setInterval(() => {
    for (const agent of agents) agent.resendUnacknowledged(Date.now());
  }, resendIntervalMs);
  return {
    counts,
    follow(masterPid, spreadMs) {
      for (const agent of agents) agent.follow(masterPid, spreadMs);
    },
    close() {
      clearInterval(resending);
      for (const agent of agents) agent.close();
      for (const { node, server } of nodes) {
        node.close();
        server.close();
      }
    },
  };
}

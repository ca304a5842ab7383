/** An agent without a machine, for tests: a disk that survives it, containers that survive it, and what it has sent. */
import {
  AgentInfoSchema,
  type AgentInfoValid,
  internal,
  makeMessage,
  Resources,
  TaskInfoSchema,
  type TaskInfoValid,
} from '@orchestrator/mesos';
import { type Random, seededRandom } from '@orchestrator/runtime';
import type { RecoveredContainer } from '../container/containerizer.ts';
import type { Termination } from '../container/machine.ts';
import type { AgentEvent, MasterMessage } from './events.ts';
import { type AgentState, defaultCoreOptions } from './records.ts';
import { newState, restoreState } from './recovery.ts';
import type { SavedRecord } from './saved.ts';
import { step } from './step.ts';
import type { Action } from './turn.ts';

export const masterPid = 'master@10.0.0.1:5050';
export const frameworkId = { value: 'F' };

export const frameworkInfo = {
  ...{ user: 'root', name: 'f', id: frameworkId, checkpoint: true, roles: ['*'] },
  capabilities: [{ type: 5 as const }, { type: 7 as const }],
};

export function commandTask(taskId: string, more: Record<string, unknown> = {}): TaskInfoValid {
  return makeMessage(TaskInfoSchema, {
    ...{ name: taskId, taskId: { value: taskId }, agentId: { value: 'S0' } },
    resources: Resources.parse('cpus:0.1;mem:32').allocatedTo('*').toMessages(),
    command: { value: 'true' },
    ...more,
  });
}

export function agentInfo(): AgentInfoValid {
  return makeMessage(AgentInfoSchema, {
    ...{ hostname: 'h', port: 5051 },
    resources: Resources.parse('cpus:8;mem:8192;disk:1000').toMessages(),
  });
}

interface Container {
  launches: number;
  termination?: Termination;
}

export class ScriptedAgent {
  readonly disk = new Map<string, SavedRecord>();
  readonly containers = new Map<string, Container>();
  readonly timers = new Map<string, number>();
  state: AgentState;
  nowMs = 1_000_000;
  readonly #random: Random;
  readonly #onAction: (action: Action) => void;

  constructor(onAction: (action: Action) => void, seed = 1) {
    this.#random = seededRandom(seed);
    this.#onAction = onAction;
    this.state = newState(agentInfo(), this.#options());
  }

  #options() {
    const newUuid = () => {
      const bytes = Uint8Array.from({ length: 16 }, () => this.#random.below(256));
      bytes[6] = 0x40 | ((bytes[6] ?? 0) & 0x0f);
      return bytes;
    };
    return { ...defaultCoreOptions, pid: 'slave(1)@10.0.0.2:5051', random: this.#random, newUuid };
  }

  tell(event: AgentEvent): void {
    for (const action of step(this.state, event, this.nowMs).actions) {
      if (action.type === 'save') this.disk.set(action.key, action.record);
      else if (action.type === 'forget') this.disk.delete(action.key);
      else if (action.type === 'timer') this.timers.set(action.key, action.delayMs);
      else if (action.type === 'cancelTimer') this.timers.delete(action.key);
      else if (action.type === 'launch') this.#launch(action.order.containerId);
      this.#onAction(action);
    }
  }

  #launch(containerId: string): void {
    const container = this.containers.get(containerId) ?? { launches: 0 };
    container.launches++;
    this.containers.set(containerId, container);
  }

  message(message: MasterMessage, from = masterPid): void {
    this.tell({ type: 'message', from, ...message });
  }

  fire(key: string): void {
    this.timers.delete(key);
    this.tell({ type: 'timer', key });
  }

  /** As kill -9 and a start: the disk and the containers stay. */
  restart(): void {
    this.timers.clear();
    const saved = this.disk.get('agent');
    const info = saved?.kind === 'agent' ? saved.info : agentInfo();
    this.state = restoreState(info, this.#options(), [...this.disk.values()]);
    const containers = [...this.containers].map(([containerId, { termination }]): RecoveredContainer => {
      const status = { containerId, runtime: 'process', pid: 7, ipAddresses: [], hostNetwork: true };
      return termination === undefined
        ? { containerId, state: 'running', status }
        : { containerId, state: 'exited', termination };
    });
    this.tell({ type: 'recovered', containers, isRebooted: false });
    this.tell({ type: 'detected', master: masterPid });
  }

  /** From nothing to `running`. */
  register(): void {
    this.tell({ type: 'recovered', containers: [], isRebooted: false });
    this.tell({ type: 'detected', master: masterPid });
    this.fire('register');
    this.message({ name: 'registered', message: registered() });
  }

  end(containerId: string, exitCode: number): void {
    const container = this.containers.get(containerId);
    if (container === undefined || container.termination !== undefined) return;
    container.termination = { reason: 'exited', exitCode, message: `Command exited with status ${exitCode}` };
    this.tell({ type: 'terminated', containerId, termination: container.termination });
  }
}

export const registered = () =>
  makeMessage(internal.SlaveRegisteredMessageSchema, {
    agentId: { value: 'S0' },
    connection: { totalPingTimeoutSeconds: 75 },
  });

export const reregistered = () =>
  makeMessage(internal.SlaveReregisteredMessageSchema, { agentId: { value: 'S0' } });

export const runTask = (task: TaskInfoValid) =>
  ({
    name: 'runTask',
    message: makeMessage(internal.RunTaskMessageSchema, { framework: frameworkInfo, task }),
  }) as const;

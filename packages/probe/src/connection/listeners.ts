/** Who listens where, as looks at sockets have found; tells which end of a connection has opened it, and whose the other end is. */
import type { Address } from './address.ts';
import type { SeenSocket } from './sockets.ts';

/** Of one namespace, at 150 bytes each. What lies beyond is found by the sockets it accepts. */
const listenersPerNamespace = 8_192;
/** Ports from which connections are opened, where Linux is left as it is. */
const firstEphemeralPort = 32_768;

export interface Listener {
  readonly inode: number;
  pid: number | undefined;
  look: number;
}

const anyAddresses = ['*', '0.0.0.0', '::'];
const keyOf = (protocol: string, ip: string, port: number) => `${protocol} ${port} ${ip}`;

export type Listeners = ReturnType<typeof createListeners>;

export function createListeners() {
  const namespaces = new Map<string, Map<string, Listener>>();
  let looks = 0;

  const onAll = (namespace: string, protocol: string, port: number): Listener | undefined => {
    const known = namespaces.get(namespace);
    if (known === undefined) return undefined;
    for (const ip of anyAddresses) {
      const listener = known.get(keyOf(protocol, ip, port));
      if (listener !== undefined) return listener;
    }
    return undefined;
  };

  return {
    /** Begins a look at a namespace; sockets that listen are to be shown to it, and its end told. */
    startLook(namespace: string) {
      const look = ++looks;
      const known = namespaces.get(namespace) ?? new Map<string, Listener>();
      namespaces.set(namespace, known);
      return {
        see({ protocol, local, inode }: SeenSocket): Listener | undefined {
          const key = keyOf(protocol, local.ip, local.port);
          let listener = known.get(key);
          if (listener === undefined && known.size >= listenersPerNamespace) return undefined;
          // Several processes may listen on one port; the first one stands for all.
          if (listener?.inode !== inode && listener?.look !== look) {
            listener = { inode, pid: undefined, look };
            known.set(key, listener);
          }
          if (listener !== undefined) listener.look = look;
          return listener;
        },
        end(isComplete: boolean): void {
          for (const [key, listener] of known) if (isComplete && listener.look !== look) known.delete(key);
        },
      };
    },

    /** Who listens on an address, in a namespace that was looked at. */
    at(namespace: string, protocol: string, { ip, port }: Address): Listener | undefined {
      return namespaces.get(namespace)?.get(keyOf(protocol, ip, port)) ?? onAll(namespace, protocol, port);
    },

    /** True if a socket of this port takes what comes to any address. */
    isOnAll: (namespace: string, protocol: string, port: number): boolean =>
      onAll(namespace, protocol, port) !== undefined,

    forget: (namespace: string): void => {
      namespaces.delete(namespace);
    },
  };
}

export interface Sides {
  readonly local: Address;
  readonly remote: Address;
  readonly isLocalListening: boolean;
  readonly isRemoteListening: boolean;
  /** The remote end is on this host, so that it is looked at, too, and both looks must say the same. */
  readonly isRemoteHere: boolean;
  /** What an earlier look has said of this connection. */
  readonly known: 'client' | 'server' | undefined;
}

/** Whether a socket belongs to the one who has opened the connection, or to the one who has accepted it. */
export function sideOf(sides: Sides): 'client' | 'server' {
  const { local, remote, isLocalListening, isRemoteListening, isRemoteHere, known } = sides;
  if (isLocalListening !== isRemoteListening) return isLocalListening ? 'server' : 'client';
  if (known !== undefined) return known;
  const isEphemeral = local.port >= firstEphemeralPort;
  if (isEphemeral !== remote.port >= firstEphemeralPort) return isEphemeral ? 'client' : 'server';
  if (!isRemoteHere || local.port === remote.port) return 'client';
  return local.port < remote.port ? 'server' : 'client';
}

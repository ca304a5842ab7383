/** The coordinators' events, put where the queries find them; the lag's history, kept while the page is open. */
import { type Migration, type MigrationList, migration, migrationEvent } from '@orchestrator/monitor/schema';
import { type QueryClient, useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { openSocket } from '../api/index.ts';
import { type LagHistory, type LivePicture, livePicture, noHistory, remember } from './live.ts';
import { type Health, keyOf, listKey, type Place } from './requests.ts';

export interface LiveMigrations {
  /** Whether events come; what is shown may be old while they do not. */
  readonly isLive: boolean;
  historyOf(at: Place): LagHistory;
}

const nameOf = ({ coordinator, id }: Place) => `${coordinator}/${id}`;

function replace(list: MigrationList, changed: Migration): MigrationList {
  const isSame = (each: Migration) => nameOf(each) === nameOf(changed);
  const known = list.migrations.some(isSame);
  const migrations = known
    ? list.migrations.map((each) => (isSame(each) ? changed : each))
    : [...list.migrations, changed];
  return { ...list, migrations };
}

function recordChanged(client: QueryClient, at: Place, record: unknown): void {
  const changed = migration.safeParse({ ...Object(record), coordinator: at.coordinator });
  if (!changed.success) return void client.invalidateQueries({ queryKey: listKey });
  client.setQueryData<MigrationList>(listKey, (list) => list && replace(list, changed.data));
  // What the gates found comes with a change of step.
  void client.invalidateQueries({ queryKey: keyOf(at, 'health') });
}

function liveChanged(client: QueryClient, at: Place, live: LivePicture): void {
  const before = client.getQueryData<Health>(keyOf(at, 'health'));
  client.setQueryData<Health>(keyOf(at, 'health'), (known) => known && { ...known, live });
  if (before?.live?.sync?.conflicts.total !== live.sync?.conflicts.total)
    void client.invalidateQueries({ queryKey: keyOf(at, 'conflicts') });
}

export function useLiveMigrations(): LiveMigrations {
  const client = useQueryClient();
  const [isLive, setLive] = useState(false);
  const [histories, setHistories] = useState<Readonly<Record<string, LagHistory>>>({});
  useEffect(() => {
    const take = (data: unknown) => {
      const event = migrationEvent.safeParse(JSON.parse(String(data)));
      if (!event.success) return;
      const { coordinator, kind, migration: id } = event.data;
      if (kind === 'coordinator') void client.invalidateQueries({ queryKey: listKey });
      if (id === undefined) return;
      const at = { coordinator, id };
      if (kind === 'record') recordChanged(client, at, event.data.record);
      if (kind === 'audit') void client.invalidateQueries({ queryKey: keyOf(at, 'audit') });
      const live = kind === 'live' ? livePicture.safeParse(event.data.live) : undefined;
      if (live?.success !== true) return;
      liveChanged(client, at, live.data);
      setHistories((all) => ({
        ...all,
        [nameOf(at)]: remember(all[nameOf(at)] ?? noHistory, live.data),
      }));
    };
    const socket = openSocket({
      path: () => '/api/migrations/ws',
      onMessage: take,
      onState: (state) => {
        setLive(state === 'open');
        // What happened while nothing was heard is read anew.
        if (state === 'open') {
          void client.invalidateQueries({ queryKey: listKey });
          void client.invalidateQueries({ queryKey: ['migration'] });
        }
      },
    });
    return () => socket.close();
  }, [client]);
  return { isLive, historyOf: (at) => histories[nameOf(at)] ?? noHistory };
}

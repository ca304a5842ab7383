import { startEnsemble, startEtcd } from '@orchestrator/testing';
import { startMaster } from './mesos/cluster.ts';
await using ensemble = await startEnsemble({ servers: 3, tickTimeMs: 1_000 });
await using etcd = await startEtcd({ members: 1 });
const zk = `zk://${ensemble.connectString}/mesos`;
const flags=[`--zk=${zk}`, `--store=${etcd.storeUrl}`];
const ms=[]; for (let i=0;i<3;i++) ms.push(await startMaster(flags));
for (const m of ms) console.log(m.program.pid, (await (await fetch(m.url+'/metrics/snapshot')).json() as any)['master/elected']);
const t=performance.now();
process.kill(ms[0]!.program.pid,'SIGKILL');
for (let i=0;i<40;i++){ await new Promise(r=>setTimeout(r,500)); 
 const s=[]; for (const m of ms.slice(1)) s.push(await fetch(m.url+'/metrics/snapshot').then(async r=>((await r.json()) as any)['master/elected'],e=>String(e.cause?.code)));
 console.log((performance.now()-t).toFixed(0), s.join(' ')); if (s.includes(1)) break; }
import { execSync } from 'node:child_process';
console.log(execSync('tail -n 15 /tmp/*bench-master*/master.log').toString());
process.exit(0);

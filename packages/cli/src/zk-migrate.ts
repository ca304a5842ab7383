/**
 * What `bin/zk-migrate` runs. Most of a short command's time goes into loading, so compiled code is kept between calls: in
 * the user's own cache folder, since whoever can write there can have any code run.
 */
import { enableCompileCache } from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';

enableCompileCache(join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'zk-migrate'));
await import('./process.ts');

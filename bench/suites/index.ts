import type { Suite } from '../result.ts';
import { clientSuite } from './client.ts';

export const suites: readonly Suite[] = [clientSuite];

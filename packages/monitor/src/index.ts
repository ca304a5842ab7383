export {
  configEnvPrefix,
  type LoadedMonitorConfig,
  type LoadMonitorConfigOptions,
  loadMonitorConfig,
} from './config/load.ts';
export type { CreateDetector } from './config/others.ts';
export { type MonitorConfig, monitorConfigSchema } from './config/schema.ts';
export { MonitorError, type MonitorErrorCode } from './errors.ts';
export {
  createMonitorServer,
  type MonitorServer,
  type MonitorServerOptions,
  monitorComponent,
  type RunMonitorOptions,
  runMonitor,
} from './main.ts';

export { type Backoff, type BackoffOptions, createBackoff, type RetryOptions, retry } from './backoff.ts';
export { type Clock, sleep, systemClock, type Timer } from './clock.ts';
export { type Config, type LoadConfigOptions, loadConfig } from './config/load.ts';
export { ConfigError, type ConfigProblem } from './config/problem.ts';
export { type ConfigKey, describeSchema, schemaToMarkdown } from './config/reference.ts';
export { type DaemonHost, type DaemonOptions, runDaemon } from './daemon.ts';
export {
  type ErrorCode,
  type ErrorOutcome,
  errorTable,
  explainError,
  OrchestratorError,
  type OrchestratorErrorOptions,
  outcomeOf,
} from './errors.ts';
export type { AuthOptions, Principal, Role } from './http/auth.ts';
export type { Route, RouteContext, RouteSchemas, WebSocketRoute } from './http/route.ts';
export { createHttpServer, type HttpServer, type HttpServerOptions, type HttpTls } from './http/server.ts';
export {
  type Component,
  createLifecycle,
  type Lifecycle,
  type LifecycleOptions,
  type LifecycleResult,
  type StartContext,
} from './lifecycle.ts';
export { type LogFields, type Logger, silentLogger } from './logger.ts';
export { createLogger, type LoggerOptions, type LogLevel } from './logging.ts';
export { makeFolder } from './make-folder.ts';
export {
  type CounterMetric,
  createMetrics,
  type GaugeMetric,
  type HistogramMetric,
  type MetricOptions,
  type Metrics,
} from './metrics.ts';
export { type Random, seededRandom, systemRandom } from './random.ts';
export { isSecretName, maskedValue, redactSecrets } from './secrets.ts';

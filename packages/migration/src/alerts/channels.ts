/** The ways out of this process: each takes one notice to one service, once; trying again is for the dispatcher. */
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import type { Clock } from '@orchestrator/runtime';
import type { MigrationConfig } from '../config/schema.ts';
import { readSecret } from '../config/secret.ts';
import { runProgram } from '../deploy/program.ts';
import { MigrationError } from '../errors.ts';
import { headline, type Notice, noticeJson, noticeText } from './notice.ts';
import { postJson } from './post-json.ts';

export interface AlertChannel {
  /** As in the configuration: the key below `alerts`. */
  readonly name: 'slack_webhook' | 'webhook' | 'pagerduty' | 'email' | 'command';
  /** Rejects with what went wrong; no secret is quoted. */
  send(notice: Notice, signal: AbortSignal): Promise<void>;
  /** Rejects when it could not send anything: a missing secret or program. Sends nothing. */
  check(): Promise<void>;
}

/** One try of a channel; a program is ended then. */
export const sendTimeoutMs = 15_000;
const quotedBytes = 300;
const nothing = async () => undefined;

/** Those that the configuration names; none by default. */
export function alertChannels(alerts: MigrationConfig['alerts'], clock: Clock): readonly AlertChannel[] {
  const { slack_webhook: slack, webhook, pagerduty, command, email, sendmail } = alerts;
  return [
    ...(slack === undefined ? [] : [slackChannel(slack)]),
    ...(webhook === undefined ? [] : [webhookChannel(webhook)]),
    ...(pagerduty === undefined ? [] : [pagerdutyChannel(pagerduty)]),
    ...(command === undefined ? [] : [commandChannel(command, clock)]),
    ...(email.length === 0 ? [] : [emailChannel(email, sendmail, clock)]),
  ];
}

function slackChannel(url: string): AlertChannel {
  return {
    name: 'slack_webhook',
    send: (notice, signal) => postJson({ url, body: JSON.stringify({ text: noticeText(notice) }), signal }),
    check: nothing,
  };
}

type Webhook = NonNullable<MigrationConfig['alerts']['webhook']>;

function webhookChannel({ url, authorization }: Webhook): AlertChannel {
  const header = async () => (authorization === undefined ? undefined : await readSecret(authorization));
  return {
    name: 'webhook',
    async send(notice, signal) {
      const value = await header();
      const headers = value === undefined ? {} : { authorization: value };
      await postJson({ url, headers, body: noticeJson(notice), signal });
    },
    check: async () => void (await header()),
  };
}

type Pagerduty = NonNullable<MigrationConfig['alerts']['pagerduty']>;

/** Events API v2: what is raised and cleared under one key is one incident. */
function pagerdutyChannel({ url, routing_key: key }: Pagerduty): AlertChannel {
  return {
    name: 'pagerduty',
    async send(notice, signal) {
      const { id, name, timeMs, alert } = notice;
      const event = {
        routing_key: await readSecret(key),
        event_action: alert.state === 'cleared' ? 'resolve' : 'trigger',
        dedup_key: `zk-migrate/${id}/${alert.key}`,
        payload: {
          summary: headline(notice).slice(0, 1024),
          source: `zk-migrate ${name}`,
          severity: alert.severity,
          timestamp: new Date(timeMs).toISOString(),
          class: alert.kind,
          custom_details: { migration: id, remedy: alert.remedy },
        },
      };
      await postJson({ url, body: JSON.stringify(event), signal });
    },
    check: async () => void (await readSecret(key)),
  };
}

/** The program gets the notice on standard input: argument lists are seen by every user of the machine. */
function commandChannel(argv: readonly string[], clock: Clock): AlertChannel {
  return {
    name: 'command',
    send: (notice, signal) => run({ argv, input: `${noticeJson(notice)}\n`, clock, signal }),
    check: () => findProgram(argv[0] ?? ''),
  };
}

/** By the machine's own mail program, which queues and delivers; every mail server package brings one. */
function emailChannel(to: readonly string[], sendmail: readonly string[], clock: Clock): AlertChannel {
  return {
    name: 'email',
    send: (notice, signal) => run({ argv: sendmail, input: mailOf(to, notice), clock, signal }),
    check: () => findProgram(sendmail[0] ?? ''),
  };
}

/** Names and messages may hold what others wrote: a line break would end the header. */
const oneLine = (text: string) => text.replace(/[^\x20-\x7e]+/g, ' ');

function mailOf(to: readonly string[], notice: Notice): string {
  const head = [
    `To: ${to.join(', ')}`,
    `Subject: ${oneLine(headline(notice)).slice(0, 200)}`,
    `Date: ${new Date(notice.timeMs).toUTCString().replace('GMT', '+0000')}`,
    'MIME-Version: 1.0',
    'Content-Type: text/plain; charset=utf-8',
    'Auto-Submitted: auto-generated',
  ];
  return `${head.join('\n')}\n\n${noticeText(notice)}\n`;
}

interface RunOptions {
  readonly argv: readonly string[];
  readonly input: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

async function run({ argv, input, clock, signal }: RunOptions): Promise<void> {
  const { PATH, HOME, LANG } = process.env;
  const environment = { PATH, HOME, LANG };
  const result = await runProgram({ argv, input, environment, timeoutMs: sendTimeoutMs, clock, signal });
  if (result.exitCode === 0) return;
  const said = result.stderr.trim().slice(-quotedBytes);
  const ended = `${argv[0]} ended with ${result.exitCode ?? 'a signal'}`;
  throw new MigrationError('unavailable', said === '' ? ended : `${ended}: ${said}`);
}

async function findProgram(program: string): Promise<void> {
  const folders = program.includes('/') ? [''] : (process.env.PATH ?? '').split(delimiter);
  for (const folder of folders) {
    const isThere = await access(join(folder, program), constants.X_OK).then(
      () => true,
      () => false,
    );
    if (isThere) return;
  }
  throw new MigrationError('config', `${program} is not there, or may not be run`, {
    remedy: 'name it by its absolute path, and let it be executable for the user of each coordinator',
  });
}

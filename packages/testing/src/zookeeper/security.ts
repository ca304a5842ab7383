/** The lines of zoo.cfg and of the JAAS file that protect the client port and the quorum port. */
import { createHash } from 'node:crypto';
import type { Certificates } from '../certificates.ts';

export interface SecurityOptions {
  /** A second client port, for TLS, beside the plain one. The servers ask clients for a certificate as said here. */
  tls?: { clientAuth: 'none' | 'want' | 'need' };
  /** Servers talk TLS among themselves, with certificates on both sides; `portUnification` lets plain learners in too. */
  quorumTls?: 'required' | 'portUnification';
  /** Users and passwords of SASL DIGEST-MD5 on the client port. */
  saslDigest?: Readonly<Record<string, string>>;
  /** Servers prove to each other who they are by SASL DIGEST-MD5, and refuse learners that do not. */
  quorumSasl?: { user: string; password: string };
  /** Password of the user `super` of the digest scheme, for whom no ACL counts. */
  superPassword?: string;
}

const loginModule = 'org.apache.zookeeper.server.auth.DigestLoginModule required';

function stores(prefix: string, certificates: Certificates): Record<string, string> {
  return {
    [`${prefix}.keyStore.location`]: certificates.server.storeFile,
    [`${prefix}.keyStore.type`]: 'PEM',
    [`${prefix}.trustStore.location`]: certificates.caFile,
    [`${prefix}.trustStore.type`]: 'PEM',
  };
}

/** `user:digest` as the digest scheme of ZooKeeper writes it: Base64 of SHA-1 of `user:password`. */
export function digestOf(user: string, password: string): string {
  return `${user}:${createHash('sha1').update(`${user}:${password}`).digest('base64')}`;
}

export function securityConfig(
  options: SecurityOptions,
  certificates: Certificates | undefined,
): Record<string, string> {
  const { tls, quorumTls, saslDigest, quorumSasl, superPassword } = options;
  const lines: Record<string, string> = {};
  if (tls !== undefined && certificates !== undefined) {
    Object.assign(lines, stores('ssl', certificates), {
      serverCnxnFactory: 'org.apache.zookeeper.server.NettyServerCnxnFactory',
      'ssl.clientAuth': tls.clientAuth,
      'authProvider.x509': 'org.apache.zookeeper.server.auth.X509AuthenticationProvider',
    });
  }
  if (quorumTls !== undefined && certificates !== undefined) {
    Object.assign(lines, stores('ssl.quorum', certificates), {
      serverCnxnFactory: 'org.apache.zookeeper.server.NettyServerCnxnFactory',
      sslQuorum: 'true',
      portUnification: String(quorumTls === 'portUnification'),
    });
  }
  if (saslDigest !== undefined) {
    lines['authProvider.sasl'] = 'org.apache.zookeeper.server.auth.SASLAuthenticationProvider';
  }
  if (quorumSasl !== undefined) {
    lines['quorum.auth.enableSasl'] = 'true';
    lines['quorum.auth.learnerRequireSasl'] = 'true';
    lines['quorum.auth.serverRequireSasl'] = 'true';
    lines['quorum.cnxn.threads.size'] = '20';
  }
  // In the file and not on the command line, which every user of the machine can read.
  if (superPassword !== undefined) {
    lines['DigestAuthenticationProvider.superDigest'] = digestOf('super', superPassword);
  }
  return lines;
}

/** The file that `java.security.auth.login.config` names; undefined when nothing needs one. */
export function jaasFile(options: SecurityOptions): string | undefined {
  const sections: string[] = [];
  if (options.saslDigest !== undefined) {
    const users = Object.entries(options.saslDigest).map(([user, password]) => `user_${user}="${password}"`);
    sections.push(`Server { ${loginModule} ${users.join(' ')}; };\n`);
  }
  if (options.quorumSasl !== undefined) {
    const { user, password } = options.quorumSasl;
    sections.push(`QuorumServer { ${loginModule} user_${user}="${password}"; };\n`);
    sections.push(`QuorumLearner { ${loginModule} username="${user}" password="${password}"; };\n`);
  }
  return sections.length === 0 ? undefined : sections.join('');
}

import { type Acl, readAcl, writeAcl } from '../protocol/acl.ts';
import { withChroot } from '../protocol/path.ts';
import { readStat, type Stat } from '../protocol/stat.ts';
import type { StatResult } from './exists.ts';
import type { Operation, Reply } from './operation.ts';

export interface GetAclResult extends Reply {
  acl: Acl[];
  stat: Stat;
}

/**
 * GetACLRequest: string path
 * GetACLResponse: vector<Acl> | Stat. Without read or admin rights, servers from 3.6 on mask the digests ("user:x").
 */
export const getAcl: Operation<{ path: string }, GetAclResult> = {
  name: 'getAcl',
  opCode: 6,
  write: (writer, request, chroot) => writer.string(withChroot(chroot, request.path)),
  read: (reader, reply) => ({
    acl: reader.vector(readAcl),
    stat: readStat(reader),
    zxid: reply.zxid,
    cxid: reply.cxid,
  }),
};

export interface SetAclRequest {
  path: string;
  acl: readonly Acl[];
  /** Expected `aversion`; -1, the default, for any. */
  aversion?: number | undefined;
}

/**
 * SetACLRequest: string path | vector<Acl> | int version
 * SetACLResponse: Stat
 */
export const setAcl: Operation<SetAclRequest, StatResult> = {
  name: 'setAcl',
  opCode: 7,
  write(writer, request, chroot) {
    writer
      .string(withChroot(chroot, request.path))
      .vector(request.acl, writeAcl)
      .int(request.aversion ?? -1);
  },
  read: (reader, reply) => ({ stat: readStat(reader), zxid: reply.zxid, cxid: reply.cxid }),
};

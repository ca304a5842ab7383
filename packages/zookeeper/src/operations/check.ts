import type { JuteWriter } from '../jute/writer.ts';
import { withChroot } from '../protocol/path.ts';

export interface CheckRequest {
  path: string;
  /** Expected version; -1, the default, demands only that the node exists. */
  version?: number | undefined;
}

/** CheckVersionRequest: string path | int version. Part of a multi only. */
export function writeCheck(writer: JuteWriter, request: CheckRequest, chroot: string): void {
  writer.string(withChroot(chroot, request.path)).int(request.version ?? -1);
}

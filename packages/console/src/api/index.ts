export { type About, type Plugin, useAbout } from './about.ts';
export { conformsTo } from './conforms.ts';
export { type Probe, useProbes } from './probes.ts';
export { createQueryClient } from './query-client.ts';
export { ApiError, request, urlOf } from './request.ts';
export { type Principal, permits, type Role, role, useLogin, useLogout, useSession } from './session.ts';
export { openSocket, type SocketState } from './socket.ts';

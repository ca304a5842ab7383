export { createQueryClient } from './query-client.ts';
export { ApiError, type RequestOptions, request, urlOf } from './request.ts';
export { type Principal, permits, type Role, role, useLogin, useLogout, useSession } from './session.ts';
export { browserFraction, openSocket, type Socket, type SocketOptions, type SocketState } from './socket.ts';

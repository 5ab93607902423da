import {
  Metadata,
  ResponderBuilder,
  ServerInterceptingCall,
  type ServerInterceptor,
  ServerListenerBuilder,
} from '@grpc/grpc-js';
import { grpcStatusCode } from '../../wire/grpc-status.ts';
import type { Guard } from '../guard.ts';

/** What probes ask, which have no key. */
const open: readonly string[] = [
  '/inference.GRPCInferenceService/ServerLive',
  '/inference.GRPCInferenceService/ServerReady',
];
const openService = '/grpc.health.v1.Health/';

/** Refuses calls without a key by their metadata: none of their messages is read. */
export function keyInterceptor(guard: Guard): ServerInterceptor {
  return ({ path }, call) => {
    if (path.startsWith(openService) || open.includes(path)) return new ServerInterceptingCall(call);
    const listener = new ServerListenerBuilder()
      .withOnReceiveMetadata((metadata, next) => {
        const refused = guard.refusal(metadata.get('authorization')[0]?.toString());
        if (!refused) next(metadata);
        else
          call.sendStatus({ code: grpcStatusCode[refused.code], details: refused.message, metadata: new Metadata() });
      })
      .build();
    return new ServerInterceptingCall(call, new ResponderBuilder().withStart((next) => next(listener)).build());
  };
}

import { Global, Module } from '@nestjs/common';
import { Admission } from './admission.service';
import { Backlogs } from './backlogs.service';
import { Budgets } from './budgets.service';
import { Closing } from './closing.service';
import { ConnectionLimits } from './connection-limits.service';
import { Connections } from './connections.service';
import { Draining } from './draining.service';
import { Expiries } from './expiries.service';
import { LoopLag } from './loop-lag.service';
import { Places } from './places.service';
import { Reloads } from './reloads.service';
import { Revocations } from './revocations.service';
import { SocketEvents } from './socket-events';
import { SocketServer } from './socket-server';
import { TokenRefresh } from './token-refresh';
import { Turns } from './turns.service';

/** What all socket features share; the gateway itself is the channels'. */
@Global()
@Module({
  providers: [
    ...[Admission, Backlogs, Budgets, Closing, ConnectionLimits, Connections, Draining, Expiries, Reloads, Revocations],
    ...[LoopLag, Places, SocketEvents, SocketServer, TokenRefresh, Turns],
  ],
  exports: [Admission, Budgets, Closing, Connections, Revocations, SocketEvents, SocketServer, TokenRefresh, Turns],
})
export class SocketsModule {}

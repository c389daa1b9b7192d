import { Global, Module } from '@nestjs/common';
import { Admission } from './admission.service';
import { Closing } from './closing.service';
import { Connections } from './connections.service';
import { Draining } from './draining.service';
import { Revocations } from './revocations.service';
import { SocketEvents } from './socket-events';
import { SocketServer } from './socket-server';

/** What all socket features share; the gateway itself is the channels'. */
@Global()
@Module({
  providers: [Admission, Closing, Connections, Draining, Revocations, SocketEvents, SocketServer],
  exports: [Admission, Closing, Connections, SocketEvents, SocketServer],
})
export class SocketsModule {}

import { Global, Module } from '@nestjs/common';
import { Admission } from './admission.service';
import { Connections } from './connections.service';
import { Draining } from './draining.service';
import { SocketEvents } from './socket-events';

/** What all socket features share; the gateway itself is the channels'. */
@Global()
@Module({
  providers: [Admission, Connections, Draining, SocketEvents],
  exports: [Admission, Connections, SocketEvents],
})
export class SocketsModule {}

import { Global, Module } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { HttpErrorFilter } from './http-error.filter';
import { LargeAnswers } from './large-answers.service';
import { RouteTable } from './route-table';
import { Shutdown } from './shutdown.service';
import { SlowReaders } from './slow-readers.service';
import { TurnQueue } from './turn-queue.service';

@Global()
@Module({
  providers: [
    RouteTable,
    Shutdown,
    SlowReaders,
    TurnQueue,
    LargeAnswers,
    { provide: APP_FILTER, useClass: HttpErrorFilter },
  ],
  exports: [RouteTable, Shutdown, TurnQueue, LargeAnswers],
})
export class HttpModule {}

import { Global, Module } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { HttpErrorFilter } from './http-error.filter';
import { LargeAnswers } from './large-answers.service';
import { LargeSends } from './large-sends.service';
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
    LargeSends,
    { provide: APP_FILTER, useClass: HttpErrorFilter },
  ],
  exports: [RouteTable, Shutdown, TurnQueue, LargeAnswers, LargeSends],
})
export class HttpModule {}

import { Global, Module } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { HttpErrorFilter } from './http-error.filter';
import { RouteTable } from './route-table';
import { Shutdown } from './shutdown.service';
import { SlowReaders } from './slow-readers.service';

@Global()
@Module({
  providers: [RouteTable, Shutdown, SlowReaders, { provide: APP_FILTER, useClass: HttpErrorFilter }],
  exports: [RouteTable, Shutdown],
})
export class HttpModule {}
